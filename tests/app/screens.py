"""Every screen a kiosk can show, reached by playing it."""

from __future__ import annotations

from collections.abc import Iterator

from hw.api import DeviceKind
from kiosk.app.stick_work import LEDGER, NOTHING_THERE
from kiosk.app.view import settings_view, view_of
from kiosk.app.views import Display, View
from kiosk.courier.stick import StickFault
from kiosk.enrollment import events as ev
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import ExceptionReason
from kiosk.enrollment.screens import Capturing
from kiosk.enrollment.standing import Delivery, DeviceStanding, SelfTestLine, UnitStanding
from kiosk.enrollment.stick_events import StickOutcome, StickTask
from kiosk.storage.outbox import PacketState
from tests.enrollment.people import NOW, RESIDENT, SISTER
from tests.enrollment.storyboard import Storyboard


def states() -> Iterator[tuple[str, Storyboard]]:
    """Named stories that end on the screen of interest."""
    yield "attract", Storyboard()
    yield "notice", Storyboard().starts()
    yield "identify", Storyboard().starts().hears_the_notice()
    yield "identify unknown", Storyboard().starts().hears_the_notice().types("99").is_found()
    yield (
        "identify recorded",
        Storyboard().starts().hears_the_notice().types("9").is_found(RESIDENT, already=True),
    )
    family = Storyboard().starts().hears_the_notice().types(RESIDENT.kk).is_found(RESIDENT, SISTER)
    yield "identify birth date", family
    yield "confirm biodata", Storyboard().starts().hears_the_notice().identifies()
    yield from _captures()
    review = Storyboard().reaches_capture().is_captured_whole().is_compared().is_compared()
    yield "review", review
    face = Storyboard(review.kiosk).happens(ev.Continued())
    yield "face check", Storyboard(face.kiosk)
    yield "face check again", Storyboard(face.kiosk).is_compared(matched=False)
    yield "approve", Storyboard(face.kiosk).is_compared()
    yield "await officer", Storyboard().reaches_the_officer()
    yield "stop", Storyboard().reaches_capture().happens(ev.StopAsked())
    yield "help", Storyboard().reaches_capture().happens(ev.HelpAsked())
    yield "power low", Storyboard().happens(ev.PowerChanged(low=True))
    yield "still there", Storyboard().reaches_capture().happens(ev.IdleElapsed())
    yield from _officer()
    yield from _cards()
    yield from _diagnostics()
    yield from _stick()


def _captures() -> Iterator[tuple[str, Storyboard]]:
    story = Storyboard().reaches_capture()
    while isinstance(story.kiosk.screen, Capturing):
        screen = story.kiosk.screen
        yield f"{screen.purpose} {screen.step}", Storyboard(story.kiosk)
        if screen.purpose == "verify":
            story.is_compared()
        else:
            story.is_captured()
    task = Storyboard().reaches_capture()
    for defect in Defect:
        advised = ev.GuidanceGiven(task.on(Capturing).task, ev.Guidance(advice=defect))
        yield f"advice {defect}", Storyboard(task.kiosk).happens(advised)
    good = ev.GuidanceGiven(task.on(Capturing).task, ev.Guidance(good=True, held=0.5))
    yield "advice good", Storyboard(task.kiosk).happens(good)
    away = ev.DeviceFaulted(task.on(Capturing).task, Fault("not_connected", "face"))
    yield "device away", Storyboard(task.kiosk).happens(away)


def _officer() -> Iterator[tuple[str, Storyboard]]:
    yield "sign in", Storyboard().happens(ev.OfficerCalled())
    yield "pin", Storyboard().happens(ev.OfficerCalled()).types("1001")
    for message in ("officer.bad_pin", "officer.locked"):
        refused = Storyboard().happens(ev.OfficerCalled()).types("1001").types("0")
        yield message, refused.happens(ev.SignInAnswered(None, message, wait_s=200))
    yield "queue empty", Storyboard().happens(ev.OfficerCalled()).staff_signs_in()
    waiting = Storyboard().reaches_the_officer().happens(ev.OfficerCalled()).staff_signs_in()
    yield "queue", waiting
    record = Storyboard().reaches_the_officer().officer_opens_the_record()
    yield "record", Storyboard(record.kiosk)
    yield "return", Storyboard(record.kiosk).happens(ev.ReturnAsked())
    yield "except", Storyboard(record.kiosk).happens(ev.ExceptionAsked())
    for position in (Position.FACE, Position.SIGNATURE, Position.RIGHT_INDEX, Position.LEFT_IRIS):
        chosen = Storyboard(record.kiosk).happens(ev.ExceptionAsked(), ev.ExceptionPositionChosen(position))
        yield f"except {position}", chosen
    reason = ev.ExceptionReasonChosen(ExceptionReason.BANDAGED)
    yield (
        "supervisor",
        Storyboard(record.kiosk).happens(
            ev.ExceptionAsked(), ev.ExceptionPositionChosen(Position.LEFT_RING), reason
        ),
    )
    forced = Storyboard().reaches_capture()
    for _ in range(3):
        forced.is_captured(score=3)
    forced.is_captured_whole().is_compared(matched=False).is_compared(matched=False).is_compared(matched=False)
    forced.is_compared().happens(ev.Continued())
    for _ in range(3):
        forced.is_compared(matched=False)
    forced.is_captured()
    yield "record forced", forced.officer_opens_the_record().happens(ev.FinaliseAsked())
    finalising = Storyboard(record.kiosk).happens(ev.FinaliseAsked())
    yield "finalising", Storyboard(finalising.kiosk)
    enrollment_id = record.record.id
    yield (
        "not sealed",
        Storyboard(finalising.kiosk).happens(ev.SealingFailed(enrollment_id, Fault("not_sealed", "packet"))),
    )
    sealed = finalising.happens(ev.Sealed(enrollment_id, "ab" * 32))
    yield "finished", Storyboard(sealed.kiosk)
    yield "finished printed", Storyboard(sealed.kiosk).happens(ev.SlipPrinted(enrollment_id))
    no_paper = Storyboard(sealed.kiosk).happens(ev.PrintingFailed(enrollment_id, Fault("paper_out", "printer")))
    yield "finished no paper", Storyboard(no_paper.kiosk)
    no_paper.happens(ev.Continued())
    for delivery in (
        Delivery(enrollment_id, "sending", percent=40),
        *(Delivery(enrollment_id, state, fault="store unreachable") for state in PacketState),
    ):
        told = Storyboard(no_paper.kiosk).happens(ev.DeliveriesSeen((delivery,)))
        yield f"queue {delivery.state} {delivery.percent}", Storyboard(told.kiosk)
        if delivery.state == "rejected":
            yield "record rejected", told.happens(ev.RecordOpened(enrollment_id))
    yield "queue slip waits", Storyboard(no_paper.kiosk)
    yield "record slip waits", no_paper.happens(ev.RecordOpened(enrollment_id))


def _cards() -> Iterator[tuple[str, Storyboard]]:
    card_in = ev.CardChanged(ev.CardPresence.PRESENT)
    pulled = ev.CardChanged(ev.CardPresence.ABSENT)
    yield "sign in with a reader", Storyboard().happens(pulled, ev.OfficerCalled())
    pin = Storyboard().happens(card_in, ev.OfficerCalled())
    yield "card pin", Storyboard(pin.kiosk)
    yield "number with a card", Storyboard(pin.kiosk).happens(ev.NumberChosen())
    yield "card at work", Storyboard(pin.kiosk).types("123456")
    refused = Storyboard(pin.kiosk).types("123456").happens(ev.CardRefused(tries_left=2))
    yield "card pin refused", refused
    yield "card pin refused silently", Storyboard(pin.kiosk).types("1").happens(ev.CardRefused())
    for trouble in ev.CardTrouble:
        story = Storyboard(pin.kiosk).types("123456").happens(ev.CardRefused(trouble=trouble))
        yield f"card {trouble}", story
    approving = Storyboard().reaches_the_officer().happens(card_in).officer_signs_in_by_card()
    approving.happens(ev.RecordOpened(approving.record.id), ev.FinaliseAsked())
    yield "approving", Storyboard(approving.kiosk)
    yield "approving at work", Storyboard(approving.kiosk).types("123456")
    yield "approving without card", Storyboard(approving.kiosk).happens(pulled)


DEVICES = tuple(
    DeviceStanding(
        f"sbi://127.0.0.1:4501?type={kind}",
        kind,
        "hw.sbi.scanner.SbiScanner",
        "ready" if number % 3 else "lost",
        make="Contoh",
        model="Model",
        serial=f"SN{number:06}",
        firmware="1.0",
        fault="" if number % 3 else "not_connected",
        detail="" if number % 3 else "connection refused",
    )
    for number, kind in enumerate(DeviceKind)
)


def standing(devices: tuple[DeviceStanding, ...] = DEVICES, *, well: bool = True) -> UnitStanding:
    fault = "" if well else "store unreachable: connection refused"
    return UnitStanding(devices, "1.0.0", NOW, 41_000 if well else 900, well, 12, fault)


def _diagnostics() -> Iterator[tuple[str, Storyboard]]:
    asked = Storyboard().happens(ev.OfficerCalled()).staff_signs_in().happens(ev.DiagnosticsAsked())
    yield "diagnostics looking", Storyboard(asked.kiosk)
    yield "diagnostics none", Storyboard(asked.kiosk).happens(ev.UnitExamined(standing(())))
    seen = asked.happens(ev.UnitExamined(standing(well=False)))
    yield "diagnostics list", Storyboard(seen.kiosk)
    yield "diagnostics unit", Storyboard(seen.kiosk).happens(ev.UnitChosen())
    well = ev.UnitExamined(standing())
    yield "diagnostics unit well", Storyboard(seen.kiosk).happens(well, ev.UnitChosen())
    lost, ready = DEVICES[0].url, DEVICES[1].url
    yield "diagnostics lost device", Storyboard(seen.kiosk).happens(ev.DeviceChosen(lost))
    yield "diagnostics device", Storyboard(seen.kiosk).happens(ev.DeviceChosen(ready))
    testing = Storyboard(seen.kiosk).happens(ev.SelfTestsAsked((lost, ready)))
    lines = (
        SelfTestLine("camera_opens", passed=True, eye="right"),
        SelfTestLine("pictures_arrive", passed=False, detail="1 of 3 in 3 s", eye="left"),
    )
    testing.happens(ev.DeviceTested(lost, lines))
    yield "diagnostics testing", Storyboard(testing.kiosk)
    testing.happens(ev.DeviceTested(ready, lines))
    yield "diagnostics tested", Storyboard(testing.kiosk).happens(ev.DeviceChosen(ready))


def _stick() -> Iterator[tuple[str, Storyboard]]:
    for role in (ev.Role.OFFICER, ev.Role.SUPERVISOR):
        asked = Storyboard().happens(ev.OfficerCalled()).staff_signs_in(role=role).happens(ev.StickAsked())
        yield f"stick {role}", Storyboard(asked.kiosk)
    for task in StickTask:
        begun = Storyboard(asked.kiosk).happens(ev.StickTaskChosen(task))
        yield f"stick {task}", Storyboard(begun.kiosk)
        for outcome in (StickOutcome(task, 12), StickOutcome(task, 12, 3, detail="row 7: nik '12'; 16 digits")):
            ended = Storyboard(begun.kiosk).happens(ev.StickTaskEnded(outcome))
            yield f"stick {task}, {outcome.refused} refused", ended
    halfway = Storyboard(asked.kiosk).happens(ev.StickTaskChosen(StickTask.HAND_OUT), ev.StickProgressed(7, 20))
    yield "stick halfway", Storyboard(halfway.kiosk)
    for fault in (*StickFault, "missing", "unreadable", "busy", LEDGER, NOTHING_THERE):
        story = Storyboard(halfway.kiosk)
        yield (
            f"stick {fault}",
            story.happens(ev.StickTaskEnded(StickOutcome(StickTask.HAND_OUT, 7, fault=fault))),
        )


def views() -> Iterator[tuple[str, View]]:
    for name, story in states():
        yield name, view_of(story.kiosk, Display(), office="Kecamatan Contoh")
    yield "settings", settings_view(Display(), office="Kecamatan Contoh")
