"""The driver against a service nobody here wrote: MOSIP's mock MDS (mosip-mock-services, MockMDS).

Opt-in, since it is a Java program under another licence: build and start it with the purpose Registration, then
set SBI_PEER_CA to a PEM file with the authorities of its device and trust-module keys, and SBI_PEER_PORT to
its port.
"""

from __future__ import annotations

import os

import pytest

from hw.api import CaptureRequest, CaptureSet, Fault, Frame, ScannerCapture
from hw.device_url import DeviceUrl
from hw.sbi.chain import next_hash
from hw.sbi.scanner import SbiScanner
from tests.hw.sbi.stage import POSITIONS, STEPS, kind_of, wait_for

CA, PORT = os.environ.get("SBI_PEER_CA"), os.environ.get("SBI_PEER_PORT")
pytestmark = pytest.mark.skipif(
    not (CA and PORT), reason="no reference service is named by SBI_PEER_CA and _PORT"
)


@pytest.fixture
def open_peer():
    scanners = []

    def open_one(capture_set: CaptureSet) -> SbiScanner:
        kind = kind_of(capture_set)
        scanners.append(SbiScanner(DeviceUrl.parse(f"sbi://127.0.0.1:{PORT}?type={kind}&ca={CA}"), kind=kind))
        scanners[-1].start()
        return scanners[-1]

    yield open_one
    for scanner in scanners:
        scanner.stop()


def captured(scanner: SbiScanner, request: CaptureRequest) -> ScannerCapture:
    answer = scanner.capture(request)
    assert isinstance(answer, ScannerCapture), answer
    assert sorted(sample.position for sample in answer.samples) == sorted(request.positions)
    return answer


def test_a_whole_session_on_one_chain(open_peer):
    chain = ""
    for capture_set in STEPS:
        scanner = open_peer(capture_set)
        scanner.start_preview(capture_set)
        wait_for(lambda scanner=scanner: isinstance(scanner.latest(), Frame))
        first, *rest = POSITIONS[capture_set]
        for request in (
            CaptureRequest(capture_set, POSITIONS[capture_set], previous_hash=chain),
            CaptureRequest(capture_set, tuple(rest), (first,), previous_hash=chain),
        ):
            link = chain
            for sample in captured(scanner, request).samples:
                link = next_hash(link, sample.record)
                assert sample.chain_hash == link
        chain = link
        scanner.stop()


def test_hasty_hands(open_peer):
    scanner = open_peer(CaptureSet.THUMBS)
    for turn in range(30):
        for capture_set in (CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP, CaptureSet.THUMBS):
            scanner.start_preview(capture_set)
            if turn % 3 == 0:
                scanner.stop_preview()
        captured(scanner, CaptureRequest(CaptureSet.THUMBS, POSITIONS[CaptureSet.THUMBS]))


def test_a_count_that_does_not_add_up_never_reaches_the_service(open_peer):
    answer = open_peer(CaptureSet.RIGHT_SLAP).capture(CaptureRequest(CaptureSet.RIGHT_SLAP, (2, 3, 4)))
    assert isinstance(answer, Fault)
