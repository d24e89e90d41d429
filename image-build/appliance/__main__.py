"""`python -m appliance build|steps`: the image, from the checkout it stands in."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from appliance import debian, root, tpm
from appliance.authority import lacking, make_authority
from appliance.boot import make_boot, make_root, read_verity
from appliance.bundle import make_bundle
from appliance.disk import make_disk
from appliance.sbom import make_sbom
from appliance.steps import Builder, Step
from appliance.wheels import install

ROOM = Path(__file__).resolve().parents[1]
PROJECT = ROOM.parent
EPOCH = 1_767_225_600
"""2026-01-01: every file's time in the root."""

TOOLS = (
    *("mmdebstrap", "apt-get", "dpkg-deb", "chroot", "aarch64-linux-gnu-gcc", "swig", "pkg-config", "readelf"),
    *("cpio", "xz", "depmod", "mksquashfs", "veritysetup", "mkfs.vfat", "mcopy", "genimage", "rauc", "unshare"),
)


def steps(builder: Builder, *, mirror: str, version: str, authority: Path | None) -> tuple[Step, ...]:
    """authority: folder of a release's (`appliance.authority`); None makes one for development."""
    packages = debian.package_names((ROOM / "debian-packages.txt").read_text())
    locks = tuple(ROOM / "locks" / name for name in ("runtime.txt", "models.txt", "tpm.txt"))
    flags = ROOM / "kernels.env"
    kernel_sources = (
        *(PROJECT / "kiosk/quality", PROJECT / "kiosk/matching", PROJECT / "kiosk/enrollment"),
        *(PROJECT / "kiosk/compile_kernels.py", flags),
    )
    overlays = (ROOM / "root", PROJECT / "systemd/root")
    own = ROOM / "appliance"
    at = builder.result
    signing = authority or at("authority")

    return (
        Step(
            "base",
            lambda path: debian.make_base(path, mirror=mirror, packages=packages, epoch=EPOCH),
            settings=(mirror, *packages),
        ),
        Step(
            "packages",
            lambda path: debian.unpack_packages(path, mirror=mirror),
            settings=(mirror, *debian.UNPACKED),
        ),
        Step(
            "site",
            lambda path: install(path, locks=locks, packages=at("packages"), base=at("base")),
            inputs=(*locks, own / "wheels.py", own / "tpm.py"),
            after=("base", "packages"),
        ),
        Step(
            "system",
            lambda path: root.make_system(
                path,
                base=at("base"),
                kernel=at("packages") / "linux-image-arm64",
                libraries=(at("packages") / tpm.LOADER,),
                site=at("site"),
            ),
            settings=(*root.SYSTEM_SETTINGS, *root.COMPILED),
            after=("base", "packages", "site"),
        ),
        *(() if authority else (Step("authority", make_authority, inputs=(own / "authority.py",)),)),
        Step(
            "application",
            lambda path: root.make_application(
                path,
                system=at("system"),
                project=PROJECT,
                overlays=overlays,
                kernel_flags=flags,
                authority=signing,
                version=version,
            ),
            inputs=(PROJECT / "kiosk", PROJECT / "hw", *overlays, flags, *((authority,) if authority else ())),
            settings=(version,),
            after=("system", *(() if authority else ("authority",))),
        ),
        Step(
            "kernels",
            lambda path: root.make_kernels(
                path,
                system=at("system"),
                application=at("application"),
                kernel_flags=flags,
                kept=builder.folder / "kernels.kept",
            ),
            inputs=kernel_sources,
            after=("system",),
        ),
        Step(
            "root",
            lambda path: make_root(path, layers=(at("kernels"), at("application"), at("system")), epoch=EPOCH),
            after=("kernels", "application", "system"),
        ),
        Step(
            "boot",
            lambda path: make_boot(
                path,
                system=at("system"),
                unpacked=at("packages"),
                initrd_source=ROOM / "initrd",
                verity=read_verity(at("root")),
            ),
            inputs=(ROOM / "initrd", own / "boot.py", own / "initrd.py", own / "layout.py"),
            after=("root", "packages"),
        ),
        Step(
            "disk",
            lambda path: make_disk(path, boot=at("boot"), root=at("root") / "root.img"),
            inputs=(own / "disk.py", own / "layout.py"),
            after=("boot", "root"),
        ),
        Step(
            "bundle",
            lambda path: make_bundle(
                path, boot=at("boot"), root=at("root") / "root.img", authority=signing, version=version
            ),
            inputs=(own / "bundle.py",),
            settings=(version,),
            after=("boot", "root"),
        ),
        Step(
            "sbom",
            lambda path: make_sbom(
                path,
                dpkg_status=at("system") / "var/lib/dpkg/status",
                unpacked=at("packages") / "versions.txt",
                site=at("site"),
                version=version,
                epoch=EPOCH,
            ),
            inputs=(own / "sbom.py",),
            settings=(version,),
            after=("system",),
        ),
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="appliance", description="Build the appliance's image.")
    parser.add_argument("command", choices=("build",))
    parser.add_argument("--folder", type=Path, default=PROJECT / "build/image", help="where results are kept")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian", help="Debian's, or a snapshot's")
    parser.add_argument("--authority", type=Path, help="signs the update; made up for development when absent")
    parser.add_argument("--until", default="", help="the last step to make")
    chosen = parser.parse_args(arguments)
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        print(
            f"missing programs: {' '.join(missing)}. image-build/README.md names the packages", file=sys.stderr
        )
        return 1
    if os.geteuid() != 0:
        print("an image is built as root: it mounts, and its files belong to their users", file=sys.stderr)
        return 1
    if chosen.authority and (lost := lacking(chosen.authority)):
        print(f"--authority {chosen.authority}: without {', '.join(lost)}", file=sys.stderr)
        return 1
    builder = Builder(chosen.folder)
    every = steps(builder, mirror=chosen.mirror, version=_version(), authority=chosen.authority)
    names = [step.name for step in every]
    last = names.index(chosen.until) + 1 if chosen.until else len(every)
    try:
        done = builder.build(every[:last])
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} ended with status {error.returncode}", file=sys.stderr)
        return 1
    made_s = sum(one.seconds for one in done if not one.reused)
    print(f"{builder.result(names[last - 1])} ({made_s:.0f} s of work)", file=sys.stderr)
    return 0


def _version() -> str:
    found = re.search(r'__version__ = "(.+)"', (PROJECT / "kiosk/__init__.py").read_text())
    if found is None:
        raise ValueError("kiosk/__init__.py names no version")
    return found.group(1)


if __name__ == "__main__":
    sys.exit(main())
