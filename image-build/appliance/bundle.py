"""The signed update: boot and root image in one RAUC bundle."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from appliance.authority import CERTIFICATE, KEY
from appliance.process import run

COMPATIBLE = "ktp-el-kiosk"
"""As in /etc/rauc/system.conf."""


def make_bundle(bundle: Path, *, boot: Path, root: Path, authority: Path, version: str) -> None:
    with tempfile.TemporaryDirectory(dir=bundle.parent) as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        os.link(root, tree / "root.img")
        shutil.copy(boot, tree / "boot.img")
        (tree / "manifest.raucm").write_text(manifest(version))
        made = Path(name) / "kiosk.raucb"
        run(
            *("rauc", "bundle", f"--cert={authority / CERTIFICATE}", f"--key={authority / KEY}", tree, made),
        )
        made.rename(bundle)


def manifest(version: str) -> str:
    return (
        f"[update]\ncompatible={COMPATIBLE}\nversion={version}\n\n[bundle]\nformat=verity\n\n"
        "[image.boot]\nfilename=boot.img\n\n[image.rootfs]\nfilename=root.img\n"
    )
