"""The simulated service, asked by clients nobody here wrote: http.client, jwcrypto, Pillow."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import socket
import struct
import threading
from contextlib import closing

import numpy as np
import pytest
from cryptography import x509
from jwcrypto import jwk, jws
from PIL import Image

from hw.api import CaptureSet, DeviceKind
from hw.sim.device import SimulatedDevice, UnknownFaultError
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.faults import ScannerFault
from hw.sim.sbi.service import SbiService
from tests.hw.sbi.stage import Passenger, wait_for
from tests.ports import unused_port

TRANSACTION = "b4c1-777"


@pytest.fixture
def service(authority):
    simulated = SbiService(Passenger(), authority=authority, capture_delay_s=0.0, port=unused_port())
    simulated.start()
    yield simulated
    simulated.stop()


@pytest.fixture
def eyes(authority):
    simulated = SbiService(Passenger(), authority=authority, kind=DeviceKind.IRIS_CAMERA, capture_delay_s=0.0)
    simulated.start()
    yield simulated
    simulated.stop()


def ask(service, method, path, body=None):
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body))
        return json.loads(connection.getresponse().read())


def rcapture(service, *, bio=None, changes=None):
    request = {
        "env": "Staging",
        "purpose": "Registration",
        "specVersion": "0.9.5",
        "timeout": "10000",
        "captureTime": "2026-11-24T06:00:00Z",
        "transactionId": TRANSACTION,
        "bio": [
            {
                "type": "Finger",
                "count": "4",
                "bioSubType": [],
                "exception": [],
                "requestedScore": "40",
                "deviceId": "2",
                "deviceSubId": "2",
                "previousHash": "",
            }
            | (bio or {})
        ],
        "customOpts": None,
    } | (changes or {})
    return ask(service, "RCAPTURE", "/capture", request)["biometrics"]


def opened(token, authority) -> dict:
    """The payload after jwcrypto verified the signature and cryptography the certificate."""
    made = jws.JWS()
    made.deserialize(token)
    leaf = x509.load_der_x509_certificate(base64.b64decode(made.jose_header["x5c"][0]))
    leaf.verify_directly_issued_by(authority.certificate)
    made.verify(jwk.JWK.from_pyca(leaf.public_key()), alg="RS256")
    return json.loads(made.payload)


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_it_is_a_simulated_device(service):
    device: SimulatedDevice = service
    assert device.plugged and device.kind is DeviceKind.SLAP_SCANNER
    assert set(device.faults) == set(ScannerFault)
    with pytest.raises(UnknownFaultError, match="partial_slap"):
        device.fail("flood")


@pytest.mark.parametrize("wanted", ["Finger", "Biometric Device"])
def test_discovery_announces_the_device_unsigned(service, wanted):
    (item,) = ask(service, "MOSIPDISC", "/device", {"type": wanted})
    assert (item["deviceId"], item["deviceStatus"], item["error"]) == ("2", "Ready", None)
    assert item["deviceSubId"] == ["1", "2", "3"] and item["callbackId"].endswith("/")
    digital_id = json.loads(unpadded(item["digitalId"]))
    assert (digital_id["type"], digital_id["deviceSubType"]) == ("Finger", "Slap")


@pytest.mark.parametrize(("wanted", "code"), [("Iris", "503"), ("Face", "503"), ("Nose", "502"), (None, "502")])
def test_discovery_of_what_is_not_there(service, wanted, code):
    (item,) = ask(service, "MOSIPDISC", "/device", {"type": wanted})
    assert item["error"]["errorCode"] == code


def test_an_unplugged_device_is_announced_by_an_error(service):
    service.unplug()
    (item,) = ask(service, "MOSIPDISC", "/device", {"type": "Finger"})
    assert item["error"]["errorCode"] == "202" and not service.plugged
    assert ask(service, "MOSIPDINFO", "/info")[0]["error"]["errorCode"] == "106"


def test_an_unknown_verb_is_answered_with_405_and_json(service):
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == 405 and json.loads(answer.read())[0]["error"]["errorCode"] == "500"


def test_device_info_is_signed_twice(service, authority):
    (item,) = ask(service, "MOSIPDINFO", "/info")
    info = opened(item["deviceInfo"], authority)
    assert (info["deviceId"], info["firmware"], info["specVersion"]) == ("2", "SIM.1.0.0", ["0.9.5"])
    assert opened(info["digitalId"], authority)["serialNo"] == "SIM-SLAP-0001"


def test_a_slap_is_four_signed_records_on_one_chain(service, authority):
    chain = hashlib.sha256(b"").digest()
    elements = rcapture(service)
    names = ["Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger"]
    for element, name, position in zip(elements, names, (2, 3, 4, 5), strict=True):
        payload = opened(element["data"], authority)
        assert payload["bioSubType"] == name
        assert (payload["transactionId"], payload["env"]) == (TRANSACTION, "Staging")
        record = unpadded(payload["bioValue"])
        chain = hashlib.sha256(chain + hashlib.sha256(record).digest()).digest()
        assert element["hash"] == chain.hex().upper()
        assert record[:8] == b"FIR\x00020\x00" and struct.unpack_from(">I", record, 8)[0] == len(record)
        with Image.open(io.BytesIO(record[record.index(b"\x00\x00\x00\x0cjP  ") :])) as picture:
            assert np.array_equal(np.asarray(picture), Passenger().sample(CaptureSet.RIGHT_SLAP, position))


def test_a_chain_given_is_continued(service):
    previous = "AB" * 32
    assert rcapture(service, bio={"previousHash": previous})[0]["hash"] != rcapture(service)[0]["hash"]


@pytest.mark.parametrize(
    ("sub_id", "count", "names"),
    [("1", 1, ["Left"]), ("2", 1, ["Right"]), ("3", 2, ["Left", "Right"])],
)
def test_eyes_by_their_sub_id(eyes, authority, sub_id, count, names):
    bio = {"type": "Iris", "deviceId": "3", "deviceSubId": sub_id, "count": str(count)}
    payloads = [opened(element["data"], authority) for element in rcapture(eyes, bio=bio)]
    assert [payload["bioSubType"] for payload in payloads] == names
    assert all(unpadded(payload["bioValue"])[:8] == b"IIR\x00020\x00" for payload in payloads)


@pytest.mark.parametrize(
    ("bio", "changes", "code"),
    [
        ({"count": "3"}, {}, "109"),
        ({"count": "4", "exception": ["Right LittleFinger"]}, {}, "109"),
        ({"count": "3", "exception": ["Left LittleFinger"]}, {}, "122"),
        ({"count": "3", "exception": ["Right Toe"]}, {}, "122"),
        ({"deviceSubId": "3"}, {}, "109"),
        ({"deviceSubId": "9"}, {}, "119"),
        ({"deviceId": "7"}, {}, "705"),
        ({"type": "Iris"}, {}, "120"),
        ({"count": "many"}, {}, "123"),
        ({}, {"bio": []}, "123"),
        ({"previousHash": "no hex"}, {}, "123"),
        ({}, {"env": "Playground"}, "115"),
        ({}, {"purpose": "Auth"}, "121"),
        ({}, {"specVersion": "0.9.2"}, "116"),
        ({}, {"transactionId": "a b"}, "112"),
        ({}, {"transactionId": "abc"}, "112"),
    ],
)
def test_a_request_that_does_not_hold_has_its_number(service, bio, changes, code):
    (element,) = rcapture(service, bio=bio, changes=changes)
    assert element["error"]["errorCode"] == code and element["data"] == ""


def stream(service, **changes):
    body = json.dumps({"deviceId": "2", "deviceSubId": "2", "timeout": "10000"} | changes)
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
    connection.sendall(f"STREAM /stream HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection


def read_all(connection) -> bytes:
    with connection, connection.makefile("rb") as answer:
        return answer.read()


def test_one_stream_at_a_time_and_closing_frees_the_device(service):
    with stream(service) as first:
        assert first.recv(12) == b"HTTP/1.0 200"
        assert b'"111"' in read_all(stream(service))
        assert ask(service, "MOSIPDISC", "/device", {"type": "Finger"})[0]["deviceStatus"] == "Busy"
    wait_for(lambda: ask(service, "MOSIPDISC", "/device", {"type": "Finger"})[0]["deviceStatus"] == "Ready")


def test_the_capture_ends_the_stream_with_a_second_response(service):
    connection = stream(service)
    assert connection.recv(12) == b"HTTP/1.0 200"
    assert len(rcapture(service)) == 4
    sent = read_all(connection)
    assert b"boundary=--BoundaryString\r\n\r\n" in sent and sent.count(b"--BoundaryString\r\n") >= 1
    assert b"HTTP/1.1 200 OK" in sent and b'"errorCode": "0"' in sent


def test_a_stream_closed_in_mid_capture_takes_the_capture_along(authority):
    simulated = SbiService(Passenger(), authority=authority, capture_delay_s=3600.0)
    simulated.start()
    try:
        connection = stream(simulated)
        assert connection.recv(12) == b"HTTP/1.0 200"
        threading.Timer(0.3, connection.close).start()
        (element,) = rcapture(simulated, changes={"timeout": "3600000"})
        assert element["error"]["errorCode"] == "700"
    finally:
        simulated.stop()


def test_a_stream_ends_at_its_time_out(service):
    assert b'"errorCode": "609"' in read_all(stream(service, timeout="200"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"deviceId": "9"}, b"605"), ({"deviceSubId": "9"}, b"605"), ({"timeout": "soon"}, b"123")],
)
def test_a_stream_that_cannot_be_is_refused(service, changes, code):
    assert b'"%s"' % code in read_all(stream(service, **changes))


def test_start_and_stop_any_number_of_times_at_the_same_port(service):
    port, url = service.port, service.url
    for _ in range(3):
        service.stop()
        service.stop()
        service.start()
        service.start()
        assert (service.port, service.url) == (port, url)
    assert len(rcapture(service)) == 4


def test_a_request_that_makes_no_sense_harms_nobody(service):
    for noise in (
        b"",
        b"\r\n\r\n",
        b"RCAPTURE\r\n\r\n",
        b"RCAPTURE /capture HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"RCAPTURE /capture HTTP/1.1\r\nContent-Length: 1\r\n\r\n{",
        b"RCAPTURE /capture HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ):
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
            connection.sendall(noise)
    assert len(rcapture(service)) == 4


def test_keys_are_kept_over_a_restart_and_secret(tmp_path):
    first = DeviceAuthority.open(tmp_path)
    device = first.device("SIM-0007")
    again = DeviceAuthority.open(tmp_path)
    assert again.certificate == first.certificate
    assert again.device("SIM-0007").key.public_key() == device.key.public_key()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}
