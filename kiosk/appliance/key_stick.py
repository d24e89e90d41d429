"""A unit without a shell takes newer certificates and lists from a stick, and leaves its request there.

Nothing on the stick is believed for being there: the list is signed under the centre's authority, the
certificate by that of the devices.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.appliance.provisioning import SIGNATURE_SUFFIX
from kiosk.appliance.provisioning_files import RECIPIENTS
from kiosk.packet.cms import verify_detached
from kiosk.security.ceremony import import_certificate, import_recipients, request
from kiosk.security.key_faults import KeyRefusal
from kiosk.security.key_store import KeyStore


@dataclass(frozen=True, slots=True)
class Taken:
    """file: of the stick. refusal: why it changed nothing, None when it is in force or was written."""

    file: str
    refusal: KeyRefusal | None


def renew(folder: Path, keys: Path, store: KeyStore, *, unit_id: str, now: dt.datetime) -> Iterator[Taken]:
    """Takes `recipients.json` and `UNIT.pem` where they are, each by itself, and writes `UNIT.csr`.

    Raises OSError for a stick that cannot be read or written.
    """
    if (folder / RECIPIENTS).exists():
        document = (folder / RECIPIENTS).read_bytes()
        signature = (folder / (RECIPIENTS + SIGNATURE_SUFFIX)).read_bytes()
        yield _taken(RECIPIENTS, import_recipients(keys, document, signature, verify=verify_detached, now=now))
    certificate = folder / f"{unit_id}.pem"
    if certificate.exists():
        pem = certificate.read_bytes()
        yield _taken(certificate.name, import_certificate(keys, store, pem, unit_id=unit_id, now=now))
    asked = request(keys, store, unit_id=unit_id)
    if isinstance(asked, bytes):
        (folder / f"{unit_id}.csr").write_bytes(asked)
    yield _taken(f"{unit_id}.csr", asked)


def _taken(file: str, result: object) -> Taken:
    return Taken(file, result if isinstance(result, KeyRefusal) else None)
