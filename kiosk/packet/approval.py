"""The officer's word in the packet: the card's signature and the device's under one line.

`approval/statement.txt` is the line that the card signed (`kiosk.enrollment.approval`); it names the hash of
a statement that can be made again from the manifest alone. `approval/signatures.p7s` is a CMS signature
over it by both keys. An officer who signed in by PIN leaves neither, and the manifest says so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.enrollment.approval import challenge_of, statement_of
from kiosk.enrollment.record import Enrollment, OfficerSignature, Stage
from kiosk.packet.cms import (
    DeviceSigner,
    Signature,
    SignatureAlgorithm,
    assemble,
    sign,
    trusted,
    verify_cosigned,
)
from kiosk.packet.faults import PacketFault
from kiosk.packet.manifest import Manifest, OfficerSeal
from kiosk.packet.parts import APPROVAL_TYPE, COSIGNATURE_TYPE, WHOLE, Part, SealError

STATEMENT, SIGNATURES = "approval/statement.txt", "approval/signatures.p7s"


def approval_parts(enrollment: Enrollment, signer: DeviceSigner) -> tuple[Part, ...]:
    """None without a card. Raises SealError when the card's signature does not hold."""
    card = enrollment.officer_signature
    if card is None:
        return ()
    line = challenge_of(statement_of(enrollment))
    try:
        signatures = assemble([sign(line, signer), _of_card(card)], others=signer.chain[1:])
    except ValueError as error:
        raise SealError(f"the officer's signature cannot be read: {error}") from error
    fault = verify_cosigned(line, signatures, where=SIGNATURES)
    if isinstance(fault, PacketFault):
        raise SealError(f"the officer's signature does not hold: {fault}")
    return (
        Part(STATEMENT, WHOLE, APPROVAL_TYPE, line),
        Part(SIGNATURES, WHOLE, COSIGNATURE_TYPE, signatures),
    )


def _of_card(card: OfficerSignature) -> Signature:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(card.certificate, validate=True))
        value = base64.b64decode(card.signature, validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error
    return Signature(certificate, SignatureAlgorithm(card.algorithm), value)


def approval_problems(
    manifest: Manifest,
    statement: bytes | None,
    signatures: bytes | None,
    *,
    device: x509.Certificate,
    anchors: Sequence[x509.Certificate],
) -> list[str]:
    """What is wrong with the two parts. anchors: the officers' authorities; none: no one asks who issued."""
    if manifest.officer_seal is OfficerSeal.PIN:
        return ["the officer used no card, and yet a card signed"] if statement or signatures else []
    if statement is None or signatures is None:
        return ["the officer used a card, and its signature is not there"]
    if statement != challenge_of(statement_of(_finalised(manifest))):
        return ["the card signed something else than the manifest says"]
    signers = verify_cosigned(statement, signatures, where=SIGNATURES)
    if isinstance(signers, PacketFault):
        return [str(signers)]
    by_sha256 = {hashlib.sha256(c.public_bytes(Encoding.DER)).hexdigest(): c for c in signers}
    card = by_sha256.get(manifest.officer_certificate_sha256)
    if card is None or device not in signers or len(signers) != 2:
        return ["not signed by the device and the card of the manifest, and no one else"]
    if not anchors:
        return []
    fault = trusted(card, (), anchors=anchors, at=manifest.finalised.at, where=SIGNATURES)
    return [str(fault)] if isinstance(fault, PacketFault) else []


def _finalised(manifest: Manifest) -> Enrollment:
    """The record as it was when the officer signed."""
    return Enrollment(
        id=manifest.enrollment_id,
        language=manifest.language,
        stage=Stage.FINALISED,
        started=manifest.started,
        notice_version=manifest.notice_version,
        person=manifest.person,
        identified_by=manifest.identified_by,
        biodata_remarks=manifest.biodata_remarks,
        samples=manifest.samples,
        approval=manifest.approval,
        exceptions=manifest.exceptions,
        verifications=manifest.verifications,
        links=manifest.device_chain,
        officer=manifest.officer,
        override=manifest.override,
        finalised=manifest.finalised,
    )
