"""Asked to end while it waits, a process ends; asked many times, it ends once."""

import signal
import subprocess
import sys

import pytest

WAITER = """
import os
import sys
from kiosk.uplink.stop import StopSignal
stop = StopSignal()
print("waiting", flush=True)
asked = stop.wait(60) and stop.wait(0)
sys.stdin.read()
os._exit(0 if asked else 1)
"""
"""It outlives the last request: in its own finalisation Python gives signals back their deadly defaults."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_the_first_of_many_requests(number):
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WAITER], stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"waiting\n"
        for _ in range(5):
            process.send_signal(number)
        process.stdin.close()
        assert process.wait(20) == 0
