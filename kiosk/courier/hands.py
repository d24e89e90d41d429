"""Who signs a hand-over: a key with its certificate, or an officer's card."""

from __future__ import annotations

from cryptography import x509

from hw.api import Card, CardSignature, OfficerCard, PinRefused
from kiosk.courier.export import Hand
from kiosk.courier.ledger import name_of
from kiosk.packet.cms import DeviceSigner, Signature, SignatureAlgorithm, assemble, sign_detached


class CardRefusedError(Exception):
    """The card did not sign; says why. A wrong PIN costs a try."""


def hand_of_key(signer: DeviceSigner) -> Hand:
    return Hand(name_of(signer.chain[0]), lambda body: sign_detached(body, signer))


def hand_of_card(reader: OfficerCard, *, pin: str) -> Hand:
    """Its `sign` blocks for seconds and raises CardRefusedError, as this does when no card is there."""
    card = reader.card()
    if not isinstance(card, Card):
        raise CardRefusedError("no card in the reader")

    def sign(body: bytes) -> bytes:
        answer = reader.sign(challenge=body, pin=pin)
        if isinstance(answer, PinRefused):
            raise CardRefusedError(f"wrong PIN, {answer.tries_left} tries left")
        if not isinstance(answer, CardSignature):
            raise CardRefusedError("the card was pulled or cannot be read")
        certificate = x509.load_der_x509_certificate(answer.certificate)
        return assemble([Signature(certificate, SignatureAlgorithm(str(answer.algorithm)), answer.signature)])

    return Hand(name_of(x509.load_der_x509_certificate(card.certificate)), sign)
