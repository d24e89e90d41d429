"""The driver of an officer's card behind PKCS#11: one thread asks the module's process, one thing at a time."""

from __future__ import annotations

import contextlib
import queue
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hw.api import (
    Card,
    CardAbsent,
    CardSignature,
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    OfficerCard,
    PinRefused,
    SelfTest,
    SelfTestCode,
    SignatureAlgorithm,
)
from hw.card.token_process import (
    Module,
    TokenProcess,
    TokenProcessEndedError,
    TokenSilentError,
    TokenStoppedError,
)
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.worker import Session, SessionEnded, WorkedDevice

LOOK_S = 1.0
ANSWER_TIMEOUT_S = 15.0
"""A PIV card signs with RSA 2048 in about a second; its first certificate takes as long, modules try twice."""

_CHECK_S = 0.2

Signed = CardSignature | PinRefused | CardAbsent | Fault


@dataclass(frozen=True, slots=True)
class _Order:
    challenge: bytes
    pin: str = field(repr=False)
    outcome: Future[Signed] = field(default_factory=Future)


class Pkcs11Card(WorkedDevice):
    """See `hw.api.OfficerCard`. One caller at a time; a second is answered BUSY."""

    def __init__(
        self, module: Module, *, url: str, look_s: float = LOOK_S, answer_timeout_s: float = ANSWER_TIMEOUT_S
    ) -> None:
        super().__init__(DeviceKind.CARD, url)
        self._module = module
        self._look_s = look_s
        self._answer_timeout_s = answer_timeout_s
        self._seen: Card | CardAbsent | Fault | None = None
        self._orders: queue.Queue[_Order | None] = queue.Queue(maxsize=1)

    def info(self) -> DeviceInfo | Fault:
        return self._worker.standing.fault or DeviceInfo(
            DeviceKind.CARD, self._url, model=self._module.library.name
        )

    def _forget(self) -> None:
        self._seen = None

    def stop(self) -> None:
        with contextlib.suppress(queue.Full):
            self._orders.put_nowait(None)  # wakes the thread
        super().stop()
        self._refuse_waiting()

    def card(self) -> Card | CardAbsent | Fault | None:
        return self._worker.standing.fault or self._seen

    def sign(self, *, challenge: bytes, pin: str) -> Signed:
        if not challenge:
            raise ValueError("a challenge has at least one byte")
        if (fault := self._worker.standing.fault) is not None:
            return fault
        order = _Order(challenge, pin)
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            return Fault(FaultCode.BUSY, DeviceKind.CARD, "another signature is being made")
        while True:
            try:
                return order.outcome.result(timeout=_CHECK_S)
            except FutureTimeoutError:
                if self.state() is not DeviceState.READY and order.outcome.cancel():
                    return self._gone()

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.CARD_READER_ANSWERS),)

    def _serve(self, session: Session) -> None:
        self._refuse_waiting()
        try:
            with TokenProcess(self._module, stopped=lambda: session.stopped) as process:
                self._converse(session, process)
        except TokenProcessEndedError as error:
            raise SessionEnded(FaultCode.DEVICE_ERROR, "the PKCS#11 module ended its process") from error
        except TokenSilentError as error:
            raise SessionEnded(FaultCode.STALLED, "the PKCS#11 module does not answer") from error
        except TokenStoppedError:
            return
        finally:
            self._refuse_waiting()

    def _converse(self, session: Session, process: TokenProcess) -> None:
        loaded = process.hear(timeout_s=self._answer_timeout_s)
        if loaded["outcome"] != "loaded":
            raise SessionEnded(FaultCode.DEVICE_ERROR, loaded["reason"])
        while not session.stopped:
            self._seen = _card(process.ask({"ask": "look"}, timeout_s=self._answer_timeout_s))
            session.ready()
            with contextlib.suppress(queue.Empty):
                order = self._orders.get(timeout=self._look_s)
                if order is not None and order.outcome.set_running_or_notify_cancel():
                    self._work_off(order, process)

    def _work_off(self, order: _Order, process: TokenProcess) -> None:
        outcome: Signed = self._gone()
        question = {"ask": "sign", "challenge": order.challenge.hex(), "pin": order.pin}
        try:
            answer = process.ask(question, timeout_s=self._answer_timeout_s)
            outcome = _signed(answer, order.challenge)
        finally:  # also when the process breaks off: somebody waits
            order.outcome.set_result(outcome)

    def _refuse_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            order = self._orders.get_nowait()
            if order is not None and order.outcome.set_running_or_notify_cancel():
                order.outcome.set_result(self._gone())

    @staticmethod
    def _gone() -> Fault:
        return Fault(FaultCode.NOT_CONNECTED, DeviceKind.CARD, "the card reader went away before the answer")


def _card(answer: dict[str, Any]) -> Card | CardAbsent | Fault:
    if answer["outcome"] != "card":
        return _absence(answer)
    return Card(answer["label"], answer["serial"], bytes.fromhex(answer["certificate"]))


def _absence(answer: dict[str, Any]) -> CardAbsent | Fault:
    """Raises SessionEnded when there is no reader."""
    match answer["outcome"]:
        case "absent":
            return CardAbsent()
        case "no_certificate":
            return Fault(
                FaultCode.BAD_RECORD, DeviceKind.CARD, "the card has no certificate under the key's id"
            )
        case "no_reader":
            raise SessionEnded(FaultCode.NOT_CONNECTED, "there is no card reader in the module's slot")
    return Fault(FaultCode.DEVICE_ERROR, DeviceKind.CARD, f"PKCS#11: {answer['reason']}")


def _signed(answer: dict[str, Any], challenge: bytes) -> Signed:
    if answer["outcome"] == "refused":
        return PinRefused(answer["tries_left"])
    if answer["outcome"] != "signed":
        return _absence(answer)
    certificate, raw = bytes.fromhex(answer["certificate"]), bytes.fromhex(answer["signature"])
    if answer["algorithm"] == "ecdsa":  # PKCS#11 joins r and s, each as long as the curve's order
        half = len(raw) // 2
        r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        signed = CardSignature(encode_dss_signature(r, s), SignatureAlgorithm.ECDSA_SHA256, certificate)
    else:
        signed = CardSignature(raw, SignatureAlgorithm.RSA_PKCS1_SHA256, certificate)
    if not verifies(signed, challenge):
        return Fault(
            FaultCode.BAD_SIGNATURE, DeviceKind.CARD, "the signature does not hold under the card's certificate"
        )
    return signed


def verifies(signed: CardSignature, challenge: bytes) -> bool:
    """Whether the certificate's key made the signature; a key of another kind made none."""
    try:
        key = x509.load_der_x509_certificate(signed.certificate).public_key()
        if signed.algorithm is SignatureAlgorithm.ECDSA_SHA256 and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed.signature, challenge, ec.ECDSA(hashes.SHA256()))
            return True
        if signed.algorithm is SignatureAlgorithm.RSA_PKCS1_SHA256 and isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, challenge, padding.PKCS1v15(), hashes.SHA256())
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def open_url(url: DeviceUrl) -> OfficerCard:
    text = url.parameters.get("id", "")
    try:
        key_id = bytes.fromhex(text)
    except ValueError:
        raise DeviceUrlError(url.text, "parameter id", text, ["hexadecimal digits, two a byte"]) from None
    module = Module(
        url.device_path(),
        slot=url.integer("slot", default=0, lowest=0, highest=63),
        key_id=key_id,
        counter=url.choice("counter", ("", "piv"), default=""),
        configuration=Path(url.parameters["conf"]) if "conf" in url.parameters else None,
    )
    return Pkcs11Card(module, url=url.text)
