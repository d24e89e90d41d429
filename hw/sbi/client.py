"""The four verbs of one SBI service, each bounded in time and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from hw.api import CaptureRequest, CaptureSet, FaultCode
from hw.sbi.address import SbiAddress
from hw.sbi.cancel import Cancel
from hw.sbi.capture import CaptureTerms, CheckedSample, capture_body, check_answer
from hw.sbi.delays import SbiDelays
from hw.sbi.device import (
    DescribedDevice,
    Discovered,
    raise_on_error,
    read_description,
    read_discovery,
    require_ready,
)
from hw.sbi.dialect import BIO_TYPES, PLACEMENTS, PORTS, Dialect
from hw.sbi.failure import SbiFailure
from hw.sbi.http import Endpoint, HttpExchange, parse_json, request
from hw.sbi.mjpeg import JpegPart, MjpegParser, StreamEnd, boundary_of
from hw.sbi.trust import load_anchors

_HOST: Final = "127.0.0.1"
_UNPROMISING: Final = (FaultCode.NOT_CONNECTED, FaultCode.STALLED, FaultCode.BAD_ANSWER)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SbiClient:
    """Holds no connection and no state: every call opens its own. All failures are SbiFailure."""

    address: SbiAddress
    dialect: Dialect
    delays: SbiDelays
    now: Callable[[], datetime]

    @property
    def bio_type(self) -> str:
        return BIO_TYPES[self.address.kind]

    def connect(self, *, cancel: Cancel, in_use: bool = False) -> DescribedDevice:
        """The first trusted device of our type that is ready, on the configured port or on 4501..4600.

        Several services may coexist: one that is busy, or another maker's, does not hide ours. Patient
        with a device that is just being freed. in_use: we hold it ourselves, so busy will do.
        SbiFailure: why the most promising service was not it.
        """
        port = self.address.port
        ports = PORTS if port is None else (port,)
        return self._patiently(lambda: self._first_of(ports, cancel, in_use=in_use), cancel=cancel)

    def _first_of(self, ports: Iterable[int], cancel: Cancel, *, in_use: bool) -> DescribedDevice:
        failure = SbiFailure(FaultCode.NOT_CONNECTED, "no service on any port")
        for port in ports:
            endpoint = Endpoint(_HOST, port)
            try:
                found = self.discover(endpoint, cancel=cancel)
                if not in_use:
                    require_ready(found.status)
                return self._describe(endpoint, found, cancel=cancel)
            except SbiFailure as problem:
                if cancel.is_cancelled():
                    raise
                failure = max(failure, problem, key=_promise)
        raise failure

    def discover(self, endpoint: Endpoint, *, cancel: Cancel) -> Discovered:
        answer = request(
            endpoint,
            self.dialect.discover,
            self.dialect.discover_path,
            {"type": self.bio_type},
            connect_timeout_s=self.delays.connect_s,
            timeout_s=self.delays.discovery_s,
            cancel=cancel,
        )
        return read_discovery(answer, bio_type=self.bio_type, dialect=self.dialect)

    def _describe(self, endpoint: Endpoint, found: Discovered, *, cancel: Cancel) -> DescribedDevice:
        anchors = load_anchors(self.address.anchors)
        answer = request(
            endpoint,
            self.dialect.describe,
            self.dialect.describe_path,
            None,
            connect_timeout_s=self.delays.connect_s,
            timeout_s=self.delays.info_s,
            cancel=cancel,
        )
        return read_description(
            answer, found, endpoint=endpoint, dialect=self.dialect, anchors=anchors, now=self.now()
        )

    def capture(
        self, device: DescribedDevice, wanted: CaptureRequest, *, cancel: Cancel
    ) -> tuple[CheckedSample, ...]:
        """Patient while the device frees itself from the stream or the capture before."""
        anchors = load_anchors(self.address.anchors)
        terms = CaptureTerms(wanted, device, self.dialect, self.address.environment)

        def once() -> tuple[CheckedSample, ...]:
            answer = request(
                device.endpoint,
                self.dialect.capture,
                self.dialect.capture_path,
                capture_body(terms, now=self.now()),
                connect_timeout_s=self.delays.connect_s,
                timeout_s=wanted.timeout_s + self.delays.capture_allowance_s,
                cancel=cancel,
            )
            return check_answer(answer, terms, anchors=anchors, now=self.now())

        return self._patiently(once, cancel=cancel)

    @contextmanager
    def stream(
        self,
        device: DescribedDevice,
        capture_set: CaptureSet,
        *,
        may_pause: Callable[[], bool],
        cancel: Cancel,
    ) -> Iterator[Iterator[bytes]]:
        """JPEG pictures until the service ends the stream.

        Iterating raises SbiFailure with the code of the service's closing error, STALLED when no whole
        picture comes for `frame_gap_s` and it may not pause, NOT_CONNECTED when the connection breaks
        without a word.
        """
        exchange, parser, rest = self._patiently(
            lambda: self._open_stream(device, capture_set, cancel), cancel=cancel
        )
        with exchange:
            yield self._pictures(exchange, parser, rest, may_pause)

    def _open_stream(
        self, device: DescribedDevice, capture_set: CaptureSet, cancel: Cancel
    ) -> tuple[HttpExchange, MjpegParser, bytes]:
        deadline = time.monotonic() + self.delays.stream_open_s
        exchange = HttpExchange(device.endpoint, connect_timeout_s=self.delays.connect_s, cancel=cancel)
        try:
            payload = {
                self.dialect.device_field: device.device_id,
                "deviceSubId": PLACEMENTS[capture_set].device_sub_id,
                "timeout": str(round(self.delays.stream_timeout_s * 1000)),
            }
            head = exchange.ask(self.dialect.stream, self.dialect.stream_path, payload, deadline=deadline)
            if not head.is_multipart:
                refusal = parse_json(exchange.read_body(head, deadline=deadline))
                raise_on_error(refusal[0] if isinstance(refusal, list) and refusal else refusal)
                raise SbiFailure(FaultCode.BAD_ANSWER, "neither a stream nor an error")
            return exchange, MjpegParser(boundary_of(head.headers["content-type"])), head.rest
        except BaseException:
            exchange.close()
            raise

    def _pictures(
        self, exchange: HttpExchange, parser: MjpegParser, rest: bytes, may_pause: Callable[[], bool]
    ) -> Iterator[bytes]:
        data = rest
        deadline = time.monotonic() + self.delays.frame_gap_s
        while True:
            for part in parser.feed(data):
                if isinstance(part, StreamEnd):
                    self._raise_end(part)
                    return
                if isinstance(part, JpegPart):
                    yield part.data
                    deadline = time.monotonic() + self.delays.frame_gap_s
            try:
                data = exchange.read_some(deadline=deadline)
            except SbiFailure as failure:
                if failure.code is not FaultCode.STALLED or not may_pause():
                    raise
                data, deadline = b"", time.monotonic() + self.delays.frame_gap_s
                continue
            if not data:
                raise SbiFailure(FaultCode.NOT_CONNECTED, "the stream broke off")

    @staticmethod
    def _raise_end(end: StreamEnd) -> None:
        if end.body:
            raise_on_error(parse_json(end.body))

    def _patiently(self, call: Callable[[], _T], *, cancel: Cancel) -> _T:
        deadline = time.monotonic() + self.delays.busy_grace_s
        while True:
            try:
                return call()
            except SbiFailure as failure:
                late = time.monotonic() >= deadline
                if not failure.transient or late or cancel.is_cancelled():
                    raise
            time.sleep(self.delays.busy_pause_s)


def _promise(failure: SbiFailure) -> int:
    """How near a service came to being ours: last are ports where nobody, or no SBI service, answers."""
    if failure.transient:
        return 2
    return 0 if failure.code in _UNPROMISING else 1
