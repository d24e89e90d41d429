"""The centre's side: opening a packet with the secret identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyrage
from cryptography import x509

from kiosk.packet.archive import read_archive
from kiosk.packet.cms import verify_detached
from kiosk.packet.envelope import PAYLOAD, Envelope, EnvelopeHeader, check_envelope, require_members
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import FORMAT, Manifest, read_document
from kiosk.packet.seal import CONTENTS, CONTENTS_SIGNATURE, MANIFEST


@dataclass(frozen=True, slots=True)
class OpenedPacket:
    """Both signatures held and the manifest reads; the parts are still to be verified (`verify_contents`)."""

    header: EnvelopeHeader
    signer: x509.Certificate
    manifest: Manifest
    parts: Mapping[str, bytes]
    sha256: str


def read_identity(text: str) -> pyrage.x25519.Identity:
    """The key in an age identity file (`AGE-SECRET-KEY-1...`, comments allowed). Raises ValueError."""
    keys = read_identities(text)
    if len(keys) != 1:
        raise ValueError(f"an identity file holds one key, this holds {len(keys)}")
    return keys[0]


def read_identities(text: str) -> tuple[pyrage.x25519.Identity, ...]:
    """All keys of such a file, at least one: the present recipient's and those before it. Raises ValueError."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError("an identity file holds one key, this holds 0")
    try:
        return tuple(pyrage.x25519.Identity.from_str(line) for line in lines)
    except pyrage.IdentityError as error:
        raise ValueError(f"no age identity: {error}") from error


def open_packet(
    data: bytes, *, identity: pyrage.x25519.Identity, anchors: Sequence[x509.Certificate]
) -> OpenedPacket | PacketFault:
    """Checks the envelope, decrypts, checks the inner signature and reads the manifest."""
    envelope = check_envelope(data, anchors=anchors)
    return envelope if isinstance(envelope, PacketFault) else open_envelope(envelope, (identity,), anchors)


def open_envelope(
    envelope: Envelope, identities: Sequence[pyrage.x25519.Identity], anchors: Sequence[x509.Certificate]
) -> OpenedPacket | PacketFault:
    try:
        plain = pyrage.decrypt(envelope.ciphertext, list(identities))
    except pyrage.DecryptError as error:
        return PacketFault(FaultKind.NOT_FOR_THIS_KEY, PAYLOAD, str(error), "an age file for this identity")
    signed = read_archive(plain, where=PAYLOAD)
    if isinstance(signed, PacketFault):
        return signed
    fault = require_members(signed, (CONTENTS, CONTENTS_SIGNATURE), where=PAYLOAD)
    if fault is not None:
        return fault
    signer = verify_detached(
        signed[CONTENTS],
        signed[CONTENTS_SIGNATURE],
        anchors=anchors,
        at=envelope.header.sealed_at,
        where=CONTENTS_SIGNATURE,
    )
    if isinstance(signer, PacketFault):
        return signer
    if signer != envelope.signer:
        return PacketFault(FaultKind.HEADER_MISMATCH, CONTENTS_SIGNATURE, "another signer", "the envelope's")
    return _read_contents(envelope, signed[CONTENTS])


def _read_contents(envelope: Envelope, archive: bytes) -> OpenedPacket | PacketFault:
    parts = read_archive(archive, where=CONTENTS)
    if isinstance(parts, PacketFault):
        return parts
    if MANIFEST not in parts:
        return PacketFault(FaultKind.MISSING_PART, CONTENTS, f"no {MANIFEST}", f"{MANIFEST} and records/")
    manifest = read_document(Manifest, parts.pop(MANIFEST), where=MANIFEST, format_name=FORMAT)
    if isinstance(manifest, PacketFault):
        return manifest
    return OpenedPacket(envelope.header, envelope.signer, manifest, parts, envelope.sha256)
