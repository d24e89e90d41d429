"""One simulated office for the flow tests of this folder."""

from dataclasses import replace

import pytest

from kiosk.config import load
from kiosk.simulated import simulated_office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with simulated_office(replace(load(), speech="silent"), tmp_path_factory.mktemp("office")) as opened:
        opened.devices.person(0)
        yield opened
