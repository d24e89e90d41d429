"""A slip that could not be printed waits, comes out when the printer can, and is never lost."""

from __future__ import annotations

from kiosk.enrollment.effects import PrintSlip
from kiosk.enrollment.events import (
    Continued,
    DeliveriesSeen,
    FinaliseAsked,
    OfficerCalled,
    PrintAsked,
    PrinterReady,
    PrintingFailed,
    Purged,
    ReceiptArrived,
    RecordOpened,
    Sealed,
    SignedOut,
    SlipPrinted,
    SlipWaived,
)
from kiosk.enrollment.facts import replay
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.flow import restored
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import Stage
from kiosk.enrollment.screens import Attract, Finished, Kiosk, OfficerQueue, OfficerRecord
from kiosk.enrollment.standing import Delivery
from tests.enrollment.storyboard import Storyboard

NO_PAPER = Fault("paper_out", "printer")
PACKET, RECEIPT = "ab" * 32, "cd" * 32


def sealed(kiosk: Kiosk | None = None) -> Storyboard:
    story = Storyboard(kiosk).reaches_the_officer().officer_opens_the_record().happens(FinaliseAsked())
    return story.happens(Sealed(story.record.id, PACKET))


def without_paper() -> Storyboard:
    story = sealed()
    return story.happens(PrintingFailed(story.record.id, NO_PAPER))


def restarted(story: Storyboard) -> Storyboard:
    kiosk, _ = restored(
        unit="UNIT", policy=Policy(), enrollments=[replay(fact for _, fact in story.facts)], next_number=2
    )
    return Storyboard(kiosk)


def test_a_printed_slip_is_settled():
    story = sealed()
    assert story.record.slip_due
    story.happens(SlipPrinted(story.record.id))
    assert not story.record.slip_due
    assert story.happens(PrinterReady()).effects == ()
    assert replay(fact for _, fact in story.facts) == story.record


def test_a_slip_without_paper_comes_out_by_itself_when_the_printer_can():
    story = without_paper().happens(Continued(), SignedOut())
    story.on(Attract)
    story.happens(PrinterReady())
    assert story.effects == (PrintSlip(story.record.id),)
    assert story.happens(SlipPrinted(story.record.id)).kiosk.slips_due == ()


def test_one_slip_at_a_time():
    story = without_paper().happens(PrinterReady())
    assert story.happens(PrinterReady()).effects == ()
    story.happens(PrintingFailed(story.record.id, NO_PAPER), PrinterReady())
    assert story.effects == (PrintSlip(story.record.id),)


def test_a_waiting_slip_survives_a_restart():
    story = restarted(without_paper())
    assert story.happens(PrinterReady()).effects == (PrintSlip(story.record.id),)


def test_a_packet_purged_meanwhile_does_not_take_the_slip_with_it():
    story = without_paper()
    enrollment_id = story.record.id
    story.happens(ReceiptArrived(enrollment_id, RECEIPT, "RECEIVED_AT_CENTRAL", accepted=True))
    story.happens(Purged(enrollment_id))
    assert story.record.stage is Stage.PURGED
    again = restarted(story).happens(PrinterReady(), SlipPrinted(enrollment_id))
    assert again.kiosk.enrollments == ()


def test_a_record_that_ends_while_it_is_read_gives_the_queue_back():
    story = without_paper().happens(Continued())
    enrollment_id = story.record.id
    story.happens(ReceiptArrived(enrollment_id, RECEIPT, "RECEIVED_AT_CENTRAL", accepted=True))
    story.happens(Purged(enrollment_id), RecordOpened(enrollment_id)).on(OfficerRecord)
    story.happens(PrintAsked(), SlipPrinted(enrollment_id)).on(OfficerQueue)


def test_the_officer_prints_again_from_the_queue_as_often_as_wanted():
    story = sealed()
    story.happens(SlipPrinted(story.record.id), Continued(), RecordOpened(story.record.id), PrintAsked())
    assert story.effects == (PrintSlip(story.record.id),)
    story.happens(SlipPrinted(story.record.id))
    assert story.on(OfficerRecord).message == "finalised.printed"


def test_a_reprint_that_fails_says_why():
    story = sealed()
    story.happens(SlipPrinted(story.record.id), Continued(), RecordOpened(story.record.id), PrintAsked())
    story.happens(PrintingFailed(story.record.id, NO_PAPER))
    assert story.on(OfficerRecord).message == "fault.paper_out.officer"


def test_a_slip_nobody_wants_any_more_is_waived():
    story = without_paper().happens(Continued(), RecordOpened("UNIT-000001"), SlipWaived())
    story.on(OfficerQueue)
    assert story.kiosk.slips_due == ()
    assert restarted(story).kiosk.slips_due == ()


def test_a_finished_screen_whose_record_is_over_prints_no_more():
    story = sealed()
    enrollment_id = story.record.id
    story.happens(SlipPrinted(enrollment_id))
    story.happens(ReceiptArrived(enrollment_id, RECEIPT, "RECEIVED_AT_CENTRAL", accepted=True))
    story.happens(Purged(enrollment_id), PrintAsked()).on(Finished)
    assert story.effects == ()


def test_a_unit_without_a_printer_owes_no_slip():
    story = sealed(Kiosk(unit="UNIT", prints=False))
    assert story.kiosk.slips_due == ()


def test_a_slip_of_the_day_before_waits_while_others_are_served():
    story = without_paper().happens(Continued(), SignedOut()).starts()
    before = story.kiosk.screen
    story.happens(PrinterReady(), SlipPrinted("UNIT-000001"))
    assert story.kiosk.screen == before
    story.happens(OfficerCalled()).staff_signs_in().on(OfficerQueue)


def test_how_far_a_packet_has_come_is_known_on_every_screen():
    story = sealed().happens(Continued(), SignedOut())
    before = story.kiosk.screen
    story.happens(DeliveriesSeen((Delivery(story.record.id, "sending", percent=40),)))
    assert story.kiosk.screen == before
    assert story.kiosk.delivery(story.record.id).percent == 40
    assert story.kiosk.delivery("nobody") is None
