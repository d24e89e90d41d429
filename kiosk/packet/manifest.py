"""The manifest: what the packet says of the person, the samples, the machine and the people at it.

Its outer form is `manifest.schema.json`. Person, samples, exceptions and verifications are the
enrollment's own values; a change to them is a change of format and needs a new version here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from kiosk.enrollment.codec import CodecError, from_json, to_json
from kiosk.enrollment.person import Person
from kiosk.enrollment.record import (
    BiometricException,
    ChainLink,
    GallerySearch,
    Language,
    Sample,
    Stamp,
    Verification,
)
from kiosk.packet.contents import PacketContents, UnitInfo
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.parts import Part, SealError

FORMAT = "ktp-el-manifest/3"

T = TypeVar("T")


class OfficerSeal(StrEnum):
    """How the finalising officer vouched for the record."""

    CARD = "card"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class PartEntry:
    path: str
    position: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Times carry who vouches for the clock. device_chain: the whole session's, discarded attempts included.

    gallery_search: whether the fingers belong to an earlier record on the unit; None where nobody looked.
    officer_certificate_sha256: of the card that signed beside the device (`approval`), empty for a PIN.
    """

    format: str
    profile: str
    enrollment_id: str
    nik_hash: str
    unit: UnitInfo
    language: Language
    notice_version: str
    person: Person
    identified_by: str
    biodata_remarks: tuple[str, ...]
    deletion_letter: str
    started: Stamp
    finalised: Stamp
    sealed: Stamp
    timings_s: Mapping[str, float]
    parts: tuple[PartEntry, ...]
    samples: tuple[Sample, ...]
    approval: Sample | None
    exceptions: tuple[BiometricException, ...]
    verifications: tuple[Verification, ...]
    gallery_search: GallerySearch | None
    device_chain: tuple[ChainLink, ...]
    journal_digest: str
    officer: str
    override: str
    officer_seal: OfficerSeal
    officer_certificate_sha256: str


def make_manifest(contents: PacketContents, parts: tuple[Part, ...], *, profile: str) -> Manifest:
    """Raises SealError for an enrollment without a person or not yet finalised."""
    enrollment = contents.enrollment
    card = enrollment.officer_signature
    person, finalised = enrollment.person, enrollment.finalised
    if person is None or finalised is None:
        raise SealError("the enrollment has no person or is not finalised")
    return Manifest(
        format=FORMAT,
        profile=profile,
        enrollment_id=enrollment.id,
        nik_hash=contents.nik_hash,
        unit=contents.unit,
        language=enrollment.language,
        notice_version=enrollment.notice_version,
        person=person,
        identified_by=enrollment.identified_by,
        biodata_remarks=enrollment.biodata_remarks,
        deletion_letter=contents.deletion_letter,
        started=enrollment.started,
        finalised=finalised,
        sealed=contents.sealed_at,
        timings_s=contents.timings,
        parts=tuple(_entry(part) for part in parts),
        samples=enrollment.samples,
        approval=enrollment.approval,
        exceptions=enrollment.exceptions,
        verifications=enrollment.verifications,
        gallery_search=enrollment.gallery_search,
        device_chain=enrollment.links,
        journal_digest=contents.journal_digest,
        officer=enrollment.officer,
        override=enrollment.override,
        officer_seal=OfficerSeal.PIN if card is None else OfficerSeal.CARD,
        officer_certificate_sha256="" if card is None else _sha256(base64.b64decode(card.certificate)),
    )


def _entry(part: Part) -> PartEntry:
    return PartEntry(part.path, part.position, part.media_type, len(part.data), _sha256(part.data))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def document(value: object) -> bytes:
    """A dataclass as one UTF-8 JSON document, always the same bytes for the same value."""
    return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":")).encode()


def read_document(kind: type[T], data: bytes, *, where: str, format_name: str) -> T | PacketFault:
    """The dataclass `kind`, whose `format` field must be `format_name`."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        offset = getattr(error, "pos", None)
        return PacketFault(FaultKind.BAD_JSON, where, str(error), "one JSON document in UTF-8", offset)
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != format_name:
        return PacketFault(FaultKind.UNKNOWN_FORMAT, where, f"format {found!r}", repr(format_name))
    try:
        value: T = from_json(kind, raw)
    except CodecError as error:
        return PacketFault(FaultKind.BAD_JSON, where, str(error), "the fields of the schema")
    return value
