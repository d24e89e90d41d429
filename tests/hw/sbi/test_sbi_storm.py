"""Everything at once: hasty callers, pulled cables and faults of every kind; then quiet, and all is well."""

from __future__ import annotations

import random
import threading
import time

import pytest

from hw.api import CaptureRequest, CaptureSet, DeviceState, Fault, Frame, ScannerCapture
from hw.sim.sbi.faults import ScannerFault
from tests.hw.sbi.stage import IMPATIENT, POSITIONS, wait_for

SETS = (CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP, CaptureSet.THUMBS)
STORM_S = 1.5


@pytest.mark.parametrize("seed", [1, 2])
def test_after_the_storm_the_scanner_works(set_stage, seed):
    stage = set_stage(delays=IMPATIENT, capture_delay_s=0.02).ready()
    over = threading.Event()
    broken: list[BaseException] = []

    def weather(number: int, act) -> None:
        dice = random.Random(seed * 100 + number)  # noqa: S311 - dice, not a secret
        try:
            while not over.is_set():
                act(dice)
                over.wait(dice.uniform(0.0, 0.05))
        except BaseException as error:  # noqa: BLE001 - told by the storyboard's own thread
            broken.append(error)

    def caller(dice: random.Random) -> None:
        scanner, wanted = stage.scanner, dice.choice(SETS)
        match dice.randrange(6):
            case 0:
                answer = scanner.capture(CaptureRequest(wanted, POSITIONS[wanted], timeout_s=0.2))
                assert isinstance(answer, ScannerCapture | Fault)
                if isinstance(answer, ScannerCapture):
                    assert sorted(one.position for one in answer.samples) == sorted(POSITIONS[wanted])
            case 1 | 2:
                scanner.start_preview(wanted)
            case 3:
                scanner.stop_preview()
            case _:
                assert scanner.latest() is None or isinstance(scanner.latest(), Frame | Fault | None)
                assert scanner.info() is not None and scanner.state() in DeviceState

    def mischief(dice: random.Random) -> None:
        match dice.randrange(4):
            case 0:
                stage.service.unplug()
                time.sleep(dice.uniform(0.0, 0.1))
                stage.service.plug()
            case 1:
                stage.service.stop()
                stage.service.start()
            case _:
                stage.service.fail(dice.choice(list(ScannerFault)))

    threads = [
        threading.Thread(target=weather, args=(number, act))
        for number, act in enumerate((caller, caller, caller, mischief))
    ]
    for thread in threads:
        thread.start()
    over.wait(STORM_S)
    over.set()
    for thread in threads:
        thread.join()
    assert broken == []

    for fault in ScannerFault:
        stage.service.fail(fault, count=0)
    stage.service.plug()
    stage.scanner.stop_preview()
    wait_for(lambda: isinstance(stage.capture(CaptureSet.RIGHT_SLAP), ScannerCapture))
    stage.scanner.start_preview(CaptureSet.THUMBS)
    wait_for(lambda: isinstance(stage.scanner.latest(), Frame))
    stage.good_capture(CaptureSet.THUMBS)
