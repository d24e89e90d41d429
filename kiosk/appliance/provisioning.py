"""A unit's first start: from what an officer typed, or from a signed file, to a unit that may enroll.

Two steps, with a journey to the authority between them. `begin` adds the first supervisor, takes the roster
over, makes the keys, writes the draft of the settings and hands back the request for a certificate. `finish`
takes the certificate and the list of recipients, and puts the settings into force. A power cut at any point
leaves a unit that is asked again: the settings' own name appears last.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from kiosk.config import DEVICE_KINDS, Config, ConfigError, parse
from kiosk.enrollment.events import Role
from kiosk.packet.cms import verify_detached
from kiosk.packet.faults import PacketFault
from kiosk.security.ceremony import (
    create_keys,
    has_keys,
    import_certificate,
    import_recipients,
    name_authorities,
    request,
    same_authorities,
)
from kiosk.security.key_faults import KeyRefusal
from kiosk.security.key_store import KeyStore
from kiosk.security.officers import Officers
from kiosk.storage.atomic import erase, write_atomic
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster import Roster

FORMAT = "ktp-el kiosk provisioning 1"
SIGNATURE_SUFFIX = ".p7s"
DRAFT_SUFFIX = ".draft"
_LISTING = ".roster.csv"
T = TypeVar("T")
_FIELDS = frozenset(
    {"format", "valid_until", "unit_id", "office", "store", "devices", "device_authority", "centre_authority"}
)
_OPTIONAL = frozenset({"office_key", "supervisor", "pin", "roster"})


class ProvisioningError(Exception):
    """What will not do, in words for the officer's screen; what was done before it may be done again."""


@dataclass(frozen=True, slots=True)
class Setup:
    """authorities: PEM. office_key: 32 bytes, None makes one. roster: CSV as `kiosk roster import` takes it."""

    unit_id: str
    office: str
    store: str
    devices: Mapping[str, str]
    device_authority: bytes
    centre_authority: bytes
    supervisor: str
    pin: str = field(repr=False)
    office_key: bytes | None = field(default=None, repr=False)
    roster: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Places:
    """settings: the unit's configuration file; data, keys: folders it shall name. open_store: of the keys."""

    settings: Path
    data: Path
    keys: Path
    open_store: Callable[[Config], KeyStore]

    @property
    def draft(self) -> Path:
        return self.settings.with_name(self.settings.name + DRAFT_SUFFIX)


def read_signed(
    document: bytes, signature: bytes, *, anchors: Sequence[x509.Certificate], now: dt.datetime
) -> Setup:
    """signature: detached CMS by a signer under one of `anchors`. Raises ProvisioningError."""
    signer = verify_detached(document, signature, anchors=anchors, at=now, where="provisioning file")
    if isinstance(signer, PacketFault):
        raise ProvisioningError(str(signer))
    try:
        fields = json.loads(document)
        found = set(fields)
        if fields["format"] != FORMAT or not found >= _FIELDS or found - _FIELDS - _OPTIONAL:
            strange = sorted((_FIELDS - found) | (found - _FIELDS - _OPTIONAL)) or [str(fields["format"])]
            raise ProvisioningError(f"not a file of the form {FORMAT!r}: {', '.join(strange)}")
        if dt.datetime.fromisoformat(fields["valid_until"]) < now:
            raise ProvisioningError(f"the file was good until {fields['valid_until']}")
        devices = {str(kind): str(url) for kind, url in fields["devices"].items()}
        return Setup(
            unit_id=str(fields["unit_id"]),
            office=str(fields["office"]),
            store=str(fields["store"]),
            devices=devices,
            device_authority=str(fields["device_authority"]).encode(),
            centre_authority=str(fields["centre_authority"]).encode(),
            supervisor=str(fields.get("supervisor", "")),
            pin=str(fields.get("pin", "")),
            office_key=base64.b64decode(fields["office_key"], validate=True)
            if "office_key" in fields
            else None,
            roster=str(fields.get("roster", "")).encode(),
        )
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        raise ProvisioningError(f"the file cannot be read: {error}") from error


def settings_text(setup: Setup, places: Places) -> str:
    """The unit's configuration. Raises ProvisioningError for a value that it may not have."""
    if strange := sorted(set(setup.devices) - set(DEVICE_KINDS)):
        raise ProvisioningError(f"no kind of device: {', '.join(strange)}; allowed: {', '.join(DEVICE_KINDS)}")
    tables = {
        "unit": {"id": setup.unit_id, "office": setup.office},
        "paths": {"data": str(places.data), "keys": str(places.keys)},
        "devices": dict(setup.devices),
        "uplink": {"store": setup.store},
    }
    lines = ["# Written at the first start of this unit; every other key has its default (kiosk/default.toml)."]
    for name, values in tables.items():
        # A JSON string without escapes of its own kind is a TOML basic string.
        lines += [
            "",
            f"[{name}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
        ]
    lines += ["", "[screen]", "fullscreen = true", ""]
    text = "\n".join(lines)
    try:
        parse(text, path=places.settings)
    except ConfigError as error:
        raise ProvisioningError(
            "; ".join(f"{p.key} is {p.found}; allowed: {p.allowed}" for p in error.problems)
        ) from error
    return text


def begin(setup: Setup, places: Places) -> bytes:
    """Returns the certificate request, PEM. Raises ProvisioningError.

    May be called again, after a power cut or with other answers: as long as the unit recorded nothing, the
    last authorities count and the last supervisor is the only officer. The keys themselves stay.
    """
    text = settings_text(setup, places)
    config = parse(text, path=places.settings)
    store = places.open_store(config)
    places.data.mkdir(parents=True, exist_ok=True)
    folder = DataFolder(places.data)
    remove_listing(folder)
    _add_supervisor(setup, folder)
    _import_roster(setup, folder)
    _make_or_keep_keys(setup, places.keys, store, in_use=folder.journal.exists())
    csr = _done(request(places.keys, store, unit_id=setup.unit_id))
    write_atomic(places.draft, text.encode(), mode=0o644)
    return csr


def pending(places: Places) -> Config | None:
    """The settings that wait for their certificate."""
    if places.settings.exists() or not places.draft.exists():
        return None
    return parse(places.draft.read_text("utf-8"), path=places.settings)


def pending_request(places: Places) -> bytes | None:
    """The request that waits for its certificate, again. Raises ProvisioningError."""
    config = pending(places)
    if config is None:
        return None
    return _done(request(places.keys, places.open_store(config), unit_id=config.unit_id))


def finish(
    places: Places, *, certificates: bytes, recipients: bytes, recipients_signature: bytes, now: dt.datetime
) -> None:
    """certificates: PEM, the unit's first. Raises ProvisioningError."""
    config = pending(places)
    if config is None:
        raise ProvisioningError("nothing waits for a certificate: begin first")
    store = places.open_store(config)
    _done(import_certificate(places.keys, store, certificates, unit_id=config.unit_id, now=now))
    _done(import_recipients(places.keys, recipients, recipients_signature, verify=verify_detached, now=now))
    write_atomic(places.settings, places.draft.read_bytes(), mode=0o644)
    places.draft.unlink()


def remove_listing(data: DataFolder) -> None:
    """What a power cut in the middle of an import left of the roster, in plain text."""
    for name in (_LISTING, f".{_LISTING}.tmp"):
        if (data.root / name).exists():
            erase(data.root / name)


def _make_or_keep_keys(setup: Setup, keys: Path, store: KeyStore, *, in_use: bool) -> None:
    """in_use: something was recorded under the keys; only the settings were lost."""
    devices, centre = setup.device_authority, setup.centre_authority
    if not has_keys(keys):
        _done(
            create_keys(
                keys,
                store,
                device_authority=devices,
                centre_authority=centre,
                office_key=setup.office_key,
            )
        )
    elif not in_use:
        _done(
            name_authorities(
                keys,
                store,
                device_authority=devices,
                centre_authority=centre,
                office_key=setup.office_key,
            )
        )
    elif not same_authorities(keys, device_authority=devices, centre_authority=centre):
        raise ProvisioningError("this unit has records under other authorities: reset it first")


def _add_supervisor(setup: Setup, data: DataFolder) -> None:
    """Before the first record there was nobody else than whom an answer that no longer counts had named."""
    if not setup.supervisor:
        return
    officers = Officers(data.officers, monotonic_s=time.monotonic)
    added = officers.add(setup.supervisor, Role.SUPERVISOR, setup.pin)
    if isinstance(added, tuple):
        raise ProvisioningError(f"the supervisor's number or PIN: {', '.join(added)}")
    if not data.journal.exists():
        for officer in officers.all():
            if officer.name != setup.supervisor:
                officers.remove(officer.name)


def _import_roster(setup: Setup, data: DataFolder) -> None:
    if not setup.roster:
        return
    listing = data.root / _LISTING
    write_atomic(listing, setup.roster, mode=0o600)
    roster = Roster(data.roster)
    try:
        problems = roster.import_csv(listing).problems
    finally:
        roster.close()
        erase(listing)
    if problems:
        worst = problems[0]
        raise ProvisioningError(
            f"roster, line {worst.line}: {worst.column} is {worst.value!r}; {worst.allowed}"
        )


def _done(result: T | KeyRefusal) -> T:
    if isinstance(result, KeyRefusal):
        raise ProvisioningError(str(result))
    return result
