"""Runs in the unit: a picture for its virtual camera. `python3 devices_camera.py URL CAPTURE OUTPUT`.

The kernel's vivid driver (Documentation/admin-guide/media/vivid.rst) has a video output whose cable leads to
the input of its capture node: what is shown here is what the camera driver reads there. URL: a motion JPEG.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 1280, 720
_BGR24 = struct.unpack("<I", b"BGR3")[0]
_OUTPUT, _FIELD_NONE, _SRGB, _MMAP = 2, 1, 8, 1
_BUFFERS = 4

# Linux, include/uapi/linux/videodev2.h: request, and layout of its argument.
_S_FMT, _FORMAT = 0xC0D05605, struct.Struct("<I4x12I152x")
_REQBUFS, _WANTED = 0xC0145608, struct.Struct("<5I")
_QUERYBUF, _QBUF, _DQBUF, _BUFFER = 0xC0585609, 0xC058560F, 0xC0585611, struct.Struct("<5I40xIQI12x")
_STREAMON = 0x40045612
_S_CTRL, _CONTROL = 0xC008561C, struct.Struct("<Ii")
_QUERYCTRL, _QUERY = 0xC0445624, struct.Struct("<II32siiiiI8x")
_QUERYMENU, _MENU = 0xC02C5625, struct.Struct("<II32s4x")
_ENUM_DV_TIMINGS, _ENUMERATED = 0xC0945662, struct.Struct("<4I132s")
_S_DV_TIMINGS, _TIMINGS = 0xC0845657, struct.Struct("<I4IQ9I68x")
_NEXT_CONTROL = 0x80000000

PAUSE_S = 2.0
"""To decode every picture takes an emulated processor's whole time, and the kiosk has none left."""


def main(url: str, capture: Path, output: Path) -> None:
    camera, screen = (os.open(node, os.O_RDWR) for node in (capture, output))
    plug(camera)
    for node in (camera, screen):
        fcntl.ioctl(node, _S_DV_TIMINGS, slowest(node))
    kind = _FORMAT.pack(_OUTPUT, WIDTH, HEIGHT, _BGR24, _FIELD_NONE, 0, 0, _SRGB, *([0] * 5))
    fcntl.ioctl(screen, _S_FMT, kind)
    os.close(camera)
    show = shower(screen)
    while True:
        picture = newest(url)
        if picture is not None:
            show(picture)
        time.sleep(PAUSE_S)


def plug(camera: int) -> None:
    """The cable from the output into the camera's input, and no text over the picture."""
    for number, name in controls(camera):
        if name.endswith("Is Connected To"):
            (there,) = [index for index, entry in menu(camera, number) if entry.startswith("Output ")]
            fcntl.ioctl(camera, _S_CTRL, _CONTROL.pack(number, there))
        elif name == "OSD Text Mode":
            (none,) = [index for index, entry in menu(camera, number) if entry == "None"]
            fcntl.ioctl(camera, _S_CTRL, _CONTROL.pack(number, none))


def controls(node: int) -> Iterator[tuple[int, str]]:
    number = 0
    with contextlib.suppress(OSError):
        while True:
            asked = _QUERY.pack(number | _NEXT_CONTROL, 0, b"", 0, 0, 0, 0, 0)
            number, _, name, *_ = _QUERY.unpack(fcntl.ioctl(node, _QUERYCTRL, asked))
            yield number, name.rstrip(b"\0").decode()


def menu(node: int, control: int) -> Iterator[tuple[int, str]]:
    for index in range(32):
        with contextlib.suppress(OSError):
            *_, name = _MENU.unpack(fcntl.ioctl(node, _QUERYMENU, _MENU.pack(control, index, b"")))
            yield index, name.rstrip(b"\0").decode()


def slowest(node: int) -> bytes:
    """The progressive timings of WIDTH x HEIGHT with the fewest pictures a second."""
    found: list[tuple[float, bytes]] = []
    with contextlib.suppress(OSError):
        for index in range(1000):
            answer = fcntl.ioctl(node, _ENUM_DV_TIMINGS, _ENUMERATED.pack(index, 0, 0, 0, b""))
            timings = _ENUMERATED.unpack(answer)[4]
            _, width, height, interlaced, _, clock_hz, *blanking = _TIMINGS.unpack(timings)
            if (width, height, interlaced) == (WIDTH, HEIGHT, 0):
                pixels = (width + sum(blanking[:3])) * (height + sum(blanking[3:6]))
                found.append((clock_hz / pixels, timings))
    return min(found)[1]


def shower(screen: int) -> Callable[[np.ndarray], None]:
    """Shows a picture until the next one is given."""
    fcntl.ioctl(screen, _REQBUFS, _WANTED.pack(_BUFFERS, _OUTPUT, _MMAP, 0, 0))
    mapped = []
    for index in range(_BUFFERS):
        answer = fcntl.ioctl(screen, _QUERYBUF, _BUFFER.pack(index, _OUTPUT, 0, 0, 0, _MMAP, 0, 0))
        *_, offset, length = _BUFFER.unpack(answer)
        mapped.append(mmap.mmap(screen, length, offset=offset))
    free = list(range(_BUFFERS))

    def show(picture: np.ndarray) -> None:
        started = len(free) < _BUFFERS
        index = (
            free.pop()
            if free
            else _BUFFER.unpack(fcntl.ioctl(screen, _DQBUF, _BUFFER.pack(0, _OUTPUT, 0, 0, 0, _MMAP, 0, 0)))[0]
        )
        mapped[index][:] = picture.tobytes().ljust(len(mapped[index]), b"\0")
        used = picture.nbytes
        fcntl.ioctl(
            screen, _QBUF, _BUFFER.pack(index, _OUTPUT, used, 0, _FIELD_NONE, _MMAP, 0, len(mapped[index]))
        )
        if not started:
            fcntl.ioctl(screen, _STREAMON, struct.pack("<i", _OUTPUT))

    return show


def newest(url: str) -> np.ndarray | None:
    """One picture of the stream, as the camera has it; None when there is none now."""
    stream = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    there, picture = stream.read()
    stream.release()
    return cv2.resize(picture, (WIDTH, HEIGHT)) if there else None


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
