"""The card's answers become events: who signed in, what was signed, and every refusal by its own name."""

from __future__ import annotations

import datetime as dt
from base64 import b64decode
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kiosk.app.officer_card import OfficerCards, presence_of
from kiosk.enrollment.effects import SignApproval
from kiosk.enrollment.events import (
    ApprovalSigned,
    CardPresence,
    CardRefused,
    CardTrouble,
    Role,
    SignInAnswered,
    Staff,
)
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.security.audit import AuditLog
from kiosk.security.officers import Officers
from tests.app.held_card import PIN, HeldCard

NOW = Stamp(dt.datetime.now(dt.UTC), ClockTrust.NETWORK, 1)
CHALLENGE = b"ktp-el-approval/1\nabc\n"


@dataclass
class Rooms:
    """The part of the services that signing in by card uses."""

    officers: Officers
    audit: AuditLog
    card: HeldCard


@pytest.fixture
def rooms(tmp_path) -> Rooms:
    officers = Officers(
        tmp_path / "officers.json",
        monotonic_s=lambda: 0.0,
        hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    officers.add("1001", Role.OFFICER, "483920")
    officers.add("1002", Role.OFFICER, "739164")
    card = HeldCard()
    officers.give_card("1001", card.certificate, now=NOW.at)
    return Rooms(officers, AuditLog(tmp_path / "audit.jsonl", nik_key=None), card)


@pytest.fixture
def cards(rooms) -> OfficerCards:
    return OfficerCards(rooms)


def test_the_card_says_who_signed_in_by_a_challenge_new_each_time(rooms, cards):
    for _ in range(2):
        assert cards.sign_in(PIN, NOW) == SignInAnswered(Staff("1001", Role.OFFICER, by_card=True))
    first, second = rooms.card.challenges
    assert first != second
    assert not first.startswith(b"ktp-el-approval")


def test_wrong_pins_count_down_to_a_blocked_card(cards):
    assert [cards.sign_in("000000", NOW).tries_left for _ in range(3)] == [2, 1, 0]
    assert cards.sign_in(PIN, NOW) == CardRefused(tries_left=0)


def test_a_pulled_card_and_a_reader_gone_are_values(rooms, cards):
    rooms.card.pulled_at_work = True
    assert cards.sign_in(PIN, NOW) == CardRefused(trouble=CardTrouble.PULLED)
    rooms.card.reader = False
    assert cards.sign_in(PIN, NOW) == CardRefused(trouble=CardTrouble.READER_AWAY)


def test_a_card_nobody_was_given_opens_nothing(rooms, cards):
    rooms.officers.take_card("1001")
    assert cards.sign_in(PIN, NOW) == CardRefused(trouble=CardTrouble.NOT_KNOWN)


def test_a_card_out_of_its_time_opens_nothing(cards):
    late = Stamp(NOW.at + dt.timedelta(days=60), ClockTrust.GPS, 1)
    assert cards.sign_in(PIN, late) == CardRefused(trouble=CardTrouble.NOT_KNOWN)


def test_the_approval_is_signed_under_the_officers_certificate(rooms, cards):
    answer = cards.sign_approval(SignApproval("UNIT-000001", "1001", CHALLENGE, PIN), NOW)
    assert isinstance(answer, ApprovalSigned)
    assert answer.challenge == CHALLENGE
    certificate = x509.load_der_x509_certificate(b64decode(answer.signature.certificate))
    certificate.public_key().verify(b64decode(answer.signature.signature), CHALLENGE, ec.ECDSA(SHA256()))


def test_another_officers_card_does_not_sign_for_this_one(cards):
    answer = cards.sign_approval(SignApproval("UNIT-000001", "1002", CHALLENGE, PIN), NOW)
    assert answer == CardRefused(trouble=CardTrouble.NOT_YOURS)


def test_the_log_tells_what_happened_and_no_pin(rooms, cards, tmp_path):
    cards.sign_in(PIN, NOW)
    cards.sign_in("000000", NOW)
    text = (tmp_path / "audit.jsonl").read_text()
    assert '"by":"card"' in text.replace(" ", "")
    assert "card_pin_refused" in text
    assert "000000" not in text
    assert PIN not in text


def test_what_the_reader_tells_of_the_card():
    card = HeldCard()
    assert presence_of(None) is CardPresence.NOT_USED
    assert presence_of(card) is CardPresence.PRESENT
    card.inserted = False
    assert presence_of(card) is CardPresence.ABSENT
    card.reader = False
    assert presence_of(card) is CardPresence.READER_AWAY
