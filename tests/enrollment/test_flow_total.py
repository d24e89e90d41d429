"""From every state a walk can reach, every event is handled, and what must always hold, holds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment import events as ev
from kiosk.enrollment.approval import challenge_of, statement_of
from kiosk.enrollment.effects import Record, StartCapture, StopCapture
from kiosk.enrollment.facts import Finalised, apply, replay
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.flow import step
from kiosk.enrollment.gallery_flow import probes
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import (
    ExceptionReason,
    GallerySearch,
    ImageRef,
    Language,
    OfficerSignature,
    RecordedBefore,
    Verification,
)
from kiosk.enrollment.screens import Capturing, Kiosk, OfficerApproving
from kiosk.enrollment.standing import Delivery, DeviceStanding, UnitStanding
from kiosk.enrollment.stick_events import StickOutcome, StickTask
from tests.enrollment.people import NOW, RESIDENT, SISTER, sample

FAULT = Fault("not_connected", "slap")
STANDING = DeviceStanding("sbi://slap", "slap", "driver", "ready")
STAFF = (
    ev.Staff("1001", ev.Role.OFFICER),
    ev.Staff("1001", ev.Role.OFFICER, by_card=True),
    ev.Staff("2001", ev.Role.SUPERVISOR),
)


HITS = (RecordedBefore("UNIT-000001", 30.0, 4),)


def fingers_of(kiosk: Kiosk, record: str) -> tuple[ImageRef, ...]:
    return probes(kiosk.enrollment(record)) if kiosk.holds(record) else ()


def asked_of_the_card(kiosk: Kiosk) -> bytes:
    screen = kiosk.screen
    if not isinstance(screen, OfficerApproving):
        return b"nothing"
    fact = Finalised(screen.staff.number, screen.at, screen.override)
    return challenge_of(statement_of(apply(kiosk.enrollment(screen.enrollment_id), fact)))


def any_event(kiosk: Kiosk, draw: st.DrawFn) -> ev.Event:
    """Any event at all, its parameters often fitting the present state."""
    screen = kiosk.screen
    tasks = [0, screen.task] if isinstance(screen, Capturing) else [0, kiosk.next_task]
    positions = screen.positions if isinstance(screen, Capturing) else (Position.FACE,)
    task = draw(st.sampled_from(tasks))
    record = draw(st.sampled_from([e.id for e in kiosk.enrollments] or ["nobody"]))
    score = draw(st.sampled_from([0, 80]))
    code = getattr(screen, "entry", "") or "A001"
    persons = draw(st.sampled_from([(), (RESIDENT,), (SISTER,), (RESIDENT, SISTER)]))
    challenge = draw(st.sampled_from([b"an earlier attempt", asked_of_the_card(kiosk)]))
    stick_task = draw(st.sampled_from(StickTask))
    pool = [
        ev.LanguageChosen(Language.ENGLISH),
        ev.KeyTyped(draw(st.sampled_from("0125A"))),
        ev.CodeScanned("A001"),
        ev.GuidanceGiven(task, ev.Guidance(good=True)),
        ev.SamplesTaken(task, tuple(sample(p, score) for p in positions)),
        ev.AttemptFailed(task, Defect.MOVING),
        ev.SampleCompared(task, Verification(positions[0], 1.0, score > 0, "test/1")),
        ev.GallerySearched(record, fingers_of(kiosk, record), GallerySearch("test/1", 1, HITS[: score // 80])),
        ev.DeviceFaulted(task, FAULT),
        ev.DeviceHealed(task),
        ev.RosterAnswered(code, "ticket", persons),
        ev.SignInAnswered(draw(st.sampled_from((None, *STAFF)))),
        ev.UnitExamined(UnitStanding((STANDING,), "1", NOW, 1, False, 0)),
        ev.DeviceChosen(STANDING.url),
        ev.SelfTestsAsked((STANDING.url, STANDING.url)),
        ev.DeviceTested(STANDING.url, ()),
        ev.StickTaskChosen(stick_task),
        ev.StickProgressed(1, 2),
        ev.StickTaskEnded(StickOutcome(stick_task)),
        ev.PowerChanged(score > 0),
        ev.CardChanged(draw(st.sampled_from(ev.CardPresence))),
        ev.CardRefused(draw(st.sampled_from([None, 0, 2])), draw(st.sampled_from([None, *ev.CardTrouble]))),
        ev.ApprovalSigned(record, challenge, OfficerSignature("ecdsa-sha256", "MEUCIQ==", "MIIB")),
        ev.Sealed(record, "ab" * 32),
        ev.SealingFailed(record, FAULT),
        ev.SlipPrinted(record),
        ev.PrinterReady(),
        ev.DeliveriesSeen((Delivery(record, "sending", percent=40),)),
        ev.PrintingFailed(record, FAULT),
        ev.ReceiptArrived(record, "cd" * 32, "RECEIVED_AT_CENTRAL", accepted=score > 0),
        ev.Purged(record),
        ev.RecordOpened(record),
        ev.StepReturned(draw(st.sampled_from(CaptureStep))),
        ev.ExceptionPositionChosen(draw(st.sampled_from(Position))),
        ev.ExceptionReasonChosen(ExceptionReason.AMPUTATED),
        ev.FinaliseAsked(draw(st.sampled_from(["", "best_of_attempts"]))),
    ]
    pool += [ev.Recalled(enrollment) for enrollment in kiosk.enrollments]
    named = {ev.Recalled, *(type(event) for event in pool)}
    pool += [kind() for kind in ev.Event.__args__ if kind not in named]
    return draw(st.sampled_from(pool))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_walk_is_handled_and_the_journal_tells_the_same_story(data):
    kiosk = Kiosk(unit="UNIT")
    journal: dict[str, list[object]] = {}
    running: set[int] = set()
    for _ in range(data.draw(st.integers(1, 80))):
        event = any_event(kiosk, data.draw)
        kiosk, effects = step(kiosk, event, NOW)
        for effect in effects:
            match effect:
                case Record(enrollment_id, fact):
                    journal.setdefault(enrollment_id, []).append(fact)
                case StopCapture(task):
                    running.remove(task)
                case StartCapture():
                    assert not running, "one capture at a time"
                    running.add(effect.task)
    on_screen = {kiosk.screen.task} if isinstance(kiosk.screen, Capturing) else set()
    assert running == on_screen
    for enrollment in kiosk.enrollments:
        assert replay(journal[enrollment.id]) == enrollment
