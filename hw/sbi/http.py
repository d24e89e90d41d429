"""The HTTP/1.1 that SBI services really speak.

Custom methods; the status line is never trusted (errors come with 200 or 405); bytes may follow
past Content-Length; one exchange per connection. Every read has an absolute deadline on the
monotonic clock, so a service that drips bytes cannot hold the caller longer than one that is silent.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from hw.api import FaultCode
from hw.sbi.cancel import Cancel
from hw.sbi.failure import SbiFailure

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Four lossless 500 ppi fingers are about 1 MB; a face record of a large sensor stays far below this."""
_CHUNK_BYTES: Final = 256 * 1024
_LENGTH: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """headers: names in lower case. rest: bytes that came with the head."""

    headers: Mapping[str, str]
    rest: bytes

    @property
    def is_multipart(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith("multipart/")


class HttpExchange(AbstractContextManager["HttpExchange"]):
    """One request and its answer on one connection."""

    def __init__(self, endpoint: Endpoint, *, connect_timeout_s: float, cancel: Cancel) -> None:
        """SbiFailure NOT_CONNECTED when nobody listens."""
        self._cancel = cancel
        where = f"{endpoint.host}:{endpoint.port}"
        try:
            self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=connect_timeout_s)
        except TimeoutError as error:
            raise SbiFailure(FaultCode.STALLED, f"no connection to {where} in time") from error
        except OSError as error:
            raise SbiFailure(FaultCode.NOT_CONNECTED, f"no service at {where}") from error
        if not cancel.attach(self._socket):
            self._socket.close()
            raise SbiFailure(FaultCode.NOT_CONNECTED, "the driver ended the exchange")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._cancel.detach(self._socket)
        self._socket.close()

    def ask(
        self, method: str, path: str, payload: Mapping[str, Any] | None, *, deadline: float
    ) -> ResponseHead:
        """Sends the request in one piece and reads the head of the answer."""
        body = b"" if payload is None else json.dumps(payload).encode()
        host, port = self._socket.getpeername()[:2]
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._arm(deadline)
        try:
            self._socket.sendall(head.encode("ascii") + body)
        except TimeoutError as error:
            raise SbiFailure(FaultCode.STALLED, "the service does not read the request") from error
        except OSError as error:
            raise SbiFailure(FaultCode.NOT_CONNECTED, "connection lost while asking") from error
        return self._read_head(deadline)

    def read_some(self, *, deadline: float) -> bytes:
        """The next bytes; empty at the end of the connection."""
        self._arm(deadline)
        try:
            return self._socket.recv(_CHUNK_BYTES)
        except TimeoutError as error:
            raise SbiFailure(FaultCode.STALLED, "the service stopped sending") from error
        except OSError as error:
            raise SbiFailure(FaultCode.NOT_CONNECTED, "connection lost") from error

    def read_body(self, head: ResponseHead, *, deadline: float) -> bytes:
        """Exactly Content-Length bytes, or all until the end when there is no length."""
        expected = content_length(head.headers)
        limit = MAX_BODY_BYTES if expected is None else expected
        body = bytearray(head.rest)
        while len(body) < limit:
            chunk = self.read_some(deadline=deadline)
            if not chunk:
                break
            body += chunk
        if expected is not None and len(body) < expected:
            raise SbiFailure(FaultCode.NOT_CONNECTED, f"answer cut off after {len(body)} of {expected} bytes")
        return bytes(body[:limit])

    def _read_head(self, deadline: float) -> ResponseHead:
        buffer = bytearray()
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise SbiFailure(FaultCode.BAD_ANSWER, "no end of the HTTP head")
            chunk = self.read_some(deadline=deadline)
            if not chunk:
                raise SbiFailure(FaultCode.NOT_CONNECTED, "connection closed before an answer")
            buffer += chunk
        return ResponseHead(parse_headers(bytes(buffer[:end])), bytes(buffer[end + 4 :]))

    def _arm(self, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise SbiFailure(FaultCode.STALLED, "the service did not finish in time")
        self._socket.settimeout(remaining)


def parse_headers(head: bytes) -> dict[str, str]:
    """Header lines below an HTTP status line. SbiFailure BAD_ANSWER when it is not HTTP."""
    status, _, lines = head.partition(b"\r\n")
    if not status.startswith(b"HTTP/1."):
        raise SbiFailure(FaultCode.BAD_ANSWER, "not an HTTP answer")
    headers: dict[str, str] = {}
    for line in lines.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


def content_length(headers: Mapping[str, str]) -> int | None:
    """None when absent. SbiFailure BAD_ANSWER when it is no length or beyond MAX_BODY_BYTES."""
    text = headers.get("content-length")
    if text is None:
        return None
    if not _LENGTH.fullmatch(text) or int(text) > MAX_BODY_BYTES:
        raise SbiFailure(FaultCode.BAD_ANSWER, f"impossible Content-Length {text[:20]!r}")
    return int(text)


def parse_json(body: bytes) -> Any:
    """SbiFailure BAD_ANSWER when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SbiFailure(FaultCode.BAD_ANSWER, "the answer is not JSON") from error


def request(
    endpoint: Endpoint,
    method: str,
    path: str,
    payload: Mapping[str, Any] | None,
    *,
    connect_timeout_s: float,
    timeout_s: float,
    cancel: Cancel,
) -> Any:
    """One whole exchange; the answer's JSON. The deadline covers connecting as well."""
    deadline = time.monotonic() + timeout_s
    wait_s = min(connect_timeout_s, timeout_s)
    with HttpExchange(endpoint, connect_timeout_s=wait_s, cancel=cancel) as exchange:
        head = exchange.ask(method, path, payload, deadline=deadline)
        return parse_json(exchange.read_body(head, deadline=deadline))
