"""The officer looks at the devices, has them tested one by one, and can always leave."""

import pytest

from kiosk.enrollment.effects import SelfTestDevice
from kiosk.enrollment.events import (
    DeviceChosen,
    DeviceTested,
    DiagnosticsAsked,
    IdleElapsed,
    OfficerCalled,
    SelfTestsAsked,
    UnitChosen,
    UnitExamined,
    WentBack,
)
from kiosk.enrollment.screens import Attract, OfficerDiagnosing, OfficerQueue
from kiosk.enrollment.standing import DeviceStanding, SelfTestLine, UnitStanding
from tests.enrollment.people import NOW
from tests.enrollment.storyboard import Storyboard

SLAP = DeviceStanding("sbi://slap", "slap", "driver", "ready")
PRINTER = DeviceStanding("escpos://lp0", "printer", "driver", "fault", fault="paper_out")
SEEN = UnitExamined(UnitStanding((SLAP, PRINTER), "1.0", NOW, 9_000, True, 0))
WELL = (SelfTestLine("service_answers", passed=True),)
UNWELL = (SelfTestLine("service_answers", passed=False, detail="refused"),)


def diagnosing() -> Storyboard:
    return Storyboard().happens(OfficerCalled()).staff_signs_in().happens(DiagnosticsAsked(), SEEN)


def test_from_the_queue_and_back():
    story = diagnosing()
    assert story.on(OfficerDiagnosing).devices == (SLAP, PRINTER)
    story.happens(DeviceChosen("escpos://lp0"), WentBack()).on(OfficerDiagnosing)
    story.happens(WentBack()).on(OfficerQueue)


def test_what_is_seen_stays_fresh_while_one_device_is_read():
    story = diagnosing().happens(DeviceChosen("sbi://slap"))
    gone = DeviceStanding("sbi://slap", "slap", "driver", "lost", fault="not_connected")
    story.happens(UnitExamined(UnitStanding((gone,), "1.0", NOW, 9_000, True, 0)))
    assert story.on(OfficerDiagnosing).chosen == "sbi://slap"
    assert not story.on(OfficerDiagnosing).devices[0].ready


def test_devices_test_themselves_one_after_the_other():
    story = diagnosing().happens(SelfTestsAsked(("sbi://slap", "escpos://lp0")))
    assert story.effects == (SelfTestDevice("sbi://slap"),)
    story.happens(DeviceTested("sbi://slap", WELL))
    assert story.effects == (SelfTestDevice("escpos://lp0"),)
    assert len(story.on(OfficerDiagnosing).testing) == 1
    story.happens(DeviceTested("escpos://lp0", UNWELL))
    screen = story.on(OfficerDiagnosing)
    assert screen.testing == ()
    assert [test.passed for test in screen.results] == [True, False]


def test_testing_can_be_stopped_and_a_late_result_changes_nothing():
    story = diagnosing().happens(SelfTestsAsked(("sbi://slap", "escpos://lp0")), WentBack())
    assert story.on(OfficerDiagnosing).testing == ()
    story.happens(DeviceTested("sbi://slap", WELL))
    assert story.on(OfficerDiagnosing).results == ()


def test_a_second_test_of_a_device_replaces_the_first():
    story = diagnosing()
    for lines in (UNWELL, WELL):
        story.happens(SelfTestsAsked(("sbi://slap",)), DeviceTested("sbi://slap", lines))
    (test,) = story.on(OfficerDiagnosing).results
    assert test.passed


@pytest.mark.parametrize(
    "event", [DeviceChosen("sbi://none"), SelfTestsAsked(()), SelfTestsAsked(("sbi://none",))]
)
def test_what_is_not_there_is_neither_shown_nor_tested(event):
    story = diagnosing().happens(event)
    assert story.effects == ()
    assert (story.on(OfficerDiagnosing).chosen, story.on(OfficerDiagnosing).testing) == ("", ())


def test_idle_signs_the_officer_out():
    diagnosing().happens(UnitChosen(), IdleElapsed()).on(Attract)
