"""The driver of a UPS behind Network UPS Tools: asks upsd once a second."""

from __future__ import annotations

import re
import time

from hw.api import DeviceInfo, DeviceKind, Fault, FaultCode, PowerStatus, PowerSupply, SelfTest, SelfTestCode
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.power.nut_conversation import NutConversation, NutRefusedError
from hw.power.nut_words import NutSyntaxError, power_status
from hw.worker import Session, SessionEnded, WorkedDevice

POLL_S = 1.0
"""NUT's drivers look at the UPS every 2 s."""

PORT = 3493
"""Assigned to NUT by IANA."""

_UPS_NAME = re.compile(r"[A-Za-z0-9._-]+")


class NutUps(WorkedDevice):
    """See `hw.api.PowerSupply`."""

    def __init__(self, address: tuple[str, int], *, ups: str, url: str, poll_s: float = POLL_S) -> None:
        super().__init__(DeviceKind.POWER, url)
        self._address = address
        self._ups = ups
        self._poll_s = poll_s
        self._status: PowerStatus | None = None
        self._info = DeviceInfo(DeviceKind.POWER, url)

    def info(self) -> DeviceInfo | Fault:
        return self._worker.standing.fault or self._info

    def _forget(self) -> None:
        self._status = None

    def power(self) -> PowerStatus | Fault | None:
        return self._worker.standing.fault or self._status

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.UPS_ANSWERS),)

    def _serve(self, session: Session) -> None:
        with NutConversation(self._address) as conversation:
            while not session.stopped:
                self._ask(conversation, session)
                session.wait(self._poll_s)

    def _ask(self, conversation: NutConversation, session: Session) -> None:
        try:
            variables = conversation.variables(self._ups)
            self._status = power_status(variables, read_ns=time.monotonic_ns())
        except NutSyntaxError as error:
            raise SessionEnded(FaultCode.BAD_ANSWER, str(error)) from error
        except NutRefusedError as refused:
            self._refused(refused, session)
        else:
            self._info = _identity(variables, url=self._url)
            session.ready()

    def _refused(self, refused: NutRefusedError, session: Session) -> None:
        """upsd stays while its driver or the UPS's cable does not."""
        match refused.name:
            case "DATA-STALE":
                session.fault(FaultCode.STALLED, "the UPS does not answer its driver")
            case "DRIVER-NOT-CONNECTED":
                raise SessionEnded(FaultCode.NOT_CONNECTED, "the driver of the UPS does not run")
            case "UNKNOWN-UPS":
                raise SessionEnded(FaultCode.DEVICE_ERROR, f"upsd has no UPS named {self._ups}")
            case _:
                raise SessionEnded(FaultCode.DEVICE_ERROR, str(refused))


def _identity(variables: dict[str, str], *, url: str) -> DeviceInfo:
    def first(*names: str) -> str:
        return next((variables[name] for name in names if variables.get(name)), "")

    return DeviceInfo(
        DeviceKind.POWER,
        url,
        make=first("device.mfr", "ups.mfr"),
        model=first("device.model", "ups.model"),
        serial=first("device.serial", "ups.serial"),
        firmware=first("ups.firmware"),
    )


def open_url(url: DeviceUrl) -> PowerSupply:
    if not url.host:
        raise DeviceUrlError(url.text, "host", "", ["nut://host:port/UPSNAME"])
    ups = url.path.removeprefix("/")
    if not _UPS_NAME.fullmatch(ups):
        raise DeviceUrlError(url.text, "path", url.path, ["/UPSNAME, as in ups.conf"])
    return NutUps((url.host, url.port or PORT), ups=ups, url=url.text)
