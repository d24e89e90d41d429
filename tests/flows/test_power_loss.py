"""Killed after every single fact, the kiosk delivers the record all the same, and asks for nothing twice."""

import json
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing

import pytest

from kiosk.compose import load_keys
from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import StepCaptured
from kiosk.enrollment.positions import CaptureStep
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState

MOST_STARTS = 40


@pytest.mark.timeout(1200)  # about twenty starts, each with a look at the face
def test_killed_at_every_step_it_resumes_at_the_last_completed_one(office, tmp_path):
    setup = tmp_path / "setup.json"
    config = office.config
    setup.write_text(
        json.dumps(
            {
                "data": str(config.data),
                "keys": str(config.keys),
                "devices": dict(config.devices),
                "store": config.store,
                "control": office.devices.url,
                "ticket": office.residents[0].ticket,
            }
        )
    )
    endings: list[int] = []
    captured: Counter[CaptureStep] = Counter()
    while 0 not in endings and len(endings) < MOST_STARTS:
        run = subprocess.run(
            [sys.executable, "-m", "tests.flows.killed_kiosk", str(setup)],
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert run.returncode in (0, -signal.SIGKILL), run.stderr.decode()[-3000:]
        endings.append(run.returncode)
        captured = captures(config) or captured  # the purge ends with the journal forgetting the enrollment
    assert endings.count(-signal.SIGKILL) >= len(CaptureStep)
    assert captured == dict.fromkeys(CaptureStep, 1)
    with closing(Outbox(DataFolder(config.data).outbox)) as outbox:
        assert [entry.state for entry in outbox.entries()] == [PacketState.PURGED]


def captures(config) -> Counter[CaptureStep]:
    wrapping_key = load_keys(config).wrapping_key
    with Journal(DataFolder(config.data).journal, wrapping_key=wrapping_key) as journal:
        events = [event for one in journal.enrollments() for event in journal.events(one)]
    return Counter(f.step for e in events if isinstance(f := fact_from_line(e.event), StepCaptured))
