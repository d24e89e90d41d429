"""Finding the device: which port, which service, and what a URL may say."""

from __future__ import annotations

import socket
import threading

import pytest

from hw.api import DeviceInfo, DeviceKind, DeviceState, FaultCode
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.iris import open_url as open_iris
from hw.registry import open_device
from hw.sbi.device import read_discovery, require_ready
from hw.sbi.dialect import SBI_0_9_5, SBI_1_0_DRAFT, error_fault
from hw.sbi.failure import SbiFailure
from hw.sbi.scanner import SbiScanner
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from hw.sim.sbi.wire import listen
from hw.slap import open_url as open_slap
from tests.hw.sbi.stage import WATCHFUL, Passenger, wait_for


def test_without_a_port_each_driver_finds_its_own_device(set_stage, authority):
    set_stage(DeviceKind.IRIS_CAMERA, port=None)  # the first port of the two is the other kind's
    set_stage(DeviceKind.SLAP_SCANNER, port=None)
    for kind, name in ((DeviceKind.SLAP_SCANNER, "slap"), (DeviceKind.IRIS_CAMERA, "iris")):
        url = DeviceUrl.parse(f"sbi://127.0.0.1?type={name}&ca={authority.certificate_path}")
        scanner = SbiScanner(url, kind=kind, delays=WATCHFUL)
        try:
            scanner.start()
            wait_for(lambda found=scanner: found.state() is DeviceState.READY)
            info = scanner.info()
            assert isinstance(info, DeviceInfo) and info.serial == f"SIM-{name.upper()}-0001"
        finally:
            scanner.stop()


def test_another_makers_service_does_not_hide_ours(set_stage, authority, tmp_path):
    stranger = SbiService(Passenger(), authority=DeviceAuthority.open(tmp_path))
    stranger.start()
    try:
        set_stage(port=None)
        url = DeviceUrl.parse(f"sbi://127.0.0.1?type=slap&ca={authority.certificate_path}")
        scanner = SbiScanner(url, kind=DeviceKind.SLAP_SCANNER, delays=WATCHFUL)
        try:
            scanner.start()
            wait_for(lambda: scanner.state() is DeviceState.READY)
        finally:
            scanner.stop()
    finally:
        stranger.stop()


def test_services_take_the_next_free_port(set_stage):
    first, second = set_stage(port=None), set_stage(port=None)
    assert first.service.port != second.service.port
    assert {first.service.port, second.service.port} <= set(range(4501, 4601))


def test_the_registry_opens_both_kinds(set_stage):
    for kind in (DeviceKind.SLAP_SCANNER, DeviceKind.IRIS_CAMERA):
        service = set_stage(kind).service
        device = open_device(service.url)
        assert device.kind is kind and device.state() is DeviceState.STOPPED


@pytest.mark.parametrize(
    ("opener", "url"),
    [
        (open_slap, "sbi://127.0.0.1:4501?type=iris"),
        (open_iris, "sbi://127.0.0.1:4501?type=slap"),
        (open_slap, "sbi://127.0.0.1:4501"),
        (open_slap, "sbi://192.0.2.7:4501?type=slap"),
        (open_slap, "http://127.0.0.1:4501?type=slap"),
        (open_slap, "sbi://127.0.0.1:4501?type=slap&env=Playground"),
        (open_slap, "sbi://127.0.0.1:4501?type=slap&insecure=1"),
    ],
)
def test_a_wrong_url_is_told_at_once(opener, url):
    with pytest.raises(DeviceUrlError):
        opener(DeviceUrl.parse(url))


def discovered(answer):
    return read_discovery(answer, bio_type="Finger", dialect=SBI_0_9_5)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([], FaultCode.NOT_CONNECTED),
        ([{"error": {"errorCode": "202", "errorInfo": ""}}], FaultCode.NOT_CONNECTED),
        ([{"error": {"errorCode": "111", "errorInfo": ""}}], FaultCode.BUSY),
        ({"errorCode": "100", "errorInfo": ""}, FaultCode.NOT_REGISTERED),
        ([{"error": {"errorInfo": "no code"}}], FaultCode.BAD_ANSWER),
        ([{"error": "text"}], FaultCode.BAD_ANSWER),
        (["text"], FaultCode.BAD_ANSWER),
        ("text", FaultCode.BAD_ANSWER),
        (None, FaultCode.BAD_ANSWER),
        ([{"deviceId": "2", "digitalId": "%%%", "error": None}], FaultCode.BAD_ANSWER),
        ([{"deviceId": "2", "digitalId": "W10", "error": None}], FaultCode.BAD_ANSWER),
        ([{"deviceId": "2", "digitalId": 7, "error": None}], FaultCode.BAD_ANSWER),
    ],
)
def test_discovery_that_finds_nothing_says_why(answer, code):
    with pytest.raises(SbiFailure) as raised:
        discovered(answer)
    assert raised.value.code is code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("Busy", FaultCode.BUSY),
        ("Not Ready", FaultCode.NOT_READY),
        ("Not Registered", FaultCode.NOT_REGISTERED),
        ("Asleep", FaultCode.BAD_ANSWER),
    ],
)
def test_a_status_other_than_ready_is_its_own_fault(status, code):
    with pytest.raises(SbiFailure) as raised:
        require_ready(status)
    assert raised.value.code is code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (100, FaultCode.NOT_REGISTERED),
        (107, FaultCode.UNTRUSTED_DEVICE),
        (109, FaultCode.WRONG_POSITIONS),
        (112, FaultCode.MISMATCHED_ANSWER),
        (123, FaultCode.MISMATCHED_ANSWER),
        (607, FaultCode.BUSY),
        (700, FaultCode.STALLED),
        (701, FaultCode.TIMED_OUT),
        (703, FaultCode.BUSY),
        (708, FaultCode.NO_BIOMETRIC),
        (551, FaultCode.DEVICE_ERROR),
        (99999, FaultCode.DEVICE_ERROR),
    ],
)
def test_error_numbers_have_their_meaning(number, code):
    found, detail = error_fault(number)
    assert found is code and str(number) in detail


def test_the_draft_renames_what_it_renames():
    assert (SBI_1_0_DRAFT.discover, SBI_1_0_DRAFT.device_field) == ("SBIDISC", "serialNo")
    assert (SBI_0_9_5.discover, SBI_0_9_5.device_field) == ("MOSIPDISC", "deviceId")


def test_a_listener_that_is_no_service_does_not_end_the_search(set_stage, authority):
    """Whoever holds an earlier port of the range answers with something else, and closes."""

    def serve():
        while True:
            try:
                connection, _ = squatter.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"220 not a biometric service\r\n\r\n")

    with listen(range(4501, 4601), preferred=None) as squatter:
        threading.Thread(target=serve, daemon=True).start()
        set_stage(port=None)
        url = DeviceUrl.parse(f"sbi://localhost?type=slap&ca={authority.certificate_path}")
        scanner = SbiScanner(url, kind=DeviceKind.SLAP_SCANNER, delays=WATCHFUL)
        try:
            scanner.start()
            wait_for(lambda: scanner.state() is DeviceState.READY)
        finally:
            scanner.stop()
            squatter.shutdown(socket.SHUT_RDWR)
