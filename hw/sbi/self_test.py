"""What `hw doctor` asks of a scanner: reachable, trusted, ready."""

from __future__ import annotations

from hw.api import SelfTest
from hw.sbi.cancel import Cancel
from hw.sbi.client import SbiClient
from hw.sbi.device import require_ready
from hw.sbi.failure import SbiFailure


def self_test(client: SbiClient, *, in_use: bool) -> tuple[SelfTest, ...]:
    """Asks the service itself, within the delays of discovery and info.

    in_use: this driver previews or captures now, so that the device is rightly busy.
    """
    cancel = Cancel()
    tests: list[SelfTest] = []
    try:
        endpoint, found = client.find(cancel=cancel)
        tests.append(SelfTest("service answers", passed=True))
        client.describe(endpoint, found, cancel=cancel)
        tests.append(SelfTest("device is trusted", passed=True))
        if not in_use:
            require_ready(found.status)
        tests.append(SelfTest("device is ready", passed=True))
    except SbiFailure as failure:
        tests.append(
            SelfTest(_NAMES[len(tests)], passed=False, advice=f"{_ADVICE[len(tests)]} ({failure.detail})")
        )
    return tuple(tests)


_NAMES = ("service answers", "device is trusted", "device is ready")
_ADVICE = (
    "Plug the scanner in and see that its vendor's service runs",
    "Check the device CA certificate (ca=) and the kiosk's clock",
    "Close other programs that use the scanner, or plug it out and in",
)
