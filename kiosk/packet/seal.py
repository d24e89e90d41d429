"""Closing a packet: records and manifest, signed, encrypted, and signed again from outside.

contents.tar (manifest.json, records/, approval/) is signed by the device; archive and signature are encrypted
with age (age-encryption.org/v1, X25519) to every recipient. The kiosk keeps no key that opens it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyrage

from kiosk.enrollment.officer_flow import missing_positions
from kiosk.packet.approval import approval_parts
from kiosk.packet.archive import write_archive
from kiosk.packet.cms import DeviceSigner, key_id, sign_detached
from kiosk.packet.contents import PacketContents
from kiosk.packet.envelope import FORMAT, EnvelopeHeader, close_envelope
from kiosk.packet.manifest import document, make_manifest
from kiosk.packet.parts import SealError, make_parts
from kiosk.packet.profile import DEFAULT_PROFILE, FormatProfile

MANIFEST = "manifest.json"
CONTENTS, CONTENTS_SIGNATURE = "contents.tar", "contents.p7s"


@dataclass(frozen=True, slots=True)
class SealedPacket:
    """data: the packet file; sha256: of data, lower-case hex, the packet's name everywhere."""

    data: bytes
    sha256: str
    enrollment_id: str
    nik_hash: str
    sealed_at: dt.datetime


def seal(
    contents: PacketContents,
    *,
    signer: DeviceSigner,
    recipients: Sequence[str],
    profile: FormatProfile = DEFAULT_PROFILE,
) -> SealedPacket:
    """recipients: the centre's age recipients (`age1...`), at least one.

    Raises SealError when the enrollment is not whole and finalised, a blob is missing or damaged, the
    officer's card signed something else, or a recipient is none.
    """
    missing = missing_positions(contents.enrollment)
    if missing:
        raise SealError(f"neither captured nor excepted: {', '.join(missing)}")
    parts = (*make_parts(contents, profile), *approval_parts(contents.enrollment, signer))
    manifest = make_manifest(contents, parts, profile=profile.name)
    archive = write_archive({MANIFEST: document(manifest)} | {part.path: part.data for part in parts})
    signed = write_archive({CONTENTS: archive, CONTENTS_SIGNATURE: sign_detached(archive, signer)})
    ciphertext = _encrypt(signed, recipients)
    header = EnvelopeHeader(
        format=FORMAT,
        enrollment_id=manifest.enrollment_id,
        nik_hash=contents.nik_hash,
        unit_id=contents.unit.unit_id,
        office_code=contents.unit.office_code,
        sealed_at=contents.sealed_at.at,
        clock_trust=contents.sealed_at.trust,
        device_key_id=key_id(signer.chain[0]),
        recipient_ids=tuple(_digest(recipient.encode()) for recipient in recipients),
        ciphertext_sha256=_digest(ciphertext),
        ciphertext_bytes=len(ciphertext),
    )
    data = close_envelope(header, ciphertext, signer=signer)
    return SealedPacket(data, _digest(data), manifest.enrollment_id, contents.nik_hash, contents.sealed_at.at)


def _encrypt(plain: bytes, recipients: Sequence[str]) -> bytes:
    try:
        keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
        return bytes(pyrage.encrypt(plain, keys))
    except (pyrage.RecipientError, pyrage.EncryptError) as error:
        raise SealError(f"cannot encrypt to these recipients: {error}") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
