"""The capture worker: good and still, asked for, too long, gone and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from hw.api import DeviceKind, Fault, FaultCode, Frame
from kiosk.capture.plan import Look, RawSample
from kiosk.capture.worker import CaptureWorker, Rooms
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
from kiosk.enrollment.positions import Position, step_of
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.enrollment.record import Capturer, Verification
from tests.hw.support import eventually

GOOD = Look(Guidance(good=True), present=True)
POOR = Look(Guidance(advice=Defect.TOO_DRY), present=True)
NOBODY = Look(Guidance(advice=Defect.NOTHING_PRESENT), present=False)
UNPLUGGED = Fault(FaultCode.NOT_CONNECTED, DeviceKind.SLAP_SCANNER, "unplugged")
PATIENT = Policy(hold_still_s=0.05, capture_timeout_s=30.0)


def raw(position: Position, *defects: Defect) -> RawSample:
    report = QualityReport(position.modality, position, 77, "test/1", defects=defects)
    pixels = np.full((8, 6), 128, np.uint8)
    return RawSample(position, pixels, 500, report, Capturer("Make", "Model", "1"), "ab", "CD")


@dataclass
class ScriptedPlan:
    """Shows `looks` in turn, the last one for ever; answers `takes` in turn."""

    looks: list[Look | Fault | None]
    takes: list[tuple[RawSample, ...] | Defect | Fault]
    starts: int = 0
    stops: int = 0
    looked: int = 0

    def start(self) -> None:
        self.starts += 1

    def stop(self) -> None:
        self.stops += 1

    def preview(self) -> Frame | None:
        return None

    def look(self) -> Look | Fault | None:
        self.looked += 1
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        return self.takes.pop(0)


@dataclass
class Stage:
    """A worker with one scripted plan, and everything it posted."""

    plan: ScriptedPlan
    policy: Policy = PATIENT
    events: list[Event] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    likeness: tuple[float, bool, str] | None = (70.0, True, "test-face/1")
    stops_at_take: bool = False

    def __post_init__(self) -> None:
        rooms = Rooms(
            plan_for=lambda _task: self.plan,
            store=self._store,
            load=self._load,
            compare=lambda probe, first: (60.0, bool((probe == first).all()), "test/1"),
            compare_faces=lambda _probe, _first: self.likeness,
            post=self.events.append,
        )
        self.worker = CaptureWorker(rooms, self.policy)

    def _load(self, _enrollment_id: str, sha256: str) -> bytes:
        self._stopped()
        return self.stored[sha256]

    def _stopped(self) -> None:
        """As when the resident ends the session just before."""
        if self.stops_at_take:
            self.worker.end(1)
            raise LookupError("destroyed")

    def _store(self, _enrollment_id: str, data: bytes) -> str:
        self._stopped()
        self.stored["first"] = data
        return "first"

    def begin(
        self, purpose: Purpose = Purpose.ENROLL, task: int = 1, position: Position = Position.RIGHT_INDEX
    ) -> None:
        self.worker.begin(
            StartCapture(
                task,
                "U-1",
                purpose,
                step_of(position),
                (position,),
                1,
                previous_hash="",
                first_sample="first",
            )
        )

    def wait_for(self, kind: type[Event]) -> Event:
        return self._until(lambda: next((e for e in self.events if isinstance(e, kind)), None))

    def _until(self, found: Callable[[], Event | None]) -> Event:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            event = found()
            if event is not None:
                return event
            time.sleep(0.005)
        raise AssertionError(f"did not come; came: {self.events[-5:]}")


@pytest.fixture
def stage():
    """A factory whose workers are stopped at the end."""
    made: list[Stage] = []

    def make(looks, takes, policy=PATIENT):
        one = Stage(ScriptedPlan(list(looks), list(takes)), policy)
        one.worker.start()
        made.append(one)
        return one

    yield make
    for one in made:
        one.worker.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "capture"]


def test_a_good_picture_held_still_is_taken_stored_and_posted(stage):
    one = stage([GOOD], [(raw(Position.RIGHT_INDEX),)])
    one.begin()
    taken = one.wait_for(SamplesTaken)
    assert taken.samples[0].image.sha256
    assert taken.samples[0].image.dpi == 500
    assert taken.links[0].chain_hash == "CD"
    assert one.stored["first"].startswith(b"\x89PNG")
    held = [event.guidance.held for event in one.events if isinstance(event, GuidanceGiven)]
    assert held[0] == 0.0
    assert held[-1] == 1.0
    assert held == sorted(held)


def test_a_poor_frame_in_between_starts_the_stillness_again(stage):
    one = stage([GOOD, GOOD, POOR, GOOD], [(raw(Position.RIGHT_INDEX),)])
    one.begin()
    one.wait_for(SamplesTaken)
    held = [event.guidance.held for event in one.events if isinstance(event, GuidanceGiven)]
    assert held[2] == 0.0


def test_a_poor_picture_is_only_advised_about(stage):
    one = stage([POOR], [])
    one.begin()
    advised = one.wait_for(GuidanceGiven)
    assert advised.guidance.advice is Defect.TOO_DRY
    time.sleep(0.2)
    assert not any(isinstance(event, SamplesTaken) for event in one.events)


def test_asked_for_it_is_taken_though_poor(stage):
    one = stage([POOR], [(raw(Position.RIGHT_INDEX),)])
    one.begin()
    one.worker.take_now(1)
    one.wait_for(SamplesTaken)


def test_worn_fingers_that_never_look_good_are_taken_after_the_policys_time(stage):
    one = stage([POOR], [(raw(Position.RIGHT_INDEX),)], Policy(hold_still_s=0.05, capture_timeout_s=0.2))
    one.begin()
    one.wait_for(SamplesTaken)


def test_an_empty_platen_costs_no_attempt_however_long(stage):
    one = stage([NOBODY], [], Policy(hold_still_s=0.05, capture_timeout_s=0.1))
    one.begin()
    time.sleep(0.4)
    assert {type(event) for event in one.events} == {GuidanceGiven}


def test_a_device_that_gives_nothing_usable_costs_an_attempt(stage):
    one = stage([GOOD], [Defect.FINGERS_MISSING])
    one.begin()
    assert one.wait_for(AttemptFailed).advice is Defect.FINGERS_MISSING


def test_unplugged_in_mid_step_it_is_told_once_and_heals_in_the_same_task(stage):
    one = stage([POOR, UNPLUGGED, UNPLUGGED, UNPLUGGED, GOOD], [(raw(Position.RIGHT_INDEX),)])
    one.begin()
    one.wait_for(SamplesTaken)
    kinds = [type(event) for event in one.events if not isinstance(event, GuidanceGiven)]
    assert kinds == [DeviceFaulted, DeviceHealed, SamplesTaken]


def test_a_fault_at_the_capture_itself_restarts_the_preview_and_goes_on(stage):
    one = stage([GOOD], [UNPLUGGED, (raw(Position.RIGHT_INDEX),)])
    one.begin()
    one.wait_for(SamplesTaken)
    assert one.plan.starts == 2


def test_verification_compares_with_the_first_sample_and_keeps_nothing(stage):
    one = stage([GOOD], [(raw(Position.RIGHT_INDEX),)] * 2)
    one.begin()
    one.wait_for(SamplesTaken)
    before = dict(one.stored)
    one.begin(Purpose.VERIFY, task=2)
    compared = one.wait_for(SampleCompared)
    assert compared.verification.matched
    assert one.stored == before


# --- the same person --------------------------------------------------------------------------------

FACE_WITH_ANOTHER = (raw(Position.FACE, Defect.SEVERAL_FACES),)


def photographed(stage, looks, takes, **changes):
    """A worker that has the photo, about to look whether the same person sits there."""
    one = stage([GOOD], [(raw(Position.FACE),), *takes], **changes)
    one.begin(position=Position.FACE)
    one.wait_for(SamplesTaken)
    one.plan.looks = list(looks)
    return one


def test_a_face_is_compared_with_the_photo_and_nothing_of_it_is_kept(stage):
    one = photographed(stage, [GOOD], [(raw(Position.FACE),)])
    before = dict(one.stored)
    one.begin(Purpose.VERIFY, task=2, position=Position.FACE)
    compared = one.wait_for(SampleCompared)
    assert compared.verification == Verification(Position.FACE, 70.0, matched=True, matcher="test-face/1")
    assert compared.links == ()
    assert one.stored == before


def test_another_persons_face_is_told_with_its_score(stage):
    one = photographed(stage, [GOOD], [(raw(Position.FACE),)])
    one.likeness = (20.0, False, "test-face/1")
    one.begin(Purpose.VERIFY, task=2, position=Position.FACE)
    assert one.wait_for(SampleCompared).verification.matched is False
    assert one.wait_for(SampleCompared).verification.score == 20.0


def test_of_two_faces_neither_is_compared(stage):
    one = photographed(stage, [GOOD], [FACE_WITH_ANOTHER])
    one.begin(Purpose.VERIFY, task=2, position=Position.FACE)
    assert one.wait_for(AttemptFailed) == AttemptFailed(2, Defect.SEVERAL_FACES)


def test_a_picture_in_which_no_face_is_found_is_taken_again(stage):
    one = photographed(stage, [GOOD], [(raw(Position.FACE),)])
    one.likeness = None
    one.begin(Purpose.VERIFY, task=2, position=Position.FACE)
    assert one.wait_for(AttemptFailed) == AttemptFailed(2, Defect.NO_FACE)


@pytest.mark.parametrize("sees", [NOBODY, UNPLUGGED, None], ids=["nobody", "camera away", "no new frame"])
def test_nobody_in_view_is_an_answer_after_a_while(stage, sees):
    one = photographed(stage, [sees], [], policy=Policy(hold_still_s=0.05, capture_timeout_s=0.2))
    one.begin(Purpose.VERIFY, task=2, position=Position.FACE)
    assert one.wait_for(AttemptFailed) == AttemptFailed(2, Defect.NO_FACE)


def test_an_ended_task_stops_its_plan_and_posts_no_more(stage):
    one = stage([POOR], [])
    one.begin()
    one.wait_for(GuidanceGiven)
    one.worker.end(1)
    deadline = time.monotonic() + 60
    while one.plan.stops == 0 and time.monotonic() < deadline:
        time.sleep(0.005)
    count = len(one.events)
    time.sleep(0.1)
    assert one.plan.stops == 1
    assert len(one.events) == count


@pytest.mark.parametrize("purpose", [Purpose.ENROLL, Purpose.VERIFY])
def test_a_resident_who_stops_while_the_device_is_at_work_leaves_nothing_and_the_next_is_served(
    stage, purpose: Purpose
):
    one = stage([GOOD], [(raw(Position.RIGHT_INDEX),), (raw(Position.RIGHT_INDEX),)])
    one.stops_at_take = True
    one.begin(purpose)
    eventually(lambda: one.plan.stops == 1)
    assert not any(isinstance(event, SamplesTaken | SampleCompared) for event in one.events)
    one.stops_at_take = False
    one.begin(task=2)
    assert one.wait_for(SamplesTaken).task == 2


def test_start_and_stop_are_idempotent():
    one = Stage(ScriptedPlan([NOBODY], []))
    one.worker.stop()
    one.worker.start()
    one.worker.start()
    one.worker.stop()
    one.worker.stop()
