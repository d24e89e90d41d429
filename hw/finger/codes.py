"""Numbers of the R30x wire: ZFM-20 user manual, chapters 5 and 6; R503 user manual 1.2.2."""

from __future__ import annotations

from enum import IntEnum

HEADER = b"\xef\x01"
ANY_ADDRESS = 0xFFFFFFFF
MAX_DATA_BYTES = 256
"""The largest payload of a data packet; no packet's length field exceeds it by more than its sum."""

IMAGE_WIDTH = 256
IMAGE_HEIGHT = 288
IMAGE_DPI = 500
"""The makers' figure for the optical sensors."""

BAUD_UNIT = 9600
BAUDS = (9600, 19200, 38400, 57600, 115200)
"""The multiples of 9600 that every serial adapter can do."""

DATA_BYTES = (32, 64, 128, 256)
"""Payload of a data packet, by packet code."""

INDEX_TABLE_PAGES = 256
"""Pages in one answer to ReadIndexTable."""

ECHO = 0x55
"""The confirmation of GetEcho; also sent unasked when an R503 has started."""


class PacketId(IntEnum):
    COMMAND = 0x01
    DATA = 0x02
    ACK = 0x07
    END_OF_DATA = 0x08


class Command(IntEnum):
    """Up is to the host and Down to the module, as the manuals have it."""

    GEN_IMG = 0x01
    IMG_2_TZ = 0x02
    MATCH = 0x03
    SEARCH = 0x04
    REG_MODEL = 0x05
    STORE = 0x06
    LOAD = 0x07
    UP_CHAR = 0x08
    DOWN_CHAR = 0x09
    UP_IMAGE = 0x0A
    DOWN_IMAGE = 0x0B
    DELETE = 0x0C
    EMPTY = 0x0D
    SET_SYS_PARA = 0x0E
    READ_SYS_PARA = 0x0F
    SET_PWD = 0x12
    VFY_PWD = 0x13
    RANDOM = 0x14
    SET_ADDR = 0x15
    HI_SPEED_SEARCH = 0x1B
    TEMPLATE_NUM = 0x1D
    READ_INDEX_TABLE = 0x1F
    AURA_LED = 0x35
    SOFT_RESET = 0x3D
    GET_ECHO = 0x53


class SystemParameter(IntEnum):
    BAUD = 4
    SECURITY = 5
    PACKET_SIZE = 6


class Confirmation(IntEnum):
    OK = 0x00
    PACKET_ERROR = 0x01
    NO_FINGER = 0x02
    IMAGE_FAILED = 0x03
    IMAGE_MESSY = 0x06
    TOO_FEW_FEATURES = 0x07
    NO_MATCH = 0x08
    NOT_FOUND = 0x09
    CANNOT_COMBINE = 0x0A
    BAD_PAGE = 0x0B
    LOAD_FAILED = 0x0C
    TEMPLATE_UPLOAD_FAILED = 0x0D
    CANNOT_RECEIVE = 0x0E
    IMAGE_UPLOAD_FAILED = 0x0F
    DELETE_FAILED = 0x10
    EMPTY_FAILED = 0x11
    BAD_PASSWORD = 0x13
    NO_VALID_IMAGE = 0x15
    FLASH_ERROR = 0x18
    INVALID_REGISTER = 0x1A
    WRONG_ADDRESS = 0x20
    VERIFY_PASSWORD_FIRST = 0x21
