"""Sets the stage of an SBI storyboard, and strikes it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hw.api import DeviceKind
from hw.device_url import DeviceUrl
from hw.sbi.scanner import SbiScanner
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from tests.hw.sbi.stage import WATCHFUL, Passenger, Stage
from tests.ports import unused_port


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> DeviceAuthority:
    return DeviceAuthority.open(tmp_path_factory.mktemp("device-ca"))


@pytest.fixture
def set_stage(authority) -> Iterator[Callable[..., Stage]]:
    """Builds a stage of the kind and ends everything on it afterwards."""
    with ExitStack() as curtain:

        def build(kind=DeviceKind.SLAP_SCANNER, *, delays=WATCHFUL, subject=None, now=None, **service) -> Stage:
            service = {"capture_delay_s": 0.0, "port": unused_port()} | service
            simulated = SbiService(subject or Passenger(), authority=authority, kind=kind, **service)
            simulated.start()
            curtain.callback(simulated.stop)
            clock = {} if now is None else {"now": now}
            scanner = SbiScanner(DeviceUrl.parse(simulated.url), kind=kind, delays=delays, **clock)
            curtain.callback(scanner.stop)
            scanner.start()
            return Stage(simulated, scanner)

        yield build
