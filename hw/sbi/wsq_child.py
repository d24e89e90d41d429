"""Decodes one WSQ picture in a process of its own: stdin WSQ, stdout width and height (u32) and the pixels.

The decoder is native code from the nineties: one wrong byte in a picture can end its process with a
segmentation fault. Here that is one refused picture, and not the end of the kiosk.
"""

from __future__ import annotations

import io
import struct
import sys

import wsq  # noqa: F401 - registers WSQ with Pillow
from PIL import Image


def main() -> None:
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("WSQ",)) as picture:
        sys.stdout.buffer.write(struct.pack(">II", *picture.size) + picture.tobytes())


if __name__ == "__main__":
    main()
