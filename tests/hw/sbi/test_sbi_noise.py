"""Answers nobody would write down: whatever comes, it is samples or one `SbiFailure`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.api import CaptureRequest, CaptureSet, DeviceKind
from hw.sbi.capture import CaptureTerms, check_answer
from hw.sbi.device import DescribedDevice, DigitalId, Discovered, read_description, read_discovery
from hw.sbi.dialect import SBI_0_9_5, SBI_1_0_DRAFT
from hw.sbi.failure import SbiFailure
from hw.sbi.http import Endpoint
from hw.sbi.jws import open_jws
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.capture import answer_capture, choose, read_request, touch
from hw.sim.sbi.faults import FaultPlan
from hw.sim.sbi.iso_records import FingerCoding
from hw.sim.sbi.signing import base64url, sign
from hw.sim.sbi.unit import MODELS, SERVICE_VERSION, digital_id
from tests.hw.sbi.stage import Passenger

MODEL = MODELS[DeviceKind.SLAP_SCANNER]
SERIAL = "SIM-0001"
ENDPOINT = Endpoint("127.0.0.1", 4501)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


class Exchange:
    """One honest capture of both thumbs, and the means to sign it anew after a change."""

    def __init__(self, folder) -> None:
        self.authority = DeviceAuthority.open(folder)
        self.key = self.authority.device(SERIAL)
        names = ("serialNo", "make", "model", "type", "deviceSubType", "deviceProvider", "deviceProviderId")
        self.who = DigitalId(*(digital_id(MODEL, SERIAL)[name] for name in names))
        device = DescribedDevice(ENDPOINT, "2", self.who, "", SERVICE_VERSION)
        request = CaptureRequest(CaptureSet.THUMBS, (1, 6), transaction_id="abcd-1")
        self.terms = CaptureTerms(request, device, SBI_0_9_5, "Production")
        bio = {"type": "Finger", "count": "2", "deviceId": "2", "deviceSubId": "3", "exception": []}
        asked = {"env": "Production", "purpose": "Registration", "specVersion": "0.9.5", "timeout": "1000"}
        understood = read_request(asked | {"transactionId": "abcd-1", "bio": [bio]}, MODEL)
        shown = choose(understood, MODEL, FaultPlan())
        self.answer = answer_capture(
            understood,
            shown,
            touch(Passenger(), shown),
            model=MODEL,
            serial=SERIAL,
            authority=self.authority,
            device=self.key,
            faults=FaultPlan(),
            coding=FingerCoding.JPEG_2000_LOSSLESS,
        )
        self.elements = self.answer["biometrics"]
        self.payload = open_jws(
            self.elements[0]["data"], anchors=(self.authority.certificate,), now=datetime.now(UTC)
        )

    def check(self, answer, terms=None):
        now = datetime.now(UTC)
        return check_answer(answer, terms or self.terms, anchors=(self.authority.certificate,), now=now)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory) -> Exchange:
    return Exchange(tmp_path_factory.mktemp("ca"))


def holds_or_is_refused(call) -> None:
    try:
        call()
    except SbiFailure as failure:
        assert failure.detail


def test_the_honest_answer_holds(exchange):
    assert [sample.position for sample in exchange.check(exchange.answer)] == [6, 1]


def test_an_answer_to_an_earlier_session_is_refused(exchange):
    later = replace(exchange.terms, request=replace(exchange.terms.request, transaction_id="abcd-2"))
    with pytest.raises(SbiFailure, match="transactionId"):
        exchange.check(exchange.answer, later)


@pytest.mark.parametrize("name", ["transactionId", "purpose", "env", "bioType", "deviceServiceVersion"])
def test_each_thing_the_answer_is_about_is_checked(exchange, name):
    data = sign(exchange.payload | {name: "other"}, exchange.key)
    with pytest.raises(SbiFailure, match=name):
        exchange.check({"biometrics": [exchange.elements[0] | {"data": data}]})


def test_a_record_under_another_fingers_name_is_refused(exchange):
    first, second = (
        open_jws(one["data"], anchors=(exchange.authority.certificate,), now=datetime.now(UTC))
        for one in exchange.elements
    )
    swapped = [
        element | {"data": sign(payload | {"bioSubType": other["bioSubType"]}, exchange.key)}
        for element, payload, other in zip(exchange.elements, (first, second), (second, first), strict=True)
    ]
    with pytest.raises(SbiFailure, match="another position"):
        exchange.check({"biometrics": swapped})


def test_an_element_replayed_in_place_of_another_is_refused(exchange):
    with pytest.raises(SbiFailure, match="missing"):
        exchange.check({"biometrics": [exchange.elements[0], exchange.elements[0]]})


@settings(max_examples=200, deadline=None)
@given(answer=values)
def test_any_json_as_an_answer(exchange, answer):
    for shaped in (
        answer,
        {"biometrics": answer},
        {"biometrics": [answer]},
        {"biometrics": [{"data": answer}]},
    ):
        with pytest.raises(SbiFailure):
            exchange.check(json.loads(json.dumps(shaped)))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=values)
def test_any_json_in_any_signed_field(exchange, data, value):
    name = data.draw(st.sampled_from(sorted(exchange.payload)))
    changed = sign(exchange.payload | {name: value}, exchange.key)
    elements = [exchange.elements[0] | {"data": changed}, exchange.elements[1]]
    holds_or_is_refused(lambda: exchange.check({"biometrics": elements}))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=values)
def test_any_json_beside_the_signed_part(exchange, data, value):
    name = data.draw(st.sampled_from(sorted(exchange.elements[0])))
    elements = [exchange.elements[0] | {name: value}, exchange.elements[1]]
    holds_or_is_refused(lambda: exchange.check({"biometrics": json.loads(json.dumps(elements))}))


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_any_byte_of_the_certificate_changed(exchange, at, value):
    der = bytearray(exchange.key.chain[0].public_bytes(Encoding.DER))
    der[at % len(der)] = value
    try:
        leaf = x509.load_der_x509_certificate(bytes(der))
    except (ValueError, x509.InvalidVersion):
        return
    token = sign({"a": 1}, replace(exchange.key, chain=(leaf, *exchange.key.chain[1:])))
    anchors, now = (exchange.authority.certificate,), datetime.now(UTC)
    if leaf == exchange.key.chain[0]:
        assert open_jws(token, anchors=anchors, now=now) == {"a": 1}
    else:
        with pytest.raises(SbiFailure):
            open_jws(token, anchors=anchors, now=now)


@settings(max_examples=200, deadline=None)
@given(answer=values)
def test_any_json_as_a_discovery_or_a_description(exchange, answer):
    found = Discovered("2", "Ready", exchange.who)
    for shaped in (answer, [answer], [{"digitalId": answer, "error": None}], [{"deviceInfo": answer}]):
        clean = json.loads(json.dumps(shaped))
        with pytest.raises(SbiFailure):
            read_discovery(clean, bio_type="Finger", dialect=SBI_0_9_5)
        with pytest.raises(SbiFailure):
            describe(exchange, clean, found)


def describe(exchange, answer, found, *, dialect=SBI_0_9_5) -> DescribedDevice:
    anchors, now = (exchange.authority.certificate,), datetime.now(UTC)
    return read_description(answer, found, endpoint=ENDPOINT, dialect=dialect, anchors=anchors, now=now)


def info(exchange, *, serial=SERIAL, **changes):
    fields = {
        "deviceId": "2",
        "serviceVersion": SERVICE_VERSION,
        "firmware": "1",
        "specVersion": ["0.9.5"],
        "digitalId": sign(digital_id(MODEL, serial), exchange.key),
    } | changes
    return [{"deviceInfo": sign(fields, exchange.key), "error": {"errorCode": "0", "errorInfo": ""}}]


def test_the_signed_info_must_be_of_the_device_discovery_found(exchange):
    found = Discovered("2", "Ready", exchange.who)
    assert describe(exchange, info(exchange), found).digital_id == exchange.who
    with pytest.raises(SbiFailure, match="different devices"):
        describe(exchange, info(exchange, serial="SIM-9999"), found)
    with pytest.raises(SbiFailure, match="no info"):
        describe(exchange, info(exchange, deviceId="7"), found)
    with pytest.raises(SbiFailure, match=r"does not speak SBI 0\.9\.5"):
        describe(exchange, info(exchange, specVersion=["0.9.2"]), found)
    with pytest.raises(SbiFailure, match="100"):
        describe(exchange, [{"deviceInfo": "", "error": {"errorCode": "100", "errorInfo": ""}}], found)


def test_the_draft_names_the_device_by_its_serial_number(exchange):
    announced = base64url(json.dumps(digital_id(MODEL, SERIAL)).encode())
    item = {"serialNo": SERIAL, "deviceStatus": "Ready", "digitalId": announced, "error": None}
    found = read_discovery([item], bio_type="Finger", dialect=SBI_1_0_DRAFT)
    assert found.device_id == SERIAL
    answer = info(exchange, serialNo=SERIAL, specVersion=["1.0"])
    assert describe(exchange, answer, found, dialect=SBI_1_0_DRAFT).device_id == SERIAL
