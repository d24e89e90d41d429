"""Signing in: the right PIN opens, wrong ones run out, and pulling the plug does not bring them back."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.enrollment.events import Role
from kiosk.security.certificates import make_authority, make_signer
from kiosk.security.officers import (
    FAILURES_ALLOWED,
    LOCKOUT_S,
    CardChangeProblem,
    Officer,
    OfficerChangeProblem,
    Officers,
    OfficersFileError,
    SignInFault,
    SignInProblem,
)

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
PIN = "482915"
WRONG = SignInFault(SignInProblem.WRONG_NAME_OR_PIN)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "officers.json"


@pytest.fixture
def officers(path: Path, clock: Clock) -> Officers:
    officers = Officers(path, monotonic_s=clock, hasher=QUICK)
    officers.add("sari", Role.OFFICER, PIN)
    officers.add("budi", Role.SUPERVISOR, "739164")
    return officers


def lock_out(officers: Officers, name: str = "sari") -> None:
    for _ in range(FAILURES_ALLOWED):
        officers.sign_in(name, "000000")


def test_the_right_pin_opens(officers: Officers):
    assert officers.sign_in("sari", PIN) == Officer("sari", Role.OFFICER)
    assert officers.sign_in(" Budi ", "739164") == Officer("budi", Role.SUPERVISOR)


def test_officers_outlive_a_restart(officers: Officers, path: Path, clock: Clock):
    again = Officers(path, monotonic_s=clock, hasher=QUICK)
    assert again.all() == officers.all() == (Officer("sari", Role.OFFICER), Officer("budi", Role.SUPERVISOR))
    assert again.sign_in("sari", PIN) == Officer("sari", Role.OFFICER)


@pytest.mark.parametrize(("name", "pin"), [("sari", "482916"), ("sari", ""), ("nobody", PIN), ("", "")])
def test_a_wrong_pin_and_an_unknown_name_look_the_same(officers: Officers, name: str, pin: str):
    assert officers.sign_in(name, pin) == WRONG


def test_the_last_failure_locks_and_only_that_officer(officers: Officers):
    for _ in range(FAILURES_ALLOWED - 1):
        assert officers.sign_in("sari", "000000") == WRONG
    assert officers.sign_in("sari", "000000") == SignInFault(SignInProblem.LOCKED, LOCKOUT_S)
    assert officers.sign_in("budi", "739164") == Officer("budi", Role.SUPERVISOR)


def test_the_right_pin_does_not_open_while_locked(officers: Officers, clock: Clock):
    lock_out(officers)
    clock.now_s += LOCKOUT_S - 10
    assert officers.sign_in("sari", PIN) == SignInFault(SignInProblem.LOCKED, 10)


def test_after_the_lock_out_the_right_pin_opens_again(officers: Officers, clock: Clock):
    lock_out(officers)
    clock.now_s += LOCKOUT_S
    assert officers.sign_in("sari", PIN) == Officer("sari", Role.OFFICER)
    assert officers.sign_in("sari", "000000") == WRONG


def test_after_the_lock_out_one_more_failure_locks_again(officers: Officers, clock: Clock):
    lock_out(officers)
    clock.now_s += LOCKOUT_S
    assert officers.sign_in("sari", "000000") == SignInFault(SignInProblem.LOCKED, LOCKOUT_S)


def test_success_forgives_earlier_failures(officers: Officers):
    for _ in range(3):
        for _ in range(FAILURES_ALLOWED - 1):
            officers.sign_in("sari", "000000")
        assert officers.sign_in("sari", PIN) == Officer("sari", Role.OFFICER)


def test_switching_off_and_on_gives_no_new_tries(officers: Officers, path: Path, clock: Clock):
    lock_out(officers)
    clock.now_s = 5.0
    again = Officers(path, monotonic_s=clock, hasher=QUICK)
    assert again.sign_in("sari", PIN) == SignInFault(SignInProblem.LOCKED, LOCKOUT_S)


def test_failures_short_of_the_lock_are_remembered_too(officers: Officers, path: Path, clock: Clock):
    for _ in range(FAILURES_ALLOWED - 1):
        officers.sign_in("sari", "000000")
    again = Officers(path, monotonic_s=clock, hasher=QUICK)
    assert again.sign_in("sari", "000000") == SignInFault(SignInProblem.LOCKED, LOCKOUT_S)


def test_a_new_pin_ends_a_lock_out_and_the_old_one(officers: Officers):
    lock_out(officers)
    officers.add("sari", Role.OFFICER, "591736")
    assert officers.sign_in("sari", PIN) == WRONG
    assert officers.sign_in("sari", "591736") == Officer("sari", Role.OFFICER)


def test_a_removed_officer_cannot_sign_in(officers: Officers, path: Path, clock: Clock):
    officers.remove("sari")
    officers.remove("never there")
    for source in (officers, Officers(path, monotonic_s=clock, hasher=QUICK)):
        assert source.sign_in("sari", PIN) == WRONG


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "48291a", "", "４８２９１５"])
def test_a_pin_is_6_to_12_digits(officers: Officers, pin: str):
    assert officers.add("tono", Role.OFFICER, pin) == (OfficerChangeProblem.PIN_NOT_6_TO_12_DIGITS,)


@pytest.mark.parametrize("pin", ["000000", "123456", "987654"])
def test_an_easy_pin_is_refused(officers: Officers, pin: str):
    assert officers.add("tono", Role.OFFICER, pin) == (OfficerChangeProblem.PIN_TOO_EASY,)


@pytest.mark.parametrize(
    "name", ["", "a", "Tono", "tono tono", "x" * 33, "../x", "3503115708019001", "199001012015011001"]
)
def test_a_name_is_plain(officers: Officers, name: str):
    assert officers.add(name, Role.OFFICER, PIN) == (OfficerChangeProblem.NAME_NOT_ALLOWED,)


def test_the_file_holds_argon2id_hashes_for_this_user_only(officers: Officers, path: Path):
    text = path.read_text()
    assert text.count("$argon2id$") == 2
    assert PIN not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_default_hash_has_the_parameters_of_rfc_9106(path: Path, clock: Clock):
    Officers(path, monotonic_s=clock).add("sari", Role.OFFICER, PIN)
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in path.read_text()


def test_a_weaker_hash_is_renewed_at_the_next_sign_in(officers: Officers, path: Path, clock: Clock):
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    Officers(path, monotonic_s=clock, hasher=stronger).sign_in("sari", PIN)
    assert "m=16,t=2,p=1" in path.read_text()


@pytest.mark.parametrize("content", ["", "{}", '[{"name": "sari"}]'])
def test_a_damaged_file_is_named(path: Path, clock: Clock, content: str):
    path.write_text(content)
    with pytest.raises(OfficersFileError, match=r"officers\.json"):
        Officers(path, monotonic_s=clock, hasher=QUICK)


def test_a_damaged_hash_is_named(officers: Officers, path: Path, clock: Clock):
    path.write_text(path.read_text().replace("$argon2id$", "$plain$"))
    with pytest.raises(OfficersFileError, match="hash"):
        Officers(path, monotonic_s=clock, hasher=QUICK).sign_in("sari", PIN)


NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    authority = make_authority("CONTOH", now=NOW, lifetime=dt.timedelta(days=900))
    _, certificate = make_signer(
        "PETUGAS CONTOH", mail="p@contoh.test", authority=authority, now=NOW, lifetime=dt.timedelta(days=365)
    )
    return certificate


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_card_is_known_by_its_certificate(
    officers: Officers, path: Path, clock: Clock, certificate, encoding
):
    assert officers.give_card("sari", certificate.public_bytes(encoding), now=NOW) == Officer(
        "sari", Role.OFFICER
    )
    again = Officers(path, monotonic_s=clock, hasher=QUICK)
    assert again.of_card(certificate.public_bytes(Encoding.DER), at=NOW) == Officer("sari", Role.OFFICER)


def test_a_new_pin_keeps_the_card_and_taking_it_ends_it(officers: Officers, certificate):
    der = certificate.public_bytes(Encoding.DER)
    officers.give_card("sari", der, now=NOW)
    officers.add("sari", Role.OFFICER, "915264")
    assert officers.of_card(der, at=NOW) is not None
    officers.take_card("sari")
    assert officers.of_card(der, at=NOW) is None


def test_a_card_out_of_its_time_opens_nothing_once_the_clock_is_trusted(officers: Officers, certificate):
    der = certificate.public_bytes(Encoding.DER)
    officers.give_card("sari", der, now=NOW)
    late = NOW + dt.timedelta(days=366)
    assert officers.of_card(der, at=late) is None
    assert officers.of_card(der, at=None) is not None
    assert officers.give_card("sari", der, now=late) is CardChangeProblem.EXPIRED


def test_what_is_no_ones_card_or_anothers_is_refused(officers: Officers, certificate):
    der = certificate.public_bytes(Encoding.DER)
    assert officers.of_card(der, at=NOW) is None
    assert officers.give_card("nobody", der, now=NOW) is CardChangeProblem.NO_SUCH_OFFICER
    assert officers.give_card("sari", b"PETUGAS", now=NOW) is CardChangeProblem.NO_CERTIFICATE
    officers.give_card("sari", der, now=NOW)
    assert officers.give_card("budi", der, now=NOW) is CardChangeProblem.CARD_OF_ANOTHER


def test_a_file_written_before_there_were_cards_still_opens(path: Path, clock: Clock, officers: Officers):
    older = [
        {name: value for name, value in one.items() if name != "card_sha256"}
        for one in json.loads(path.read_text())
    ]
    path.write_text(json.dumps(older))
    assert Officers(path, monotonic_s=clock, hasher=QUICK).sign_in("sari", PIN) == Officer("sari", Role.OFFICER)
