"""An authority and a unit under it, as a ceremony finds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from kiosk.packet.cms import DeviceSigner, sign_detached, verify_detached
from kiosk.security.authority import OFFICE_KEY_FILE, certify_request, make_authorities, read_pair
from kiosk.security.ceremony import create_keys, import_certificate, import_recipients, request
from kiosk.security.key_faults import KeyRefusal
from kiosk.security.key_files import read_certificates
from kiosk.security.key_store import KeyStore
from kiosk.security.machine_store import MachineStore
from kiosk.security.recipients import RecipientList, make_list, read_recipient_lines

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)
UNIT = "KIOSK-7"
BOARD = {"board-serial": b"10000000abcdef01"}


def file_store() -> MachineStore:
    return MachineStore(identity=lambda: BOARD)


@dataclass(frozen=True, slots=True)
class Authority:
    folder: Path

    def certify(self, asked: bytes, *, unit: str = UNIT, now: dt.datetime = NOW) -> bytes:
        certificate = certify_request(self.folder, asked, unit_id=unit, now=now, lifetime=2 * YEAR)
        assert isinstance(certificate, bytes), certificate
        return certificate

    def recipients(
        self,
        version: int,
        *,
        valid_from: dt.datetime = NOW,
        by: str = "list_signer",
        more: Sequence[str] = (),
    ) -> tuple[bytes, bytes]:
        """A list and its signature."""
        document = make_list(
            version=version,
            valid_from=valid_from,
            valid_until=valid_from + YEAR,
            recipients=(*read_recipient_lines((self.folder / "recipient.txt").read_text()), *more),
            receivers=read_certificates(self.folder / "receiver_ca.pem"),
        )
        return document, self.sign(document, by=by)

    def sign(self, document: bytes, *, by: str = "list_signer") -> bytes:
        key, certificate = read_pair(self.folder, by)
        return sign_detached(document, DeviceSigner(key, (certificate,)))


@dataclass(frozen=True, slots=True)
class Unit:
    folder: Path
    store: KeyStore
    authority: Authority

    def create(self) -> str | KeyRefusal:
        return create_keys(
            self.folder,
            self.store,
            device_authority=(self.authority.folder / "device_ca.pem").read_bytes(),
            centre_authority=(self.authority.folder / "centre_ca.pem").read_bytes(),
            office_key=(self.authority.folder / OFFICE_KEY_FILE).read_bytes(),
        )

    def request(self) -> bytes:
        asked = request(self.folder, self.store, unit_id=UNIT)
        assert isinstance(asked, bytes), asked
        return asked

    def take(self, pem: bytes, *, now: dt.datetime = NOW) -> x509.Certificate | KeyRefusal:
        return import_certificate(self.folder, self.store, pem, unit_id=UNIT, now=now)

    def take_list(self, made: tuple[bytes, bytes], *, now: dt.datetime = NOW) -> RecipientList | KeyRefusal:
        return import_recipients(self.folder, *made, verify=verify_detached, now=now)

    def commission(self) -> None:
        """The whole ceremony."""
        assert isinstance(self.create(), str)
        assert isinstance(self.take(self.authority.certify(self.request())), x509.Certificate)
        assert isinstance(self.take_list(self.authority.recipients(1)), RecipientList)


def make_authority_folder(folder: Path) -> Authority:
    make_authorities(folder, name="Kabupaten Contoh", now=NOW - dt.timedelta(days=30), lifetime=10 * YEAR)
    return Authority(folder)
