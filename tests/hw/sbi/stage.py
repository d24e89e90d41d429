"""What the SBI storyboards share: a simulated service, its driver, and a person with small pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hw.api import CaptureRequest, CaptureSet, DeviceKind, DeviceState, Fault, ScannerCapture
from hw.sbi.delays import SbiDelays
from hw.sbi.scanner import SbiScanner
from hw.sim.sbi.service import SbiService

POSITIONS = {
    CaptureSet.RIGHT_SLAP: (2, 3, 4, 5),
    CaptureSet.LEFT_SLAP: (7, 8, 9, 10),
    CaptureSet.THUMBS: (1, 6),
    CaptureSet.BOTH_IRISES: (1, 2),
}
STEPS = tuple(POSITIONS)
"""The four captures of a session, in the usual order."""

IMPATIENT = SbiDelays(
    connect_s=2.0,
    discovery_s=2.0,
    info_s=2.0,
    capture_allowance_s=0.5,
    stream_open_s=2.0,
    frame_gap_s=0.6,
    busy_grace_s=0.2,
    busy_pause_s=0.02,
    relink_s=3.0,
    health_s=0.05,
)
"""For devices that hang: the driver gives up within a storyboard's patience."""

WATCHFUL = SbiDelays(health_s=0.05)
"""The kiosk's delays, but an idle device is looked at twenty times a second."""


class Passenger:
    """A `Subject` whose pictures tell set and position apart, and cost nothing to make.

    It stands as still at any time, and its fingers look the same in every set.
    """

    def __init__(self, name: str = "Passenger", *, shade: int = 200) -> None:
        self.name = name
        self._shade = shade
        self._ys, self._xs = np.mgrid[:240, :192]

    def preview(self, capture_set, elapsed_s):  # noqa: ARG002
        eyes = capture_set is CaptureSet.BOTH_IRISES
        picture = np.full((120, 320) if eyes else (300, 320), self._shade, np.uint8)
        picture[:20, :20] = 20 * list(CaptureSet).index(capture_set)
        return picture

    def sample(self, capture_set, position):  # noqa: ARG002
        waves = np.sin(self._xs / 2.8 + self._ys / (3 + position))
        return np.ascontiguousarray((waves * 90 + 128).astype(np.uint8))

    def signature(self):
        return ()


def kind_of(capture_set: CaptureSet) -> DeviceKind:
    return DeviceKind.IRIS_CAMERA if capture_set is CaptureSet.BOTH_IRISES else DeviceKind.SLAP_SCANNER


def wait_for(condition: Callable[[], bool], *, patience_s: float = 20.0) -> None:
    """The patience bounds a broken run; no storyboard depends on how long anything takes."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


@dataclass
class Stage:
    service: SbiService
    scanner: SbiScanner

    def ready(self) -> Stage:
        wait_for(lambda: self.scanner.state() is DeviceState.READY)
        return self

    def capture(self, capture_set: CaptureSet, **terms) -> ScannerCapture | Fault:
        terms = {"positions": POSITIONS[capture_set], "timeout_s": 10.0} | terms
        return self.scanner.capture(CaptureRequest(capture_set, **terms))

    def good_capture(self, capture_set: CaptureSet, **terms) -> ScannerCapture:
        answer = self.capture(capture_set, **terms)
        assert isinstance(answer, ScannerCapture), answer
        assert sorted(sample.position for sample in answer.samples) == sorted(
            terms.get("positions", POSITIONS[capture_set])
        )
        return answer
