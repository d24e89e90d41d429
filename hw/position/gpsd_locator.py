"""The driver of a satellite receiver behind gpsd: watches its reports."""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass, replace

from hw.api import (
    DeviceInfo,
    DeviceKind,
    Fault,
    FaultCode,
    Locator,
    Position,
    SatelliteTime,
    SelfTest,
    SelfTestCode,
)
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.position.gpsd_reports import (
    Fix,
    GpsdSyntaxError,
    ReceiverGone,
    Receivers,
    Refusal,
    Report,
    read_report,
)
from hw.worker import Session, SessionEnded, WorkedDevice

PORT = 2947
"""Assigned to gpsd by IANA."""

CONNECT_TIMEOUT_S = 2.0
POLL_S = 0.1
MAX_LINE_BYTES = 64 * 1024
"""gpsd bounds a report at about 10 KB (GPS_JSON_RESPONSE_MAX)."""

WATCH = b'?WATCH={"enable":true,"json":true};\n'


@dataclass(frozen=True, slots=True)
class Freshness:
    """stalled_after_s: a receiver reports once a second, with a fix or without.

    fix_lifetime_s: a van at 60 km/h is 170 m further by then.
    """

    stalled_after_s: float = 10.0
    fix_lifetime_s: float = 10.0


class GpsdLocator(WorkedDevice):
    """See `hw.api.Locator`."""

    def __init__(self, address: tuple[str, int], *, url: str, freshness: Freshness | None = None) -> None:
        super().__init__(DeviceKind.POSITION, url)
        self._address = address
        self._freshness = freshness or Freshness()
        self._fix = Fix(None, None)

    def info(self) -> DeviceInfo | Fault:
        return self._worker.standing.fault or DeviceInfo(DeviceKind.POSITION, self._url, model="gpsd")

    def _forget(self) -> None:
        self._fix = Fix(None, None)

    def position(self) -> Position | Fault | None:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        position = self._fix.position
        return position if position is not None and self._is_fresh(position.received_ns) else None

    def satellite_time(self) -> SatelliteTime | Fault | None:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        told = self._fix.time
        return told if told is not None and self._is_fresh(told.received_ns) else None

    def self_test(self) -> tuple[SelfTest, ...]:
        """Whether it sees satellites depends on the sky, and is no fault."""
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.RECEIVER_ANSWERS),)

    def _is_fresh(self, received_ns: int) -> bool:
        return time.monotonic_ns() - received_ns <= self._freshness.fix_lifetime_s * 1e9

    def _serve(self, session: Session) -> None:
        with socket.create_connection(self._address, CONNECT_TIMEOUT_S) as connection:
            connection.sendall(WATCH)
            unread = b""
            heard_at = time.monotonic()
            while not session.stopped:
                *lines, unread = (unread + self._received(connection)).split(b"\n")
                if len(unread) > MAX_LINE_BYTES:
                    raise SessionEnded(FaultCode.BAD_ANSWER, "a report without end")
                for line in lines:
                    if isinstance(self._understand(line, session), Receivers | ReceiverGone | Fix):
                        heard_at = time.monotonic()
                if time.monotonic() - heard_at > self._freshness.stalled_after_s:
                    self._silent(session)

    def _received(self, connection: socket.socket) -> bytes:
        if not select.select([connection], [], [], POLL_S)[0]:
            return b""
        data = connection.recv(16 * 1024)
        if not data:
            raise SessionEnded(FaultCode.NOT_CONNECTED, "gpsd closed the connection")
        return data

    def _understand(self, line: bytes, session: Session) -> Report | None:
        try:
            report = read_report(line, received_ns=time.monotonic_ns())
        except GpsdSyntaxError as error:
            raise SessionEnded(FaultCode.BAD_ANSWER, str(error)) from error
        match report:
            case Fix():
                self._keep(report)
                session.ready()
            case Receivers(count) if count:
                session.ready()
            case Receivers() | ReceiverGone():
                session.fault(FaultCode.NOT_CONNECTED, "gpsd has no receiver")
            case Refusal(message):
                raise SessionEnded(FaultCode.DEVICE_ERROR, f"gpsd: {message}")
        return report

    def _keep(self, fix: Fix) -> None:
        """gpsd tells the place with one sentence of the receiver, and the time with another."""
        if fix.position is not None and fix.time is None:
            fix = replace(fix, time=self._fix.time)
        self._fix = fix

    def _silent(self, session: Session) -> None:
        """A receiver that was unplugged before stays so."""
        if self._worker.standing.fault is None:
            session.fault(FaultCode.STALLED, "the receiver reports nothing")


def open_url(url: DeviceUrl) -> Locator:
    if not url.host:
        raise DeviceUrlError(url.text, "host", "", ["gpsd://host:port"])
    if url.path not in ("", "/"):
        raise DeviceUrlError(url.text, "path", url.path, ["none: gpsd://host:port"])
    return GpsdLocator((url.host, url.port or PORT), url=url.text)
