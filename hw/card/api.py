"""What may be known of the officer's card: who is named on it, and that its owner knows the PIN."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hw.api import Device, DeviceKind, Fault

KIND = DeviceKind.PANEL
"""The contract has no kind of its own for the card; the panel also has the officer's key switch."""


class SignatureAlgorithm(StrEnum):
    """ecdsa-sha256: DER ECDSA-Sig-Value (RFC 3279, 2.2.3). rsa-pkcs1-sha256: RFC 8017, 8.2."""

    ECDSA_SHA256 = "ecdsa-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"


@dataclass(frozen=True, slots=True)
class Card:
    """certificate: X.509, DER, as the card holds it; whether it is to be trusted is decided elsewhere."""

    label: str
    serial: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class CardAbsent:
    """No card in the reader, or it was pulled before the answer."""


@dataclass(frozen=True, slots=True)
class PinRefused:
    """tries_left: 0 when the card is blocked, None when it does not say."""

    tries_left: int | None


@dataclass(frozen=True, slots=True)
class CardSignature:
    """signature: over the challenge; it holds under the certificate's key, which the driver has checked."""

    signature: bytes
    algorithm: SignatureAlgorithm
    certificate: bytes


class OfficerCard(Device, Protocol):
    """READY while the reader is there, with a card or without."""

    def card(self) -> Card | CardAbsent | Fault | None:
        """The card seen at the last look, about once a second; None before the first."""

    def sign(self, *, challenge: bytes, pin: str) -> CardSignature | PinRefused | CardAbsent | Fault:
        """Blocks for seconds. A wrong PIN costs a try: never repeat it by yourself.

        challenge: not empty, or ValueError. It is signed as it is: the caller makes it fresh and says in it
        what is approved.
        """
