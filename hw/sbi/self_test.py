"""What `hw doctor` asks of a scanner: does its service answer, is it ready, is it trusted."""

from __future__ import annotations

from typing import Final

from hw.api import FaultCode, SelfTest
from hw.sbi.cancel import Cancel
from hw.sbi.client import SbiClient
from hw.sbi.failure import SbiFailure

_STEPS: Final = (
    ("service answers", "Plug the scanner in and see that its vendor's service runs"),
    ("device is ready", "Close other programs that use the scanner, or plug it out and in"),
    ("device is trusted", "Check the device CA certificate (ca=) and the kiosk's clock"),
)
_FAILED_STEP: Final = {
    FaultCode.NOT_CONNECTED: 0,
    FaultCode.STALLED: 0,
    FaultCode.BAD_ANSWER: 0,
    FaultCode.BUSY: 1,
    FaultCode.NOT_READY: 1,
    FaultCode.NOT_REGISTERED: 1,
}


def self_test(client: SbiClient, *, in_use: bool) -> tuple[SelfTest, ...]:
    """Asks the service itself; the lines end with the first step that failed.

    in_use: this driver previews or captures now, so that the device is rightly busy.
    """
    try:
        client.connect(cancel=Cancel(), in_use=in_use)
    except SbiFailure as failure:
        failed = _FAILED_STEP.get(failure.code, len(_STEPS) - 1)
        name, advice = _STEPS[failed]
        return (*_passed(failed), SelfTest(name, passed=False, advice=f"{advice} ({failure.detail})"))
    return _passed(len(_STEPS))


def _passed(steps: int) -> tuple[SelfTest, ...]:
    return tuple(SelfTest(name, passed=True) for name, _ in _STEPS[:steps])
