"""`hw doctor`: each device's self-test, and what to do where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hw.api import SelfTest
from hw.commands.following import DEV, followed
from hw.registry import open_device
from hw.self_tests import advice_of, check_of


def examine(urls: Sequence[str], *, dev: Path = DEV) -> tuple[tuple[str, tuple[SelfTest, ...]], ...]:
    """Self-tests by URL, one device after the other. Raises DeviceUrlError before any is touched.

    dev: where the device nodes are.
    """
    with followed(urls, dev=dev) as to_open:
        devices = [open_device(url) for url in to_open]
        return tuple((url, device.self_test()) for url, device in zip(urls, devices, strict=True))


def healthy(results: Sequence[tuple[str, tuple[SelfTest, ...]]]) -> bool:
    return all(test.passed for _, tests in results for test in tests)


def as_text(results: Sequence[tuple[str, tuple[SelfTest, ...]]]) -> str:
    lines = []
    for url, tests in results:
        lines.append(url)
        for test in tests:
            lines.append(f"  {'ok    ' if test.passed else 'FAILED'}  {check_of(test)}")
            if not test.passed:
                lines.append(f"          {advice_of(test)}")
    return "\n".join(lines) or "No device found."
