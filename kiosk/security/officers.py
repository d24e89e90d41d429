"""Who may sign in at this unit, as what, and how often a wrong PIN is forgiven."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.enrollment.codec import CodecError, from_json, to_json
from kiosk.enrollment.events import Role
from kiosk.security import key_files

FAILURES_ALLOWED = 5
LOCKOUT_S = 300.0
_PIN = re.compile(r"[0-9]{6,12}")
_NAME = re.compile(r"(?![0-9]{15})[a-z0-9][a-z0-9._-]{1,31}")


@dataclass(frozen=True, slots=True)
class Officer:
    """name: the staff number or other sign-in name, which records and the audit log carry."""

    name: str
    role: Role


class SignInProblem(StrEnum):
    WRONG_NAME_OR_PIN = "wrong_name_or_pin"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SignInFault:
    """locked_for_s: how long until the next try counts, 0 when it may be now."""

    problem: SignInProblem
    locked_for_s: float = 0.0


class OfficerChangeProblem(StrEnum):
    """Why an officer cannot be added."""

    NAME_NOT_ALLOWED = "name_not_allowed"
    """2 to 32 of a-z, 0-9, dot, dash, underscore, and no NIK or NIP: the name appears in records and logs."""
    PIN_NOT_6_TO_12_DIGITS = "pin_not_6_to_12_digits"
    PIN_TOO_EASY = "pin_too_easy"
    """One digit repeated, or digits in a row up or down."""


class CardChangeProblem(StrEnum):
    """Why a card cannot be given to an officer."""

    NO_SUCH_OFFICER = "no_such_officer"
    NO_CERTIFICATE = "no_certificate"
    """The file is no X.509 certificate, PEM or DER, of an elliptic-curve or RSA key."""
    EXPIRED = "expired"
    CARD_OF_ANOTHER = "card_of_another"


class OfficersFileError(Exception):
    """The officers file cannot be read; nobody can sign in until it is restored."""


@dataclass(frozen=True, slots=True)
class _Account:
    name: str
    role: Role
    pin_hash: str
    failures: int = 0
    card_sha256: str = ""
    """Lower-case hex, of the DER certificate on the officer's card; empty without a card."""


class Officers:
    """The officers of one unit, in the JSON file at `path` (mode 0600). Used by one process.

    monotonic_s: a clock that never steps back; lock-outs are timed by it. The count of failures is kept in
    the file, so switching the unit off and on does not give new tries. hasher: Argon2id (RFC 9106) with the
    library's parameters, 64 MiB and 3 passes, by default.
    """

    def __init__(
        self, path: Path, *, monotonic_s: Callable[[], float], hasher: PasswordHasher | None = None
    ) -> None:
        self._path = path
        self._monotonic_s = monotonic_s
        self._hasher = hasher or PasswordHasher()
        self._lock = Lock()
        self._accounts = _load(path)
        self._locked_until_s = {
            account.name: monotonic_s() + LOCKOUT_S
            for account in self._accounts.values()
            if account.failures >= FAILURES_ALLOWED
        }
        self._nobody = self._hasher.hash("nobody's PIN")

    def all(self) -> tuple[Officer, ...]:
        return tuple(Officer(account.name, account.role) for account in self._accounts.values())

    def sign_in(self, name: str, pin: str) -> Officer | SignInFault:
        """The officer, or why not. Takes as long for an unknown name as for a wrong PIN: about 0.1 s or more,
        so call it off the drawing thread."""
        with self._lock:
            name = name.strip().lower()
            locked_for_s = self._locked_until_s.get(name, 0.0) - self._monotonic_s()
            if locked_for_s > 0:
                return SignInFault(SignInProblem.LOCKED, locked_for_s)
            account = self._accounts.get(name)
            right = self._matches(account.pin_hash if account else self._nobody, pin)
            if account is None:
                return SignInFault(SignInProblem.WRONG_NAME_OR_PIN)
            return self._welcome(account, pin) if right else self._refuse(account)

    def add(self, name: str, role: Role, pin: str) -> Officer | tuple[OfficerChangeProblem, ...]:
        """Adds the officer, or gives one a new role and PIN, which also ends a lock-out."""
        problems = []
        if not _NAME.fullmatch(name):
            problems.append(OfficerChangeProblem.NAME_NOT_ALLOWED)
        if not _PIN.fullmatch(pin):
            problems.append(OfficerChangeProblem.PIN_NOT_6_TO_12_DIGITS)
        elif _easy(pin):
            problems.append(OfficerChangeProblem.PIN_TOO_EASY)
        if problems:
            return tuple(problems)
        with self._lock:
            self._locked_until_s.pop(name, None)
            known = self._accounts.get(name)
            card_sha256 = known.card_sha256 if known else ""
            self._store(_Account(name, role, self._hasher.hash(pin), card_sha256=card_sha256))
        return Officer(name, role)

    def remove(self, name: str) -> None:
        """The name stays in old records; nobody can sign in with it. Does nothing for an unknown name."""
        with self._lock:
            self._accounts.pop(name, None)
            _save(self._path, tuple(self._accounts.values()))

    def give_card(self, name: str, certificate: bytes, *, now: dt.datetime) -> Officer | CardChangeProblem:
        """Makes the card with this certificate (PEM or DER) the officer's, in place of an earlier one."""
        read = _certificate(certificate)
        if read is None:
            return CardChangeProblem.NO_CERTIFICATE
        if read.not_valid_after_utc < now:
            return CardChangeProblem.EXPIRED
        card_sha256 = hashlib.sha256(read.public_bytes(Encoding.DER)).hexdigest()
        with self._lock:
            account = self._accounts.get(name)
            if account is None:
                return CardChangeProblem.NO_SUCH_OFFICER
            if any(a.card_sha256 == card_sha256 and a.name != name for a in self._accounts.values()):
                return CardChangeProblem.CARD_OF_ANOTHER
            self._store(replace(account, card_sha256=card_sha256))
        return Officer(account.name, account.role)

    def take_card(self, name: str) -> None:
        """The officer's card opens nothing any more. Does nothing for an unknown name."""
        with self._lock:
            if name in self._accounts:
                self._store(replace(self._accounts[name], card_sha256=""))

    def of_card(self, certificate: bytes, *, at: dt.datetime | None) -> Officer | None:
        """Whose card holds this certificate (DER); None for nobody's, and for one out of its time.

        The caller has seen the card sign under it. at: None while nobody vouches for the clock; then the
        certificate's time is not judged.
        """
        card_sha256 = hashlib.sha256(certificate).hexdigest()
        with self._lock:
            account = next((a for a in self._accounts.values() if a.card_sha256 == card_sha256), None)
        read = _certificate(certificate)
        if account is None or read is None:
            return None
        if at is not None and not read.not_valid_before_utc <= at <= read.not_valid_after_utc:
            return None
        return Officer(account.name, account.role)

    def _welcome(self, account: _Account, pin: str) -> Officer:
        weak = self._hasher.check_needs_rehash(account.pin_hash)
        if account.failures or weak:
            pin_hash = self._hasher.hash(pin) if weak else account.pin_hash
            self._store(replace(account, failures=0, pin_hash=pin_hash))
        self._locked_until_s.pop(account.name, None)
        return Officer(account.name, account.role)

    def _refuse(self, account: _Account) -> SignInFault:
        failures = account.failures + 1
        self._store(replace(account, failures=failures))
        if failures < FAILURES_ALLOWED:
            return SignInFault(SignInProblem.WRONG_NAME_OR_PIN)
        self._locked_until_s[account.name] = self._monotonic_s() + LOCKOUT_S
        return SignInFault(SignInProblem.LOCKED, LOCKOUT_S)

    def _matches(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise OfficersFileError(f"{self._path}: a PIN hash cannot be read: {error}") from error

    def _store(self, account: _Account) -> None:
        self._accounts[account.name] = account
        _save(self._path, tuple(self._accounts.values()))


def _easy(pin: str) -> bool:
    steps = {int(later) - int(earlier) for earlier, later in pairwise(pin)}
    return steps in ({0}, {1}, {-1})


def _certificate(data: bytes) -> x509.Certificate | None:
    """Of a key that a card signs with."""
    pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        read = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        key = read.public_key()
    except ValueError:
        return None
    return read if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) else None


def _load(path: Path) -> dict[str, _Account]:
    try:
        accounts: tuple[_Account, ...] = from_json(
            tuple[_Account, ...], _with_cards(json.loads(path.read_bytes()))
        )
    except FileNotFoundError:
        return {}
    except (CodecError, ValueError, TypeError, OSError) as error:
        raise OfficersFileError(f"{path}: {error}") from error
    return {account.name: account for account in accounts}


def _with_cards(held: object) -> object:
    """Files written before officers had cards say nothing of them."""
    return [{"card_sha256": ""} | account for account in held] if isinstance(held, list) else held


def _save(path: Path, accounts: tuple[_Account, ...]) -> None:
    key_files.replace(path, json.dumps(to_json(accounts), indent=1).encode(), private=True)
