"""How the unit and its devices stand, as its officers see it: values the app gathers, nothing personal."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.enrollment.record import Stamp


@dataclass(frozen=True, slots=True)
class SelfTestLine:
    """One line of a device's self-test. code: a value of `hw.api.SelfTestCode`.

    detail: why it did not pass, technical, English. eye: "right" or "left" in a pair of cameras, else empty.
    """

    code: str
    passed: bool
    detail: str = ""
    eye: str = ""


@dataclass(frozen=True, slots=True)
class DeviceTest:
    url: str
    lines: tuple[SelfTestLine, ...]

    @property
    def passed(self) -> bool:
        return all(line.passed for line in self.lines)


@dataclass(frozen=True, slots=True)
class DeviceStanding:
    """kind and state: values of `hw.api`. fault: its code, empty for none; detail: technical, English."""

    url: str
    kind: str
    driver: str
    state: str
    make: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    fault: str = ""
    detail: str = ""

    @property
    def ready(self) -> bool:
        return self.state in ("ready", "capturing") and not self.fault


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a sealed packet has come. state: as the outbox names it; percent: of the bytes sent, None where
    nobody counts them. fault: why the last attempt failed, technical, empty when it did not."""

    enrollment_id: str
    state: str
    percent: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """unsent: sealed packets without an accepting receipt. last_fault: why the last sending failed.

    keys_fault: why records wait unsealed, a certificate or the list of recipients being out of time.
    """

    devices: tuple[DeviceStanding, ...]
    version: str
    clock: Stamp
    free_mb: int
    enough_free: bool
    unsent: int
    last_fault: str = ""
    keys_fault: str = ""
