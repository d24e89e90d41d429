"""What a module does with each command: its buffers, its library, its settings.

Written from the ZFM-20 and R503 user manuals. Picture and templates carry whose finger they are of,
and that is what matches: `Impression.owner`, 32 bytes that differ for every finger of every person.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hw.finger.codes import (
    BAUD_UNIT,
    BAUDS,
    DATA_BYTES,
    ECHO,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    INDEX_TABLE_PAGES,
    Command,
    Confirmation,
    SystemParameter,
)
from hw.sim.device import ArmedFaults

TEMPLATE_BYTES = 512
IMAGE_BYTES = IMAGE_WIDTH * IMAGE_HEIGHT // 2
OWNER_BYTES = 32
SYSTEM_ID = 9
"""What ZFM-20 modules report."""

FAULTS = {
    "image_failed": (Command.GEN_IMG, Confirmation.IMAGE_FAILED),
    "image_messy": (Command.IMG_2_TZ, Confirmation.IMAGE_MESSY),
    "few_features": (Command.IMG_2_TZ, Confirmation.TOO_FEW_FEATURES),
    "flash_error": (Command.STORE, Confirmation.FLASH_ERROR),
    "load_failed": (Command.LOAD, Confirmation.LOAD_FAILED),
    "template_upload_failed": (Command.UP_CHAR, Confirmation.TEMPLATE_UPLOAD_FAILED),
    "image_upload_failed": (Command.UP_IMAGE, Confirmation.IMAGE_UPLOAD_FAILED),
    "delete_failed": (Command.DELETE, Confirmation.DELETE_FAILED),
    "empty_failed": (Command.EMPTY, Confirmation.EMPTY_FAILED),
}
"""Fault -> the command it happens to, and what the module answers."""


@dataclass(frozen=True, slots=True)
class Impression:
    """One touch. packed: IMAGE_BYTES, two pixels a byte. owner: whose finger, which finger."""

    packed: bytes
    owner: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """result: what stands behind the confirmation in the same packet. data: what follows in data packets."""

    confirmation: int
    result: bytes = b""
    data: bytes = b""
    restarts: bool = False


@dataclass(slots=True)
class Settings:
    """What a module keeps without power."""

    capacity: int
    address: int
    password: int
    baud: int
    data_bytes: int
    security: int = 3
    library: dict[int, bytes] = field(default_factory=dict)


class Chip:
    def __init__(
        self,
        settings: Settings,
        *,
        touch: Callable[[], Impression | None],
        faults: ArmedFaults,
        rng: np.random.Generator,
    ) -> None:
        """touch: what the sensor sees now, None without a finger."""
        self.settings = settings
        self.light: tuple[int, int, int, int] | None = None
        self._touch = touch
        self._faults = faults
        self._rng = rng
        self._image: Impression | None = None
        self._buffers: dict[int, bytes] = {}
        self._verified = False
        self._receiving: int | None = None
        self._received = b""

    def power_up(self) -> None:
        self._image, self._buffers, self._receiving, self._received = None, {}, None, b""
        self._verified = self.settings.password == 0

    def take_data(self, payload: bytes, *, last: bool) -> None:
        """A data packet of DownChar (kept for a buffer) or DownImage (0)."""
        if self._receiving is None:
            return
        self._received = (self._received + payload)[: IMAGE_BYTES + 1]
        if last:
            if self._receiving and len(self._received) == TEMPLATE_BYTES:
                self._buffers[self._receiving] = self._received
            elif not self._receiving and len(self._received) == IMAGE_BYTES:
                self._image = Impression(self._received, hashlib.sha256(self._received).digest())
            self._receiving = None

    def obey(self, payload: bytes) -> Answer:
        """A command packet's payload that arrived intact. One of a wrong length is a packet error."""
        self._receiving = None
        code, parameters = payload[0], payload[1:]
        if not self._verified and code != Command.VFY_PWD:
            return Answer(Confirmation.VERIFY_PASSWORD_FIRST)
        for fault, (command, confirmation) in FAULTS.items():
            if code == command and self._faults.use(fault):
                return Answer(confirmation)
        try:
            return self._obey(code, parameters)
        except struct.error:
            return Answer(Confirmation.PACKET_ERROR)

    def _obey(self, code: int, parameters: bytes) -> Answer:
        match code:
            case Command.GEN_IMG:
                return self._gen_img()
            case Command.IMG_2_TZ:
                return self._img_2_tz(*struct.unpack(">B", parameters))
            case Command.MATCH:
                return self._match()
            case Command.SEARCH | Command.HI_SPEED_SEARCH:
                return self._search(*struct.unpack(">BHH", parameters))
            case Command.REG_MODEL:
                return self._reg_model()
            case Command.STORE:
                return self._store(*struct.unpack(">BH", parameters))
            case Command.LOAD:
                return self._load(*struct.unpack(">BH", parameters))
            case Command.DELETE:
                return self._delete(*struct.unpack(">HH", parameters))
            case Command.EMPTY:
                self.settings.library.clear()
                return Answer(Confirmation.OK)
            case Command.UP_CHAR | Command.DOWN_CHAR | Command.UP_IMAGE | Command.DOWN_IMAGE:
                return self._transfer(code, parameters)
            case Command.TEMPLATE_NUM:
                return Answer(Confirmation.OK, struct.pack(">H", len(self.settings.library)))
            case Command.READ_INDEX_TABLE:
                return self._index_table(*struct.unpack(">B", parameters))
            case _:
                return self._obey_about_itself(code, parameters)

    def _obey_about_itself(self, code: int, parameters: bytes) -> Answer:
        match code:
            case Command.READ_SYS_PARA:
                return self._read_sys_para()
            case Command.SET_SYS_PARA:
                return self._set_sys_para(*struct.unpack(">BB", parameters))
            case Command.VFY_PWD:
                self._verified = struct.unpack(">I", parameters)[0] == self.settings.password
                return Answer(Confirmation.OK if self._verified else Confirmation.BAD_PASSWORD)
            case Command.SET_PWD:
                (self.settings.password,) = struct.unpack(">I", parameters)
            case Command.SET_ADDR:
                (self.settings.address,) = struct.unpack(">I", parameters)
            case Command.RANDOM:
                return Answer(Confirmation.OK, self._rng.bytes(4))
            case Command.AURA_LED:
                self.light = struct.unpack(">BBBB", parameters)
            case Command.GET_ECHO:
                return Answer(ECHO)
            case Command.SOFT_RESET:
                return Answer(Confirmation.OK, restarts=True)
            case _:
                return Answer(Confirmation.PACKET_ERROR)
        return Answer(Confirmation.OK)

    def _gen_img(self) -> Answer:
        seen = self._touch()
        if seen is None:
            return Answer(Confirmation.NO_FINGER)
        self._image = seen
        return Answer(Confirmation.OK)

    def _img_2_tz(self, buffer: int) -> Answer:
        if self._image is None:
            return Answer(Confirmation.NO_VALID_IMAGE)
        self._buffers[_buffer(buffer)] = template_of(self._image.owner)
        return Answer(Confirmation.OK)

    def _match(self) -> Answer:
        score = likeness(self._buffers.get(1), self._buffers.get(2))
        return Answer(Confirmation.OK if score else Confirmation.NO_MATCH, struct.pack(">H", score))

    def _search(self, buffer: int, first_page: int, page_count: int) -> Answer:
        for page in sorted(self.settings.library):
            score = likeness(self._buffers.get(_buffer(buffer)), self.settings.library[page])
            if first_page <= page < first_page + page_count and score:
                return Answer(Confirmation.OK, struct.pack(">HH", page, score))
        return Answer(Confirmation.NOT_FOUND, bytes(4))

    def _reg_model(self) -> Answer:
        if not likeness(self._buffers.get(1), self._buffers.get(2)):
            return Answer(Confirmation.CANNOT_COMBINE)
        self._buffers[2] = self._buffers[1]
        return Answer(Confirmation.OK)

    def _store(self, buffer: int, page: int) -> Answer:
        template = self._buffers.get(_buffer(buffer))
        if page >= self.settings.capacity:
            return Answer(Confirmation.BAD_PAGE)
        if template is None:
            return Answer(Confirmation.FLASH_ERROR)
        self.settings.library[page] = template
        return Answer(Confirmation.OK)

    def _load(self, buffer: int, page: int) -> Answer:
        if page >= self.settings.capacity:
            return Answer(Confirmation.BAD_PAGE)
        if page not in self.settings.library:
            return Answer(Confirmation.LOAD_FAILED)
        self._buffers[_buffer(buffer)] = self.settings.library[page]
        return Answer(Confirmation.OK)

    def _delete(self, first_page: int, page_count: int) -> Answer:
        if first_page + page_count > self.settings.capacity:
            return Answer(Confirmation.DELETE_FAILED)
        for page in range(first_page, first_page + page_count):
            self.settings.library.pop(page, None)
        return Answer(Confirmation.OK)

    def _transfer(self, code: int, parameters: bytes) -> Answer:
        if code in (Command.UP_IMAGE, Command.DOWN_IMAGE):
            buffer = 0
        else:
            buffer = _buffer(*struct.unpack(">B", parameters))
        if code in (Command.DOWN_CHAR, Command.DOWN_IMAGE):
            self._receiving, self._received = buffer, b""
            return Answer(Confirmation.OK)
        if buffer:
            template = self._buffers.get(buffer)
            if template is None:
                return Answer(Confirmation.TEMPLATE_UPLOAD_FAILED)
            return Answer(Confirmation.OK, data=template)
        if self._image is None:
            return Answer(Confirmation.IMAGE_UPLOAD_FAILED)
        return Answer(Confirmation.OK, data=self._image.packed)

    def _index_table(self, table: int) -> Answer:
        bits = np.zeros(INDEX_TABLE_PAGES, dtype=np.uint8)
        first = table * INDEX_TABLE_PAGES
        for page in self.settings.library:
            if first <= page < first + INDEX_TABLE_PAGES:
                bits[page - first] = 1
        return Answer(Confirmation.OK, np.packbits(bits, bitorder="little").tobytes())

    def _read_sys_para(self) -> Answer:
        kept = self.settings
        result = struct.pack(
            ">HHHHIHH",
            0,
            SYSTEM_ID,
            kept.capacity,
            kept.security,
            kept.address,
            DATA_BYTES.index(kept.data_bytes),
            kept.baud // BAUD_UNIT,
        )
        return Answer(Confirmation.OK, result)

    def _set_sys_para(self, parameter: int, value: int) -> Answer:
        if parameter == SystemParameter.BAUD and value * BAUD_UNIT in BAUDS:
            self.settings.baud = value * BAUD_UNIT
        elif parameter == SystemParameter.SECURITY and 1 <= value <= 5:
            self.settings.security = value
        elif parameter == SystemParameter.PACKET_SIZE and value < len(DATA_BYTES):
            self.settings.data_bytes = DATA_BYTES[value]
        else:
            return Answer(Confirmation.INVALID_REGISTER)
        return Answer(Confirmation.OK)


def template_of(owner: bytes) -> bytes:
    return owner + hashlib.shake_256(owner).digest(TEMPLATE_BYTES - OWNER_BYTES)


def likeness(one: bytes | None, other: bytes | None) -> int:
    """A score of the size modules give, 0 for two fingers."""
    if one is None or other is None or one[:OWNER_BYTES] != other[:OWNER_BYTES]:
        return 0
    return 60 + one[0] % 100


def _buffer(number: int) -> int:
    """Any other number than 1 means the second buffer (R503 user manual, DownChar)."""
    return 1 if number == 1 else 2
