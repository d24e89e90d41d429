"""The officer's card: who signed in with it, and its signature under what is finalised."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass

from hw.api import Card, CardAbsent, CardSignature, DeviceState, Fault, FaultCode, OfficerCard, PinRefused
from kiosk.app.services import Services
from kiosk.enrollment.effects import SignApproval
from kiosk.enrollment.events import (
    ApprovalSigned,
    CardPresence,
    CardRefused,
    CardTrouble,
    Event,
    Role,
    SignInAnswered,
    Staff,
)
from kiosk.enrollment.record import ClockTrust, OfficerSignature, Stamp
from kiosk.security.audit import AuditEvent
from kiosk.security.officers import Officer

_SIGN_IN = b"ktp-el-sign-in/1\n"
_NONCE_BYTES = 32
_READER_AWAY = frozenset({DeviceState.STOPPED, DeviceState.FAULT, DeviceState.LOST})


def presence_of(card: OfficerCard | None) -> CardPresence | None:
    """What the reader tells now; None while it has not told anything yet. Never blocks."""
    if card is None:
        return CardPresence.NOT_USED
    match card.card():
        case Card():
            return CardPresence.PRESENT
        case CardAbsent():
            return CardPresence.ABSENT
        case Fault():
            away = card.state() in _READER_AWAY
            return CardPresence.READER_AWAY if away else CardPresence.UNREADABLE
        case None:
            return CardPresence.READER_AWAY if card.state() in _READER_AWAY else None


@dataclass(frozen=True, slots=True)
class OfficerCards:
    """Every call blocks for as long as the card works: seconds."""

    services: Services

    def sign_in(self, pin: str, now: Stamp) -> Event:
        """The challenge is new each time: a signature made before opens nothing."""
        signed = self._sign(_SIGN_IN + secrets.token_bytes(_NONCE_BYTES).hex().encode(), pin, now)
        if isinstance(signed, CardRefused):
            return signed
        officer = self._owner(signed, now)
        if officer is None:
            return self._refused(CardRefused(trouble=CardTrouble.NOT_KNOWN), now)
        role = Role(officer.role)
        self.services.audit.record(
            AuditEvent.SIGNED_IN, now, actor=officer.name, details={"role": str(role), "by": "card"}
        )
        return SignInAnswered(Staff(officer.name, role, by_card=True))

    def sign_approval(self, order: SignApproval, now: Stamp) -> Event:
        """Only the finalising officer's own card will do."""
        signed = self._sign(order.challenge, order.pin, now)
        if isinstance(signed, CardRefused):
            return signed
        officer = self._owner(signed, now)
        if officer is None or officer.name != order.officer:
            trouble = CardTrouble.NOT_KNOWN if officer is None else CardTrouble.NOT_YOURS
            return self._refused(CardRefused(trouble=trouble), now)
        signature = OfficerSignature(
            str(signed.algorithm), b64encode(signed.signature).decode(), b64encode(signed.certificate).decode()
        )
        return ApprovalSigned(order.enrollment_id, order.challenge, signature)

    def _sign(self, challenge: bytes, pin: str, now: Stamp) -> CardSignature | CardRefused:
        card = self.services.card
        answer = card.sign(challenge=challenge, pin=pin) if card is not None else CardAbsent()
        match answer:
            case CardSignature():
                return answer
            case PinRefused(tries_left):
                return self._refused(CardRefused(tries_left=tries_left), now)
            case CardAbsent():
                return self._refused(CardRefused(trouble=CardTrouble.PULLED), now)
            case Fault(code=FaultCode.BAD_RECORD | FaultCode.BAD_SIGNATURE):
                return self._refused(CardRefused(trouble=CardTrouble.UNREADABLE), now)
            case Fault():
                return self._refused(CardRefused(trouble=CardTrouble.READER_AWAY), now)

    def _owner(self, signed: CardSignature, now: Stamp) -> Officer | None:
        at = None if now.trust is ClockTrust.UNTRUSTED else now.at
        return self.services.officers.of_card(signed.certificate, at=at)

    def _refused(self, refusal: CardRefused, now: Stamp) -> CardRefused:
        problem = f"card_{refusal.trouble}" if refusal.trouble else "card_pin_refused"
        self.services.audit.record(AuditEvent.SIGN_IN_REFUSED, now, details={"problem": problem})
        return refusal
