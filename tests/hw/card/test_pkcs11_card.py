"""The driver where there is no card, no module and no python-pkcs11."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hw.api import (
    CardSignature,
    Device,
    DeviceState,
    Fault,
    FaultCode,
    SelfTest,
    SelfTestCode,
    SignatureAlgorithm,
)
from hw.card.pcsc import tries_of
from hw.card.pkcs11_card import Pkcs11Card, open_url, verifies
from hw.card.token_process import Module
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.sim.card import PivApplication, SimulatedPivCard
from hw.sim.device import UnknownFaultError
from tests.hw.card.authority import issue
from tests.hw.holdings import leaving_nothing
from tests.hw.support import eventually

ABSENT = Path("/nonexistent/pkcs11.so")


def faulty(module: Module) -> Fault:
    """The fault a started driver comes to rest in."""
    card = Pkcs11Card(module, url="pkcs11:x")
    card.start()
    eventually(lambda: card.state() is DeviceState.FAULT)
    fault = card.card()
    card.stop()
    assert isinstance(fault, Fault)
    return fault


def test_without_python_pkcs11_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pkcs11.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    fault = faulty(Module(ABSENT))
    assert (fault.code, fault.detail) == (FaultCode.DEVICE_ERROR, "python-pkcs11 is not installed")


def test_a_module_that_does_not_load_is_named() -> None:
    fault = faulty(Module(ABSENT))
    assert fault.code is FaultCode.DEVICE_ERROR
    assert str(ABSENT) in fault.detail


def test_before_it_is_started_it_signs_nothing() -> None:
    card = Pkcs11Card(Module(ABSENT), url="pkcs11:x")
    assert isinstance(card, Device)
    fault = card.sign(challenge=b"x", pin="1234")
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED


def test_an_empty_challenge_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="challenge"):
        Pkcs11Card(Module(ABSENT), url="pkcs11:x").sign(challenge=b"", pin="1234")


def test_a_module_that_never_loads_leaves_no_descriptor() -> None:
    faulty(Module(ABSENT))
    with leaving_nothing():
        for _ in range(2):
            faulty(Module(ABSENT))


def test_the_self_test_says_that_the_reader_is_away() -> None:
    (test,) = Pkcs11Card(Module(ABSENT), url="pkcs11:x").self_test()
    assert test == SelfTest(SelfTestCode.CARD_READER_ANSWERS, passed=False, detail=test.detail)
    assert test.detail


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        ("63c3", 3),
        ("63c0", 0),
        ("6983", 0),
        ("9000", None),
        ("6300", None),
        ("6a88", None),
        ("", None),
        ("63", None),
    ],
)
def test_the_tries_a_card_tells(answer: str, tries: int | None) -> None:
    assert tries_of(bytes.fromhex(answer)) == tries


def test_what_is_no_certificate_verifies_nothing() -> None:
    assert not verifies(CardSignature(b"s", SignatureAlgorithm.ECDSA_SHA256, b"no certificate"), b"x")


@pytest.mark.parametrize(
    "text",
    [
        "pkcs11://host/lib.so",
        "pkcs11:/",
        "pkcs11:///lib.so?slot=x",
        "pkcs11:///lib.so?slot=64",
        "pkcs11:///lib.so?id=1",
        "pkcs11:///lib.so?counter=cac",
    ],
)
def test_a_wrong_url_is_refused(text: str) -> None:
    with pytest.raises(DeviceUrlError):
        open_url(DeviceUrl.parse(text))


def test_an_unknown_fault_of_the_simulated_card_is_refused() -> None:
    credential = issue("ec")
    assert isinstance(credential.key, ec.EllipticCurvePrivateKey)
    application = PivApplication(credential.key, credential.certificate, pin="482916")
    with pytest.raises(UnknownFaultError):
        SimulatedPivCard(application, module="/nonexistent").fail("coffee")
