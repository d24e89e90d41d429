"""The TPM's Python binding: compiled from source, for the target, against the image's own libraries."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

from appliance.process import run

BINDING = "tpm2-pytss"
HEADERS = "libtss2-dev"
LOADER = "libtss2-tctildr0t64"
"""What looks up the driver of a TPM by its name. The binding needs it, and no package of the base does."""

LEFT_OUT = ("tss2-fapi", "tss2-policy", "tss2-tcti-spi-helper")
"""Libraries the binding does without when pkg-config does not know them; a unit has none of them."""

_LIBRARIES = "usr/lib/aarch64-linux-gnu"
_WHEEL = "[bdist_wheel]\nplat_name = linux_aarch64\npy_limited_api = cp310\n"
"""setuptools names a wheel after the Python that runs it. This one uses the stable interface (abi3) of any."""


def make_binding(site: Path, *, requirement: str, room: Path, packages: Path, base: Path, include: str) -> None:
    """requirement: a row of the lock. include: compiler flags for the headers of the target's Python.

    Without pip's cache: it tells wheels of one source apart by the host's processor, not by the compiler.
    """
    target = room / "target"
    lay_out(target, packages=packages, base=base)
    row, wheel = room / "source.txt", room / "setup.cfg"
    row.write_text(requirement + "\n")
    wheel.write_text(_WHEEL)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-cache-dir", "--no-deps", "--require-hashes"),
        *(f"--no-binary={BINDING}", "--wheel-dir", room, "-r", row),
        env={
            "CC": "aarch64-linux-gnu-gcc",
            "LDSHARED": "aarch64-linux-gnu-gcc -shared -s",
            "CFLAGS": f"-O2 {include}",
            "PKG_CONFIG_LIBDIR": str(target / _LIBRARIES / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(target),
            "DIST_EXTRA_CONFIG": str(wheel),
        },
    )
    (made,) = room.glob("*.whl")
    with zipfile.ZipFile(made) as packed:
        packed.extractall(site)


def lay_out(target: Path, *, packages: Path, base: Path) -> None:
    """Headers from `packages` beside the very libraries of `base`, as pkg-config and the linker want them."""
    shutil.copytree(packages / HEADERS / "usr", target / "usr", symlinks=True)
    shutil.copytree(packages / LOADER / "usr", target / "usr", symlinks=True, dirs_exist_ok=True)
    run("tar", "--extract", "--file", base, "--directory", target, "--wildcards", f"./{_LIBRARIES}/libtss2-*")
    for name in LEFT_OUT:
        (target / _LIBRARIES / f"pkgconfig/{name}.pc").unlink()
