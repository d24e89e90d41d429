"""The card: partitions in one sparse file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from appliance import layout
from appliance.boot import make_fat
from appliance.process import run


def make_disk(image: Path, *, boot: Path, root: Path) -> None:
    """Slot A is filled, B and the data partition are holes. Raises ValueError when it is too large."""
    with tempfile.TemporaryDirectory(dir=image.parent) as name:
        room = Path(name)
        (room / "tree").mkdir()
        text = layout.autoboot(settled=layout.BOOT_A, trial=layout.BOOT_B)
        (room / "tree/autoboot.txt").write_text(text)
        make_fat(
            room / "bootconfig.img", room / "tree", label="BOOTCONFIG", size_mib=layout.BOOT_CONFIG.size_mib
        )
        files = {
            layout.BOOT_CONFIG.label: str(room / "bootconfig.img"),
            layout.BOOT_A.label: str(boot),
            layout.ROOT_A.label: str(root),
        }
        (room / "genimage.cfg").write_text(layout.genimage_config(files))
        (room / "empty").mkdir()
        run(
            *("genimage", "--loglevel", "1", "--config", room / "genimage.cfg", "--rootpath", room / "empty"),
            *("--tmppath", room / "tmp", "--inputpath", room, "--outputpath", room / "out"),
        )
        shutil.move(room / "out/kiosk.img", image)
    taken = image.stat().st_blocks * 512
    if taken > layout.FILE_LIMIT_BYTES:
        raise ValueError(f"the image takes {taken} bytes, more than {layout.FILE_LIMIT_BYTES}")
