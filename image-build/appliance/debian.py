"""Debian 13 for the target: a lean root, and packages that are unpacked without being installed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from appliance.process import output, run
from appliance.tpm import HEADERS, LOADER

SUITE = "trixie"
ARCHITECTURE = "arm64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
UNPACKED = ("linux-image-arm64", "raspi-firmware", "libpython3.13-dev", HEADERS, LOADER)
"""Kernel and boot firmware, whose install scripts are for a machine that keeps them on its own root; headers to
compile with; one library."""

_LEFT_OUT = ("man", "info", "locale", "doc", "lintian", "bug", "bash-completion")


def package_names(listing: str) -> tuple[str, ...]:
    return tuple(
        line.strip() for line in listing.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )


def make_base(archive: Path, *, mirror: str, packages: Sequence[str], epoch: int) -> None:
    """A tar archive of the installed packages. Needs root and binfmt_misc. 11 to 30 minutes."""
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
    run(
        *("mmdebstrap", "--quiet", "--mode=root", f"--architectures={ARCHITECTURE}", "--variant=minbase"),
        *("--format=tar", f"--include={','.join(packages)}", '--aptopt=Acquire::Check-Valid-Until "false"'),
        *(*left_out, "--dpkgopt=path-include=/usr/share/doc/*/copyright"),
        *(SUITE, archive, mirror),
        env={"SOURCE_DATE_EPOCH": str(epoch)},
    )


def unpack_packages(folder: Path, *, mirror: str) -> None:
    """folder/<package>/ holds each of UNPACKED; folder/versions.txt holds `name version` lines."""
    apt = folder / "apt"
    for name in (
        "etc/apt.conf.d",
        "etc/preferences.d",
        "state/lists/partial",
        "cache/archives/partial",
        "debs",
    ):
        (apt / name).mkdir(parents=True)
    (apt / "state/status").touch()
    (apt / "etc/sources.list").write_text(
        f"deb [arch={ARCHITECTURE} signed-by={KEYRING}] {mirror} {SUITE} main non-free-firmware\n"
    )
    settings = {
        "Dir": apt,
        "Dir::Etc": apt / "etc",
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "state/status",
        "Dir::Cache": apt / "cache",
        "APT::Architecture": ARCHITECTURE,
        "APT::Architectures": ARCHITECTURE,
        "APT::Sandbox::User": "root",
        "Acquire::Check-Valid-Until": "false",
    }
    (apt / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    env = {"APT_CONFIG": str(apt / "apt.conf")}
    run("apt-get", "--quiet=2", "update", env=env)
    versions = []
    for package in UNPACKED:
        name = _real(package, env)
        run("apt-get", "--quiet=2", "download", name, env=env, cwd=apt / "debs")
        (deb,) = (apt / "debs").glob(f"{name}_*.deb")
        run("dpkg-deb", "--extract", deb, folder / package)
        versions.append(output("dpkg-deb", "--show", "--showformat=${Package} ${Version}\n", deb))
    (folder / "versions.txt").write_text("".join(versions))
    shutil.rmtree(apt)


def _real(package: str, env: dict[str, str]) -> str:
    """A kernel's meta package names the package that holds it."""
    for line in output("apt-cache", "depends", package, env=env).splitlines():
        word = line.split()[-1]
        if line.strip().startswith("Depends:") and word.startswith("linux-image-"):
            return word
    return package
