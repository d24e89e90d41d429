"""The preview's motion JPEG, parsed by length.

`multipart/x-mixed-replace; boundary=--BoundaryString`: the token already holds its dashes, which strict
multipart parsers refuse. Each part has a Content-Length. At the end a whole second HTTP response, an
error as JSON, may follow inside the body. Bytes between parts are skipped up to a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.http import content_length, parse_headers

MAX_PART_BYTES: Final = 16 * 1024 * 1024
MAX_GAP_BYTES: Final = 64 * 1024
_MAX_HEADERS_BYTES: Final = 4096
_BLANK: Final = b"\r\n\r\n"
_RESPONSE: Final = b"HTTP/1."


@dataclass(frozen=True, slots=True)
class JpegPart:
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """body: the JSON of the closing response, empty when the stream ended without a word."""

    body: bytes


def boundary_of(content_type: str) -> bytes:
    """The token with its dashes taken off. SbiFailure BAD_ANSWER without one."""
    match = re.search(r'boundary="?([^";,\s]+)', content_type, re.IGNORECASE)
    token = match.group(1).strip("-") if match else ""
    if not token or not token.isascii():
        raise SbiFailure(FaultCode.BAD_ANSWER, "multipart answer without a boundary")
    return token.encode("ascii")


class MjpegParser:
    """Sans I/O: feed bytes as they come, take the parts that are whole. Holds at most one part."""

    def __init__(self, boundary: bytes) -> None:
        self._opening = b"--" + boundary
        self._buffer = bytearray()
        self._gap_bytes = 0
        self._ended = False

    def feed(self, data: bytes) -> list[JpegPart | StreamEnd]:
        """SbiFailure BAD_ANSWER when it is no such stream. Nothing follows a StreamEnd."""
        if not self._ended:
            self._buffer += data
        parts: list[JpegPart | StreamEnd] = []
        while not self._ended and (part := self._take()) is not None:
            self._ended = isinstance(part, StreamEnd)
            self._gap_bytes = 0
            if isinstance(part, StreamEnd) or part.data:
                parts.append(part)
        return parts

    def _take(self) -> JpegPart | StreamEnd | None:
        self._skip_gap()
        if self._buffer.startswith(_RESPONSE):
            return self._take_response()
        if self._buffer.startswith(self._opening):
            return self._take_part()
        return None

    def _skip_gap(self) -> None:
        starts = [at for at in map(self._buffer.find, (self._opening, _RESPONSE)) if at >= 0]
        # without a start, its first bytes may still be the tail of what has come
        keep = max(len(self._opening), len(_RESPONSE)) - 1
        skipped = min(starts) if starts else max(0, len(self._buffer) - keep)
        self._gap_bytes += skipped
        if self._gap_bytes > MAX_GAP_BYTES:
            raise SbiFailure(FaultCode.BAD_ANSWER, "no further picture in the stream")
        del self._buffer[:skipped]

    def _take_part(self) -> JpegPart | StreamEnd | None:
        after = len(self._opening)
        if self._buffer.startswith(b"--", after):
            return StreamEnd(b"")
        end = self._buffer.find(_BLANK)
        if end < 0:
            self._refuse_endless_headers()
            return None
        # the boundary line takes the place of a status line
        headers = parse_headers(b"HTTP/1.1" + bytes(self._buffer[after:end]))
        length = content_length(headers)
        if length is None or length > MAX_PART_BYTES:
            raise SbiFailure(FaultCode.BAD_ANSWER, "a part of the stream without a usable length")
        start = end + len(_BLANK)
        if len(self._buffer) < start + length:
            return None
        data = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return JpegPart(data)

    def _take_response(self) -> StreamEnd | None:
        end = self._buffer.find(_BLANK)
        if end < 0:
            self._refuse_endless_headers()
            return None
        length = content_length(parse_headers(bytes(self._buffer[:end]))) or 0
        if length > MAX_GAP_BYTES:
            raise SbiFailure(FaultCode.BAD_ANSWER, "the stream's closing response is too long")
        start = end + len(_BLANK)
        if len(self._buffer) < start + length:
            return None
        return StreamEnd(bytes(self._buffer[start : start + length]))

    def _refuse_endless_headers(self) -> None:
        if len(self._buffer) > _MAX_HEADERS_BYTES:
            raise SbiFailure(FaultCode.BAD_ANSWER, "no end of the headers in the stream")
