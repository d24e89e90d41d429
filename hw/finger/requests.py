"""Each command as a value: what is sent, how long the answer is, and how long it may take."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hw.finger.codes import BAUD_UNIT, DATA_BYTES, Command, SystemParameter
from hw.finger.picture import PACKED_BYTES

QUICK_S = 1.0
"""No sensor and no flash at work."""

SENSOR_S = 2.0
"""A picture and its features take less than 1 s each (ZFM-20 and R305 data sheets)."""

LIBRARY_S = 3.0
"""A search through 1000 templates, or erasing the flash: 1 s by the data sheets."""


@dataclass(frozen=True, slots=True)
class Request:
    """answer_bytes: after a confirmation code that says OK. timeout_s: until the whole answer is here.

    data_bytes: of the data packets that follow the answer together, where that is known.
    """

    command: Command
    parameters: bytes = b""
    answer_bytes: int = 0
    timeout_s: float = QUICK_S
    data_bytes: int | None = None

    @property
    def payload(self) -> bytes:
        return bytes((self.command,)) + self.parameters


def capture_image() -> Request:
    return Request(Command.GEN_IMG, timeout_s=SENSOR_S)


def extract_features(*, buffer: int) -> Request:
    return Request(Command.IMG_2_TZ, _u8(buffer), timeout_s=SENSOR_S)


def match_buffers() -> Request:
    return Request(Command.MATCH, answer_bytes=2)


def search(*, buffer: int, first_page: int, page_count: int, high_speed: bool) -> Request:
    command = Command.HI_SPEED_SEARCH if high_speed else Command.SEARCH
    return Request(
        command, _u8(buffer) + _u16(first_page) + _u16(page_count), answer_bytes=4, timeout_s=LIBRARY_S
    )


def combine_buffers() -> Request:
    return Request(Command.REG_MODEL)


def store(*, buffer: int, page: int) -> Request:
    return Request(Command.STORE, _u8(buffer) + _u16(page), timeout_s=LIBRARY_S)


def load(*, buffer: int, page: int) -> Request:
    return Request(Command.LOAD, _u8(buffer) + _u16(page))


def delete(*, first_page: int, page_count: int) -> Request:
    return Request(Command.DELETE, _u16(first_page) + _u16(page_count), timeout_s=LIBRARY_S)


def empty() -> Request:
    return Request(Command.EMPTY, timeout_s=LIBRARY_S)


def template_count() -> Request:
    return Request(Command.TEMPLATE_NUM, answer_bytes=2)


def read_index_table(*, table: int) -> Request:
    return Request(Command.READ_INDEX_TABLE, _u8(table), answer_bytes=32)


def read_template(*, buffer: int) -> Request:
    return Request(Command.UP_CHAR, _u8(buffer))


def write_template(*, buffer: int) -> Request:
    return Request(Command.DOWN_CHAR, _u8(buffer))


def read_image() -> Request:
    return Request(Command.UP_IMAGE, data_bytes=PACKED_BYTES)


def write_image() -> Request:
    return Request(Command.DOWN_IMAGE)


def read_parameters() -> Request:
    return Request(Command.READ_SYS_PARA, answer_bytes=16)


def set_baud(*, baud: int) -> Request:
    return _set_parameter(SystemParameter.BAUD, baud // BAUD_UNIT)


def set_security(*, level: int) -> Request:
    return _set_parameter(SystemParameter.SECURITY, level)


def set_packet_size(*, data_bytes: int) -> Request:
    return _set_parameter(SystemParameter.PACKET_SIZE, DATA_BYTES.index(data_bytes))


def verify_password(*, password: int) -> Request:
    return Request(Command.VFY_PWD, _u32(password))


def set_password(*, password: int) -> Request:
    return Request(Command.SET_PWD, _u32(password))


def set_address(*, address: int) -> Request:
    return Request(Command.SET_ADDR, _u32(address))


def random() -> Request:
    return Request(Command.RANDOM, answer_bytes=4)


def light(*, effect: int, colour: int, speed: int, cycles: int) -> Request:
    return Request(Command.AURA_LED, _u8(effect) + _u8(speed) + _u8(colour) + _u8(cycles))


def echo() -> Request:
    return Request(Command.GET_ECHO)


def soft_reset() -> Request:
    return Request(Command.SOFT_RESET)


def _set_parameter(parameter: SystemParameter, value: int) -> Request:
    return Request(Command.SET_SYS_PARA, _u8(parameter) + _u8(value), timeout_s=LIBRARY_S)


def _u8(value: int) -> bytes:
    return struct.pack(">B", value)


def _u16(value: int) -> bytes:
    return struct.pack(">H", value)


def _u32(value: int) -> bytes:
    return struct.pack(">I", value)
