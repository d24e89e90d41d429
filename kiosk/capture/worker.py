"""The one quality worker: a task at a time, the newest frame or none.

The worker thread owns the plan of its task; the main thread only leaves orders. A sample is taken
when good frames follow each other for the policy's hold-still time, when the resident asks, or when
the time for a good one has passed with something before the sensor: worn fingers may never look good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hw.api import Fault as DeviceFault
from hw.api import Frame
from kiosk.capture.images import PNG, STROKES, decode_png, encode_png, reference
from kiosk.capture.plan import Look, Plan, RawSample
from kiosk.capture.session_fingers import SessionFingers
from kiosk.enrollment import faults
from kiosk.enrollment.effects import Purpose, StartCapture
from kiosk.enrollment.events import (
    AttemptFailed,
    DeviceFaulted,
    DeviceHealed,
    Event,
    Guidance,
    GuidanceGiven,
    SampleCompared,
    SamplesTaken,
)
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep, Modality
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import ChainLink, Sample, Verification

POLL_S = 0.01
"""Below a frame's time at 60 frames a second; the devices' slots have no wake-up."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the worker needs of the rest of the kiosk.

    plan_for: the plan of a task. store and load: bytes kept encrypted for an enrollment, by content
    hash; LookupError once they are destroyed. compare, compare_faces: probe and first sample to score,
    decision and matcher name; None when one of two pictures shows no face.
    post: hands an event to the main thread. warm: run once when the worker starts.
    """

    plan_for: Callable[[StartCapture], Plan]
    store: Callable[[str, bytes], str]
    load: Callable[[str, str], bytes]
    compare: Callable[[NDArray[np.uint8], NDArray[np.uint8]], tuple[float, bool, str]]
    compare_faces: Callable[[NDArray[np.uint8], NDArray[np.uint8]], tuple[float, bool, str] | None]
    post: Callable[[Event], None]
    warm: Callable[[], None] = lambda: None


class CaptureWorker:
    """start and stop are idempotent; begin, take_now and end may be called from any thread."""

    def __init__(
        self, rooms: Rooms, policy: Policy, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rooms = rooms
        self._policy = policy
        self._monotonic = monotonic
        self._orders = threading.Condition()
        self._wanted: StartCapture | None = None
        self._asked = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._plan: Plan | None = None
        self._fingers = SessionFingers()

    def start(self) -> None:
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
            self._thread.start()

    def stop(self, *, timeout_s: float = 15.0) -> None:
        """Raises RuntimeError when the thread does not end: a device call that never returns is a bug."""
        thread = self._thread
        if thread is None:
            return
        with self._orders:
            self._closing = True
            self._orders.notify()
        thread.join(timeout_s)
        if thread.is_alive():
            raise RuntimeError(f"the capture thread did not end within {timeout_s} s")
        self._thread = None

    def begin(self, task: StartCapture) -> None:
        with self._orders:
            self._wanted = task
            self._orders.notify()

    def take_now(self, task: int) -> None:
        self._asked = task

    def end(self, task: int) -> None:
        with self._orders:
            if self._wanted is not None and self._wanted.task == task:
                self._wanted = None

    def preview(self) -> Frame | None:
        plan = self._plan
        return plan.preview() if plan is not None else None

    def _run(self) -> None:
        self._rooms.warm()
        while True:
            with self._orders:
                while self._wanted is None and not self._closing:
                    self._orders.wait()
                if self._closing:
                    return
                task = self._wanted
            if task is not None:
                self._serve(task)

    def _current(self, task: StartCapture) -> bool:
        with self._orders:
            return self._wanted is task and not self._closing

    def _serve(self, task: StartCapture) -> None:
        plan = self._rooms.plan_for(task)
        self._plan = plan
        plan.start()
        try:
            _Watch(self, plan, task).run()
        finally:
            self._plan = None
            plan.stop()
        with self._orders:
            if self._wanted is task:
                self._wanted = None


class _Watch:
    """One task from its first frame to its answer."""

    def __init__(self, worker: CaptureWorker, plan: Plan, task: StartCapture) -> None:
        self._worker = worker
        self._rooms = worker._rooms
        self._policy = worker._policy
        self._plan = plan
        self._task = task
        self._good_since: float | None = None
        self._present_since: float | None = None
        self._present_last = worker._monotonic()
        self._faulted = False
        self._told: Guidance | None = None
        self._recognising = task.purpose is Purpose.VERIFY and task.step is CaptureStep.PHOTO

    def run(self) -> None:
        while self._worker._current(self._task):
            if self._recognising and self._nobody_came():
                self._rooms.post(AttemptFailed(self._task.task, Defect.NO_FACE))
                return
            look = self._plan.look()
            if look is None:
                time.sleep(POLL_S)
            elif isinstance(look, DeviceFault):
                self._fault(look)
                time.sleep(POLL_S)
            else:
                self._heal()
                if self._due(look) and self._taken():
                    return
                time.sleep(POLL_S)

    def _nobody_came(self) -> bool:
        """Other steps wait for their resident or device; a face is only looked at, and must hold up nobody."""
        waited_s = self._worker._monotonic() - self._present_last
        return waited_s >= self._policy.capture_timeout_s

    def _due(self, look: Look) -> bool:
        now = self._worker._monotonic()
        if look.present:
            self._present_last = now
        self._good_since = (self._good_since or now) if look.guidance.good else None
        self._present_since = (self._present_since or now) if look.present else None
        still_s = now - self._good_since if self._good_since is not None else 0.0
        held = min(1.0, still_s / self._policy.hold_still_s) if look.guidance.good else 0.0
        self._guide(replace(look.guidance, held=held))
        waited_s = now - self._present_since if self._present_since is not None else 0.0
        asked = self._worker._asked == self._task.task
        return held >= 1.0 or asked or waited_s >= self._policy.capture_timeout_s

    def _guide(self, guidance: Guidance) -> None:
        """A plan that looks at no frames, as the signature's, would say the same a thousand times a second."""
        if guidance != self._told:
            self._told = guidance
            self._rooms.post(GuidanceGiven(self._task.task, guidance))

    def _taken(self) -> bool:
        """Takes the samples; False when the device faulted and the same task must go on."""
        self._worker._asked = 0
        self._good_since = self._present_since = None
        taken = self._plan.take()
        if isinstance(taken, DeviceFault):
            self._fault(taken)
            self._plan.start()
            return False
        if not isinstance(taken, tuple):
            self._rooms.post(AttemptFailed(self._task.task, taken))
            return True
        try:
            self._answer(taken)
        except LookupError:
            if self._worker._current(self._task):
                raise
            # The resident stopped while the device was at work, and the images are destroyed.
        return True

    def _answer(self, taken: tuple[RawSample, ...]) -> None:
        links = tuple(
            ChainLink(raw.position, raw.record_sha256, raw.chain_hash) for raw in taken if raw.chain_hash
        )
        if self._recognising:
            self._rooms.post(self._recognised(taken[0]))
            return
        if self._task.purpose is Purpose.VERIFY:
            self._rooms.post(SampleCompared(self._task.task, self._verified(taken[0]), links))
            return
        confused = self._confused(taken)
        if confused is not None and self._task.attempt < self._policy.attempts_allowed:
            self._rooms.post(AttemptFailed(self._task.task, confused, links))
            return
        samples = tuple(self._stored(raw, confused) for raw in taken)
        self._rooms.post(SamplesTaken(self._task.task, samples, links))

    def _confused(self, taken: tuple[RawSample, ...]) -> Defect | None:
        """A finger in a wrong place is taken again; after the last attempt it stands for the officer to see."""
        if self._task.step.modality is not Modality.FINGERPRINT:
            return None
        fingers = {raw.position: raw.pixels for raw in taken}
        return self._worker._fingers.seen(self._task.enrollment_id, fingers)

    def _recognised(self, probe: RawSample) -> Event:
        """Of two faces before the camera neither may speak for the other."""
        if Defect.SEVERAL_FACES in probe.report.defects:
            return AttemptFailed(self._task.task, Defect.SEVERAL_FACES)
        compared = self._rooms.compare_faces(probe.pixels, self._first_sample())
        if compared is None:
            return AttemptFailed(self._task.task, Defect.NO_FACE)
        score, matched, matcher = compared
        return SampleCompared(self._task.task, Verification(probe.position, score, matched, matcher))

    def _first_sample(self) -> NDArray[np.uint8]:
        return decode_png(self._rooms.load(self._task.enrollment_id, self._task.first_sample))

    def _verified(self, probe: RawSample) -> Verification:
        first = self._first_sample()
        score, matched, matcher = self._rooms.compare(probe.pixels, first)
        return Verification(probe.position, score, matched, matcher)

    def _stored(self, raw: RawSample, confused: Defect | None) -> Sample:
        report = raw.report
        if confused is not None:
            report = replace(report, defects=(*report.defects, confused))
        picture = encode_png(raw.pixels)
        self._rooms.store(self._task.enrollment_id, picture)
        height, width = raw.pixels.shape[:2]
        image = reference(picture, PNG, width=width, height=height, dpi=raw.dpi)
        strokes = None
        if raw.strokes:
            self._rooms.store(self._task.enrollment_id, raw.strokes)
            strokes = reference(raw.strokes, STROKES, width=width, height=height, dpi=None)
        return Sample(
            raw.position,
            image,
            report,
            attempt=self._task.attempt,
            forced=False,
            capturer=raw.capturer,
            record_sha256=raw.record_sha256,
            chain_hash=raw.chain_hash,
            strokes=strokes,
        )

    def _fault(self, fault: DeviceFault) -> None:
        self._good_since = self._present_since = None
        self._told = None
        if not self._faulted:
            self._faulted = True
            told = faults.Fault(str(fault.code), str(fault.device), fault.detail)
            self._rooms.post(DeviceFaulted(self._task.task, told))

    def _heal(self) -> None:
        if self._faulted:
            self._faulted = False
            self._rooms.post(DeviceHealed(self._task.task))
