"""An officer's card in the hand of a test: a real key behind the contract of the driver."""

from __future__ import annotations

import datetime as dt

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from hw.api import (
    Card,
    CardAbsent,
    CardSignature,
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Fault,
    FaultCode,
    PinRefused,
    SelfTest,
    SelfTestCode,
    SignatureAlgorithm,
)
from kiosk.security.certificates import make_authority

PIN = "123456"


class HeldCard:
    """inserted, reader: what the test does with its hands. pulled_at_work: out before the answer."""

    kind = DeviceKind.CARD
    url = "pkcs11:///held"

    def __init__(self) -> None:
        now = dt.datetime.now(dt.UTC)
        self.key, certificate = make_authority("PETUGAS CONTOH", now=now, lifetime=dt.timedelta(days=30))
        self.certificate = certificate.public_bytes(Encoding.DER)
        self.inserted, self.reader, self.pulled_at_work = True, True, False
        self.tries = 3
        self.challenges: list[bytes] = []

    def info(self) -> DeviceInfo | Fault:
        return DeviceInfo(self.kind, self.url, make="Contoh", model="Kartu", serial="1", firmware="1.0")

    def state(self) -> DeviceState:
        return DeviceState.READY if self.reader else DeviceState.LOST

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def self_test(self) -> tuple[SelfTest, ...]:
        return (SelfTest(SelfTestCode.CARD_READER_ANSWERS, self.reader, "" if self.reader else "no reader"),)

    def card(self) -> Card | CardAbsent | Fault | None:
        if not self.reader:
            return Fault(FaultCode.NOT_CONNECTED, self.kind, "no reader")
        return Card("held", "1", self.certificate) if self.inserted else CardAbsent()

    def sign(self, *, challenge: bytes, pin: str) -> CardSignature | PinRefused | CardAbsent | Fault:
        if not self.reader:
            return Fault(FaultCode.NOT_CONNECTED, self.kind, "no reader")
        if self.pulled_at_work or not self.inserted:
            return CardAbsent()
        if pin != PIN or self.tries == 0:
            self.tries = max(0, self.tries - 1)
            return PinRefused(self.tries)
        self.tries = 3
        self.challenges.append(challenge)
        signature = self.key.sign(challenge, ec.ECDSA(SHA256()))
        return CardSignature(signature, SignatureAlgorithm.ECDSA_SHA256, self.certificate)
