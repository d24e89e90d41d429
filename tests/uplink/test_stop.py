"""Asked to end while it waits, a process ends; asked many times, it ends once."""

import signal
import subprocess
import sys

import pytest

WAITER = """
from kiosk.uplink.stop import StopSignal
stop = StopSignal()
print("waiting", flush=True)
raise SystemExit(0 if stop.wait(60) and stop.wait(0) else 1)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_the_first_of_many_requests(number):
    process = subprocess.Popen([sys.executable, "-c", WAITER], stdout=subprocess.PIPE)
    with process.stdout:
        assert process.stdout.readline() == b"waiting\n"
        for _ in range(5):
            if process.poll() is None:
                process.send_signal(number)
        assert process.wait(20) == 0
