"""Cables, services and devices come and go; the driver stays."""

from __future__ import annotations

import threading

import pytest

from hw.api import (
    CaptureSet,
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    Frame,
    Scanner,
    SelfTestCode,
)
from hw.device_url import DeviceUrl
from hw.sbi.scanner import SbiScanner
from hw.sim.sbi.faults import ScannerFault
from hw.sim.sbi.service import SbiService
from tests.hw.holdings import leaving_nothing
from tests.hw.sbi.stage import STEPS, WATCHFUL, Passenger, Stage, kind_of, wait_for
from tests.ports import unused_port


def in_background(call):
    """The call's answer, once it is there."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    return thread, answers


def test_it_is_the_contracts_scanner(set_stage):
    scanner: Scanner = set_stage().scanner
    assert scanner.kind is DeviceKind.SLAP_SCANNER and scanner.url.startswith("sbi://")


def test_an_unplugged_device_is_lost_and_found_again(set_stage):
    stage = set_stage().ready()
    stage.service.unplug()
    wait_for(lambda: stage.scanner.state() is DeviceState.LOST)
    info = stage.scanner.info()
    assert isinstance(info, Fault) and info.code is FaultCode.NOT_CONNECTED
    stage.service.plug()
    stage.ready().good_capture(CaptureSet.RIGHT_SLAP)


def test_unplugged_in_the_preview_it_shows_pictures_again_after_plugging_in(set_stage):
    stage = set_stage().ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    wait_for(lambda: isinstance(stage.scanner.latest(), Frame))
    stage.service.unplug()
    wait_for(lambda: isinstance(stage.scanner.latest(), Fault))
    assert stage.scanner.latest().code is FaultCode.NOT_CONNECTED
    stage.service.plug()
    wait_for(lambda: isinstance(stage.scanner.latest(), Frame))


@pytest.mark.parametrize("capture_set", STEPS)
def test_unplugged_in_mid_capture_it_captures_after_plugging_in(set_stage, capture_set):
    stage = set_stage(kind_of(capture_set), capture_delay_s=3600.0).ready()
    thread, answers = in_background(lambda: stage.capture(capture_set, timeout_s=3600.0))
    wait_for(lambda: stage.scanner.state() is DeviceState.CAPTURING)
    stage.service.unplug()
    thread.join()
    assert isinstance(answers[0], Fault) and answers[0].code is FaultCode.NOT_CONNECTED
    stage.service.plug()
    wait_for(lambda: isinstance(stage.capture(capture_set, timeout_s=0.1), Fault))
    assert stage.capture(capture_set, timeout_s=0.1).code is FaultCode.TIMED_OUT  # the device works again


def test_the_services_restart_is_survived(set_stage):
    stage = set_stage().ready()
    stage.service.stop()
    wait_for(lambda: stage.scanner.state() is DeviceState.LOST)
    assert isinstance(stage.scanner.latest(), Fault)
    stage.service.start()
    stage.ready().good_capture(CaptureSet.THUMBS)


def test_the_service_dying_in_mid_capture_is_told(set_stage):
    stage = set_stage(capture_delay_s=3600.0).ready()
    thread, answers = in_background(lambda: stage.capture(CaptureSet.RIGHT_SLAP, timeout_s=3600.0))
    wait_for(lambda: stage.scanner.state() is DeviceState.CAPTURING)
    stage.service.stop()
    thread.join()
    assert isinstance(answers[0], Fault) and answers[0].code is FaultCode.NOT_CONNECTED


def test_another_device_in_its_place_is_told_by_its_serial_number(set_stage):
    stage = set_stage().ready()
    stage.service.swap("SIM-SLAP-0002")
    wait_for(lambda: isinstance(info := stage.scanner.info(), DeviceInfo) and info.serial == "SIM-SLAP-0002")
    assert stage.good_capture(CaptureSet.RIGHT_SLAP).device.serial == "SIM-SLAP-0002"


def test_a_device_swapped_right_before_the_capture_is_not_mixed_up(set_stage, authority):
    stage = set_stage(delays=WATCHFUL.__class__(health_s=3600.0)).ready()
    stage.service.swap("SIM-SLAP-0003")
    answer = stage.capture(CaptureSet.RIGHT_SLAP)
    assert isinstance(answer, Fault) and answer.code is FaultCode.MISMATCHED_ANSWER
    assert stage.good_capture(CaptureSet.RIGHT_SLAP).device.serial == "SIM-SLAP-0003"


def test_nobody_there_yet(authority):
    service = SbiService(Passenger(), authority=authority, port=unused_port())
    scanner = SbiScanner(DeviceUrl.parse(service.url), kind=service.kind, delays=WATCHFUL)
    stage = Stage(service, scanner)
    try:
        scanner.start()
        wait_for(lambda: scanner.state() is DeviceState.LOST)
        answer = scanner.info()
        assert isinstance(answer, Fault) and answer.code is FaultCode.NOT_CONNECTED
        service.start()
        stage.ready()
    finally:
        scanner.stop()
        service.stop()


def test_start_and_stop_in_any_state_any_number_of_times(set_stage):
    stage = set_stage()
    for _ in range(2):
        stage.scanner.stop()
        stage.scanner.stop()
        assert stage.scanner.state() is DeviceState.STOPPED
        assert isinstance(stage.scanner.info(), Fault)
        assert isinstance(stage.capture(CaptureSet.RIGHT_SLAP), Fault)
        stage.scanner.start()
        stage.scanner.start()
        stage.ready().good_capture(CaptureSet.RIGHT_SLAP)


def test_stop_ends_a_capture_under_way(set_stage):
    stage = set_stage(capture_delay_s=3600.0).ready()
    thread, answers = in_background(lambda: stage.capture(CaptureSet.RIGHT_SLAP, timeout_s=3600.0))
    wait_for(lambda: stage.scanner.state() is DeviceState.CAPTURING)
    stage.scanner.stop()
    thread.join()
    assert isinstance(answers[0], Fault) and answers[0].code is FaultCode.NOT_CONNECTED


def test_a_second_tap_on_capture_is_told_that_one_is_under_way(set_stage):
    stage = set_stage(capture_delay_s=0.5).ready()
    thread, answers = in_background(lambda: stage.capture(CaptureSet.RIGHT_SLAP))
    wait_for(lambda: stage.scanner.state() is DeviceState.CAPTURING)
    second = stage.capture(CaptureSet.RIGHT_SLAP)
    assert isinstance(second, Fault) and second.code is FaultCode.BUSY
    thread.join()
    assert not isinstance(answers[0], Fault)


def test_an_unregistered_device_heals_when_it_is_registered(set_stage):
    stage = set_stage()
    stage.service.fail(ScannerFault.NOT_REGISTERED, count=10**9)
    wait_for(lambda: stage.scanner.state() is DeviceState.FAULT)
    assert stage.scanner.info().code is FaultCode.NOT_REGISTERED
    stage.service.fail(ScannerFault.NOT_REGISTERED, count=0)
    stage.ready()


def test_a_missing_trust_anchor_is_told_and_heals_when_it_is_installed(authority, tmp_path):
    anchor = tmp_path / "ca.pem"
    service = SbiService(Passenger(), authority=authority)
    service.start()
    url = DeviceUrl.parse(f"sbi://127.0.0.1:{service.port}?type=slap&ca={anchor}")
    scanner = SbiScanner(url, kind=service.kind, delays=WATCHFUL)
    try:
        scanner.start()
        wait_for(lambda: scanner.state() is DeviceState.FAULT)
        assert scanner.info().code is FaultCode.UNTRUSTED_DEVICE
        anchor.write_bytes(authority.certificate_path.read_bytes())
        wait_for(lambda: scanner.state() is DeviceState.READY)
    finally:
        scanner.stop()
        service.stop()


def test_a_thousand_openings_and_closings_leave_no_thread_and_no_descriptor(set_stage):
    stage = set_stage().ready()
    stage.good_capture(CaptureSet.THUMBS)  # the first time libraries keep what they need for good
    stage.scanner.stop()
    with leaving_nothing():
        for turn in range(1000):
            stage.scanner.start()
            if turn % 10 == 0:
                stage.ready()
                stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
            if turn % 100 == 0:
                stage.good_capture(CaptureSet.THUMBS)
            stage.scanner.stop()


def test_the_self_test_names_what_is_wrong_first(set_stage):
    stage = set_stage().ready()
    assert [line.passed for line in stage.scanner.self_test()] == [True, True, True]
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    wait_for(lambda: isinstance(stage.scanner.latest(), Frame))
    assert all(line.passed for line in stage.scanner.self_test())
    stage.scanner.stop_preview()
    stage.service.unplug()
    (line,) = stage.scanner.self_test()
    assert not line.passed and line.code is SelfTestCode.SERVICE_ANSWERS
