"""The board around QEMU's `virt` machine: a device tree that names its revision, as the Pi's firmware does.

gpiozero asks the tree which board it is on (Linux: /proc/device-tree/system/linux,revision). The machine's
own power button is on a line of the only GPIO chip; it is taken out, since the panel needs all eight.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

RASPBERRY_PI_4B = 0xC03111
"""New-style revision code: 4B, revision 1.1, 4 GB."""

_HEADER = struct.Struct(">10I")
_BEGIN_NODE, _END_NODE, _PROPERTY, _END = 1, 2, 3, 9
_STRUCTURE, _STRINGS, _STRINGS_SIZE, _STRUCTURE_SIZE = 2, 3, 8, 9
"""Fields of the header. Source: Devicetree Specification 0.4, 5.2 and 5.4."""

_BUTTON, _NO_BUTTON = b"gpio-keys\0", b"no-button\0"


def board_tree(file: Path, *, machine: Sequence[str]) -> Path:
    """Writes the tree of QEMU's machine with the board's revision. machine: QEMU's words for it."""
    subprocess.run(
        ["qemu-system-aarch64", *machine, "-machine", f"dumpdtb={file}"], check=True, capture_output=True
    )
    file.write_bytes(with_revision(file.read_bytes().replace(_BUTTON, _NO_BUTTON), RASPBERRY_PI_4B))
    return file


def with_revision(tree: bytes, revision: int) -> bytes:
    """A flattened tree with `/system/linux,revision` added. Raises ValueError for one of another build."""
    header = list(_HEADER.unpack_from(tree))
    structure = tree[header[_STRUCTURE] :][: header[_STRUCTURE_SIZE]]
    strings = tree[header[_STRINGS] :][: header[_STRINGS_SIZE]]
    end_of_root = struct.pack(">2I", _END_NODE, _END)
    if not structure.endswith(end_of_root) or header[_STRUCTURE] > header[_STRINGS]:
        raise ValueError("a device tree whose structure does not end with its root")
    node = struct.pack(">I8s", _BEGIN_NODE, b"system")
    node += struct.pack(">5I", _PROPERTY, 4, len(strings), revision, _END_NODE)
    structure = structure[: -len(end_of_root)] + node + end_of_root
    strings += b"linux,revision\0"
    before = tree[_HEADER.size : header[_STRUCTURE]]
    header[1] = header[_STRUCTURE] + len(structure) + len(strings)
    header[_STRINGS] = header[_STRUCTURE] + len(structure)
    header[_STRINGS_SIZE], header[_STRUCTURE_SIZE] = len(strings), len(structure)
    return _HEADER.pack(*header) + before + structure + strings
