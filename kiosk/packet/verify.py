"""Reading an opened packet again, piece by piece: nothing is believed because the kiosk said so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509

from kiosk.enrollment.positions import Modality, Position, position_of
from kiosk.enrollment.record import BiometricException
from kiosk.packet.approval import SIGNATURES, STATEMENT, approval_problems
from kiosk.packet.manifest import Manifest, OfficerSeal, PartEntry
from kiosk.packet.open import OpenedPacket
from kiosk.packet.parts import (
    APPROVAL,
    APPROVAL_TYPE,
    COSIGNATURE_TYPE,
    FACE_TYPE,
    FINGER_TYPE,
    IRIS_TYPE,
    PICTURE_TYPE,
    SIGNATURE_TYPE,
    TEMPLATE_TYPE,
    TRANSACTION_TYPE,
)
from kiosk.packet.records.codestream import Codec, image_size
from kiosk.packet.records.face import FaceRecord, decode_face
from kiosk.packet.records.finger import SLAPS, FingerRecord, decode_finger
from kiosk.packet.records.iris import IrisRecord, decode_iris
from kiosk.packet.records.minutiae import TemplateRecord, decode_template
from kiosk.packet.records.reader import RecordFault
from kiosk.packet.records.signature import decode_signature
from kiosk.packet.records.transaction import FaceImage, FingerImage, IrisImage, Transaction, decode_transaction
from kiosk.packet.transaction import descriptors

FINGER_DPI = 500
"""Pixels per inch: image acquisition setting level 31 of ISO/IEC 19794-4:2011."""


@dataclass(frozen=True, slots=True)
class Check:
    """detail: what was found wrong and where, or what was looked at."""

    name: str
    passed: bool
    detail: str


def verify_contents(
    opened: OpenedPacket,
    *,
    nik_hash: Callable[[str], str] | None = None,
    officer_anchors: Sequence[x509.Certificate] = (),
) -> tuple[Check, ...]:
    """Every check of the contents, in reading order; the packet is whole when all passed.

    The signatures already held: without them there is no `OpenedPacket`. nik_hash: the keyed hash;
    without it the NIK is not compared with what the header says. officer_anchors: the authorities of the
    officers' cards; without any a card's signature is checked, and not who issued the card.
    """
    manifest = opened.manifest
    return (
        _check("header", _header_problems(opened), "the manifest says what the header says"),
        _check("parts", _part_problems(opened), f"{len(manifest.parts)} parts have their size and hash"),
        _check("records", _record_problems(opened), "every record reads and is of its position"),
        _check("positions", _position_problems(manifest), "every position is captured or excepted"),
        _check("transaction", _transaction_problems(opened), "says what the records and the manifest say"),
        _check("exceptions", _exception_problems(manifest), f"{len(manifest.exceptions)} approved by another"),
        _check("officer", _officer_problems(opened, officer_anchors), _vouched(manifest, officer_anchors)),
        _check("device_chain", _chain_problems(manifest), f"{len(manifest.device_chain)} links recomputed"),
        _check("verifications", _verification_problems(manifest), "the chip fingers match, or an override"),
        _check("gallery_search", _search_problems(manifest), _searched(manifest)),
        _check(
            "nik_hash", _nik_problems(manifest, nik_hash), "as keyed" if nik_hash else "no key: not compared"
        ),
    )


def _check(name: str, problems: list[str], passed: str) -> Check:
    return Check(name, not problems, "; ".join(problems) or passed)


def _header_problems(opened: OpenedPacket) -> list[str]:
    header, manifest = opened.header, opened.manifest
    pairs = {
        "enrollment_id": (header.enrollment_id, manifest.enrollment_id),
        "nik_hash": (header.nik_hash, manifest.nik_hash),
        "unit_id": (header.unit_id, manifest.unit.unit_id),
        "office_code": (header.office_code, manifest.unit.office_code),
        "sealed_at": (header.sealed_at, manifest.sealed.at),
        "clock_trust": (header.clock_trust, manifest.sealed.trust),
    }
    return [f"{name} differs" for name, (outside, inside) in pairs.items() if outside != inside]


def _part_problems(opened: OpenedPacket) -> list[str]:
    problems = []
    listed = [entry.path for entry in opened.manifest.parts]
    if listed != list(opened.parts):
        odd = sorted(set(listed) ^ set(opened.parts)) or ["the order"]
        problems.append(f"manifest and archive differ in {', '.join(odd)}")
    for entry in opened.manifest.parts:
        data = opened.parts.get(entry.path)
        if data is None:
            continue
        if len(data) != entry.size_bytes:
            problems.append(f"{entry.path} has {len(data)} bytes, not {entry.size_bytes}")
        elif hashlib.sha256(data).hexdigest() != entry.sha256:
            problems.append(f"{entry.path} has another hash")
    return problems


def _record_problems(opened: OpenedPacket) -> list[str]:
    problems = []
    for entry in opened.manifest.parts:
        data = opened.parts.get(entry.path)
        read = _READERS.get(entry.media_type)
        if data is None:
            continue
        problem = read(data, entry) if read else f"unknown media type {entry.media_type}"
        if problem:
            problems.append(f"{entry.path}: {problem}")
    return problems


def _read_finger(data: bytes, entry: PartEntry) -> str:
    record = decode_finger(data)
    if isinstance(record, RecordFault):
        return str(record)
    if record.dpi != FINGER_DPI:
        return f"{record.dpi} ppi, must be {FINGER_DPI}"
    return _misplaced(record, entry)


def _read_template(data: bytes, entry: PartEntry) -> str:
    record = decode_template(data)
    return str(record) if isinstance(record, RecordFault) else _misplaced(record, entry)


def _read_iris(data: bytes, entry: PartEntry) -> str:
    record = decode_iris(data)
    return str(record) if isinstance(record, RecordFault) else _misplaced(record, entry)


def _read_face(data: bytes, entry: PartEntry) -> str:
    record = decode_face(data)
    return str(record) if isinstance(record, RecordFault) else _misplaced(record, entry)


def _read_signature(data: bytes, entry: PartEntry) -> str:
    record = decode_signature(data)
    if isinstance(record, RecordFault):
        return str(record)
    return "" if entry.position in (Position.SIGNATURE, APPROVAL) else f"a signature for {entry.position}"


def _read_picture(data: bytes, _entry: PartEntry) -> str:
    size = image_size(data, Codec.PNG)
    return str(size) if isinstance(size, RecordFault) else ""


def _read_transaction(data: bytes, _entry: PartEntry) -> str:
    transaction = decode_transaction(data)
    return str(transaction) if isinstance(transaction, RecordFault) else ""


def _read_with_the_officer(_data: bytes, _entry: PartEntry) -> str:
    return ""  # `_officer_problems` reads both together


_READERS: dict[str, Callable[[bytes, PartEntry], str]] = {
    FINGER_TYPE: _read_finger,
    TEMPLATE_TYPE: _read_template,
    IRIS_TYPE: _read_iris,
    FACE_TYPE: _read_face,
    SIGNATURE_TYPE: _read_signature,
    PICTURE_TYPE: _read_picture,
    TRANSACTION_TYPE: _read_transaction,
    APPROVAL_TYPE: _read_with_the_officer,
    COSIGNATURE_TYPE: _read_with_the_officer,
}


_RECORD_TYPES = {
    Modality.FINGERPRINT: FINGER_TYPE,
    Modality.IRIS: IRIS_TYPE,
    Modality.FACE: FACE_TYPE,
    Modality.SIGNATURE: PICTURE_TYPE,  # strokes come beside it where there was a pen
}


def _misplaced(record: FingerRecord | TemplateRecord | IrisRecord | FaceRecord, entry: PartEntry) -> str:
    match record:
        case FaceRecord():
            inside = Position.FACE
        case FingerRecord(position=code) if code in SLAPS:
            return f"holds a slap (position {code}), listed as {entry.position}"
        case FingerRecord(position=code) | TemplateRecord(position=code):
            inside = position_of(Modality.FINGERPRINT, code)
        case IrisRecord(eye=code):
            inside = position_of(Modality.IRIS, code)
    return "" if inside == entry.position else f"holds {inside}, listed as {entry.position}"


def _position_problems(manifest: Manifest) -> list[str]:
    """Each position exactly once: a sample with its record, or an exception without one."""
    sampled = [sample.position for sample in manifest.samples]
    excepted = [item.position for item in manifest.exceptions]
    recorded = {(entry.position, entry.media_type) for entry in manifest.parts}
    problems = []
    for position in Position:
        stated = sampled.count(position) + excepted.count(position)
        has_record = (position.value, _RECORD_TYPES[position.modality]) in recorded
        if stated != 1:
            problems.append(f"{position} is stated {stated} times")
        elif position in sampled and not has_record:
            problems.append(f"{position} is captured but has no record")
        elif position in excepted and has_record:
            problems.append(f"{position} is excepted but has a record")
    if manifest.approval is not None and (APPROVAL, PICTURE_TYPE) not in recorded:
        problems.append("the approval has no picture")
    return problems


def _transaction_problems(opened: OpenedPacket) -> list[str]:
    """The transaction holds the person of the manifest and, byte for byte, the images of the records."""
    problems = []
    for entry in opened.manifest.parts:
        data = opened.parts.get(entry.path)
        if data is None or entry.media_type != TRANSACTION_TYPE:
            continue
        transaction = decode_transaction(data)
        if isinstance(transaction, RecordFault):
            continue  # told among the records
        if transaction.descriptors != descriptors(opened.manifest.person):
            problems.append("describes another person than the manifest")
        images = tuple(_images_inside(transaction))
        inside, beside = dict(images), _images_beside(opened)
        names = [name for name, _ in images]
        problems += [f"{name} is there twice" for name in sorted(inside) if names.count(name) > 1]
        sampled = {sample.position.value for sample in opened.manifest.samples}
        odd = {name for name in beside if inside.get(name) != beside[name]} | (inside.keys() - sampled)
        problems += [f"{name} differs from its record" for name in sorted(odd)]
    return problems


def _images_inside(transaction: Transaction) -> Iterator[tuple[str, bytes]]:
    for image in transaction.images:
        match image:
            case FaceImage(picture=picture):
                yield Position.FACE, picture.data
            case FingerImage(position=code, picture=picture):
                yield position_of(Modality.FINGERPRINT, code), picture.data
            case IrisImage(eye=code, picture=picture):
                yield position_of(Modality.IRIS, code), picture.data


def _images_beside(opened: OpenedPacket) -> dict[str, bytes]:
    images: dict[str, bytes] = {}
    for entry in opened.manifest.parts:
        decode = _IMAGE_DECODERS.get(entry.media_type)
        record = decode(opened.parts.get(entry.path, b"")) if decode else None
        if isinstance(record, FaceRecord | FingerRecord | IrisRecord):
            images[entry.position] = record.image
    return images


_IMAGE_DECODERS: dict[str, Callable[[bytes], FaceRecord | FingerRecord | IrisRecord | RecordFault]] = {
    FACE_TYPE: decode_face,
    FINGER_TYPE: decode_finger,
    IRIS_TYPE: decode_iris,
}


def _exception_problems(manifest: Manifest) -> list[str]:
    return [f"{item.position}: {fault}" for item in manifest.exceptions if (fault := _unapproved(item))]


def _unapproved(item: BiometricException) -> str:
    if not item.attested_by or not item.approved_by:
        return "not attested and approved"
    return "approved by the officer who attests it" if item.approved_by == item.attested_by else ""


def _officer_problems(opened: OpenedPacket, anchors: Sequence[x509.Certificate]) -> list[str]:
    statement, signatures = opened.parts.get(STATEMENT), opened.parts.get(SIGNATURES)
    return approval_problems(opened.manifest, statement, signatures, device=opened.signer, anchors=anchors)


def _vouched(manifest: Manifest, anchors: Sequence[x509.Certificate]) -> str:
    if manifest.officer_seal is OfficerSeal.PIN:
        return f"{manifest.officer} by PIN: no signature of a card"
    return f"{manifest.officer} by card" + ("" if anchors else ", whose issuer is not compared")


def _chain_problems(manifest: Manifest) -> list[str]:
    """SHA-256(previous chain hash || SHA-256(record)) from SHA-256 of nothing (MOSIP SBI 0.9.5)."""
    problems = []
    previous = hashlib.sha256(b"").digest()
    for index, link in enumerate(manifest.device_chain):
        try:
            previous = hashlib.sha256(previous + bytes.fromhex(link.record_sha256)).digest()
        except ValueError:
            return [f"link {index} holds no hash"]
        if previous.hex().upper() != link.chain_hash:
            return [f"link {index}, {link.position}, does not follow from the link before"]
    links = {(link.position, link.record_sha256, link.chain_hash) for link in manifest.device_chain}
    for sample in manifest.samples:
        if sample.chain_hash and (sample.position, sample.record_sha256, sample.chain_hash) not in links:
            problems.append(f"{sample.position} is not in the devices' chain")
    return problems


def _verification_problems(manifest: Manifest) -> list[str]:
    failed = [item.position for item in manifest.verifications if not item.matched]
    if failed and not manifest.override:
        return [f"{', '.join(failed)} did not match and nobody accepted that"]
    return []


def _search_problems(manifest: Manifest) -> list[str]:
    search = manifest.gallery_search
    if search is not None and search.hits and not manifest.override:
        return [f"the fingers are those of {search.hits[0].enrollment_id} and nobody accepted that"]
    return []


def _searched(manifest: Manifest) -> str:
    search = manifest.gallery_search
    if search is None:
        return "nobody looked for the fingers on the unit"
    known = ", ".join(hit.enrollment_id for hit in search.hits)
    return f"the officer accepted a likeness to {known}" if known else f"in none of {search.records} records"


def _nik_problems(manifest: Manifest, nik_hash: Callable[[str], str] | None) -> list[str]:
    if nik_hash is None or nik_hash(manifest.person.nik) == manifest.nik_hash:
        return []
    return ["nik_hash is not that of the person's NIK"]
