"""Why an exchange with the service did not hold."""

from __future__ import annotations

from hw.api import FaultCode


class SbiFailure(Exception):  # noqa: N818 - an expected failure, turned into a `Fault` by the driver
    """Raised inside `hw.sbi` only. detail: English, technical, nothing personal.

    transient: asking again in a moment may do.
    """

    def __init__(self, code: FaultCode, detail: str, *, transient: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.transient = transient
