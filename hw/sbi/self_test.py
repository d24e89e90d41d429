"""What `hw doctor` asks of a scanner: does its service answer, is it ready, is it trusted."""

from __future__ import annotations

from typing import Final

from hw.api import FaultCode, SelfTest, SelfTestCode
from hw.sbi.cancel import Cancel
from hw.sbi.client import SbiClient
from hw.sbi.failure import SbiFailure

_STEPS: Final = (SelfTestCode.SERVICE_ANSWERS, SelfTestCode.SCANNER_READY, SelfTestCode.SCANNER_TRUSTED)
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
        return (*_passed(failed), SelfTest(_STEPS[failed], passed=False, detail=failure.detail))
    return _passed(len(_STEPS))


def _passed(steps: int) -> tuple[SelfTest, ...]:
    return tuple(SelfTest(code, passed=True) for code in _STEPS[:steps])
