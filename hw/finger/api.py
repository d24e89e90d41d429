"""What may be known of a single-finger module.

Every command answers one of three: its result (None where it has none), `Refused` when the module
answered no, or a `Fault` when the module could not be asked. All block until then, in bounded time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.api import Fault, FingerReader, Frame
from hw.finger.codes import Confirmation

__all__ = [
    "Buffer",
    "Confirmation",
    "FingerModule",
    "LightColour",
    "LightEffect",
    "Match",
    "ModuleParameters",
    "Refused",
]


class Buffer(IntEnum):
    """The module's two buffers for features and templates."""

    ONE = 1
    TWO = 2


class LightColour(IntEnum):
    RED = 1
    BLUE = 2
    PURPLE = 3


class LightEffect(IntEnum):
    BREATHE = 1
    FLASH = 2
    ON = 3
    OFF = 4
    FADE_ON = 5
    FADE_OFF = 6


@dataclass(frozen=True, slots=True)
class Refused:
    """The module understood and said no, with its own reason."""

    confirmation: Confirmation


@dataclass(frozen=True, slots=True)
class Match:
    """page: where the template found is stored. score: the maker's scale, more is more alike."""

    page: int
    score: int


@dataclass(frozen=True, slots=True)
class ModuleParameters:
    """capacity: pages for templates. security: 1 (lenient) to 5. data_bytes: payload of a data packet."""

    status: int
    system_id: int
    capacity: int
    security: int
    address: int
    data_bytes: int
    baud: int


class FingerModule(FingerReader, Protocol):
    """Arguments outside the stated ranges raise ValueError. Pages count from 0 to capacity - 1."""

    def capture_image(self) -> Refused | Fault | None:
        """GenImg: a picture into the module's image buffer. Refused NO_FINGER when no finger is there."""

    def extract_features(self, *, buffer: Buffer) -> Refused | Fault | None:
        """Img2Tz. Refused IMAGE_MESSY, TOO_FEW_FEATURES, NO_VALID_IMAGE: have the finger placed again."""

    def match_buffers(self) -> int | Refused | Fault:
        """Match: the score of the two buffers. Refused NO_MATCH."""

    def search(
        self, *, buffer: Buffer, first_page: int = 0, page_count: int | None = None, high_speed: bool = False
    ) -> Match | Refused | Fault:
        """Search or HiSpeedSearch; page_count None for all that follow. Refused NOT_FOUND."""

    def combine_buffers(self) -> Refused | Fault | None:
        """RegModel: one template out of both buffers, into both. Refused CANNOT_COMBINE."""

    def store(self, *, buffer: Buffer, page: int) -> Refused | Fault | None:
        """Refused BAD_PAGE, FLASH_ERROR."""

    def load(self, *, buffer: Buffer, page: int) -> Refused | Fault | None:
        """Refused LOAD_FAILED when the page is free, BAD_PAGE."""

    def delete(self, *, first_page: int, page_count: int = 1) -> Refused | Fault | None: ...

    def empty(self) -> Refused | Fault | None:
        """Deletes every stored template."""

    def template_count(self) -> int | Refused | Fault: ...

    def occupied_pages(self) -> tuple[int, ...] | Refused | Fault:
        """ReadIndexTable, as often as the capacity asks for, ascending."""

    def read_template(self, *, buffer: Buffer) -> bytes | Refused | Fault:
        """UpChar, in the maker's own format."""

    def write_template(self, *, buffer: Buffer, template: bytes) -> Refused | Fault | None:
        """DownChar, and reads it back, for the module acknowledges no data; BAD_ANSWER when it has others."""

    def read_image(self) -> Frame | Refused | Fault:
        """UpImage: GRAY8 (288, 256), ridges dark, sixteen levels spread to 0..255; seconds long.

        Refused IMAGE_UPLOAD_FAILED when the module has none.
        """

    def write_image(self, *, pixels: NDArray[np.uint8]) -> Refused | Fault | None:
        """DownImage of GRAY8 (288, 256), cut to sixteen levels, and reads it back.

        The module takes no part of a picture again, so this needs a quiet line; BAD_ANSWER on another.
        """

    def parameters(self) -> ModuleParameters | Refused | Fault: ...

    def set_baud(self, *, baud: int) -> Refused | Fault | None:
        """Kept by the module for good: the device's URL has to name it from now on. The driver follows."""

    def set_security(self, *, level: int) -> Refused | Fault | None:
        """level: 1 to 5."""

    def set_packet_size(self, *, data_bytes: int) -> Refused | Fault | None:
        """data_bytes: 32, 64, 128 or 256."""

    def verify_password(self) -> Refused | Fault | None: ...

    def set_password(self, *, password: int) -> Refused | Fault | None:
        """Kept by the module for good, as the baud rate is."""

    def set_address(self, *, address: int) -> Refused | Fault | None:
        """Kept by the module for good, as the baud rate is."""

    def random(self) -> int | Refused | Fault:
        """32 bits of the module's generator, whose quality is not known: never key material."""

    def light(
        self, *, effect: LightEffect, colour: LightColour, speed: int = 128, cycles: int = 0
    ) -> Refused | Fault | None:
        """R503 only. speed: 0 to 255; cycles: 1 to 255, 0 without end."""

    def echo(self) -> Refused | Fault | None:
        """R503 only."""

    def soft_reset(self) -> Refused | Fault | None:
        """R503 only: restarts it, which forgets both buffers and the password's verification."""
