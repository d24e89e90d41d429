"""Detached CMS signatures (RFC 5652) with ECDSA P-256 and SHA-256, and the signer's certificate chain.

    openssl cms -verify -binary -inform DER -in SIGNATURE -content FILE -CAfile ANCHORS -purpose any

Ours carry no signed attributes: the one they would add is the time of a clock that nobody vouches for.
Those of other signers may carry them. A certificate is judged at the time the signed content itself
states, because packets wait for months and outlive certificates.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from kiosk.packet.der import (
    BIT_STRING,
    CONTEXT_0,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    DerError,
    DerReader,
    only,
)
from kiosk.packet.faults import FaultKind, PacketFault

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1
_SHA256 = bytes.fromhex("608648016503040201")  # 2.16.840.1.101.3.4.2.1
_ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")  # 1.2.840.10045.4.3.2
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")

_OPTIONS = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes)


@dataclass(frozen=True, slots=True)
class DeviceSigner:
    """A P-256 key and its certificate first, then the intermediates up to, not including, the anchor."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]


def key_id(certificate: x509.Certificate) -> str:
    """SHA-256 (hex) of the public key (SubjectPublicKeyInfo): outlives the certificate."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def sign_detached(content: bytes, signer: DeviceSigner) -> bytes:
    """DER CMS SignedData over `content`, which it does not contain."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(signer.chain[0], signer.key, hashes.SHA256())
    for certificate in signer.chain[1:]:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, list(_OPTIONS))


def verify_detached(
    content: bytes, signature: bytes, *, anchors: Sequence[x509.Certificate], at: dt.datetime, where: str
) -> x509.Certificate | PacketFault:
    """The signer's certificate, valid at `at` and issued under one of `anchors`."""
    try:
        signed = _take_apart(signature)
    except DerError as error:
        return PacketFault(
            FaultKind.BAD_SIGNATURE, where, str(error), "a CMS signature by one P-256 key over SHA-256"
        )
    if not _signs(signed, content):
        return PacketFault(FaultKind.BAD_SIGNATURE, where, "a signature over something else", "one that holds")
    return _trusted(signed, anchors=anchors, at=at, where=where)


@dataclass(frozen=True, slots=True)
class _SignedData:
    signer: x509.Certificate
    key: ec.EllipticCurvePublicKey
    others: tuple[x509.Certificate, ...]
    attributes: bytes | None
    signature: bytes


def _take_apart(signature: bytes) -> _SignedData:
    info = DerReader(only(signature, SEQUENCE).value)
    _expect_oid(info, _SIGNED_DATA)
    wrapped = info.read(CONTEXT_0)
    info.finish()
    data = DerReader(only(wrapped.value, SEQUENCE).value)
    _expect_version(data)
    _expect_algorithm(DerReader(data.read(SET).value), _SHA256)
    encapsulated = DerReader(data.read(SEQUENCE).value)
    _expect_oid(encapsulated, _DATA)
    encapsulated.finish()
    certificates = _certificates(DerReader(data.read(CONTEXT_0).value))
    signers = data.read(SET)
    data.finish()
    return _signer_info(DerReader(only(signers.value, SEQUENCE).value), certificates)


def _signer_info(info: DerReader, certificates: dict[bytes, x509.Certificate]) -> _SignedData:
    _expect_version(info)
    signer = certificates.pop(info.read(SEQUENCE).value, None)
    _expect_algorithm(info, _SHA256)
    attributes = info.read(CONTEXT_0).raw if info.next_tag == CONTEXT_0 else None
    _expect_algorithm(info, _ECDSA_SHA256)
    signature = info.read(OCTET_STRING).value
    info.finish()
    if signer is None:
        raise DerError("the signer's certificate is not in the signature")
    key = signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise DerError("the signer's key is not on P-256")
    return _SignedData(signer, key, tuple(certificates.values()), attributes, signature)


def _certificates(reader: DerReader) -> dict[bytes, x509.Certificate]:
    """By issuer and serial number, in DER, as a signer is named (RFC 5652, 10.2.4)."""
    certificates: dict[bytes, x509.Certificate] = {}
    while reader.more:
        raw = reader.read(SEQUENCE).raw
        name = _issuer_and_serial(raw)
        if name in certificates:
            raise DerError("a certificate stands there twice")
        certificates[name] = _certificate(raw)
    return certificates


def _issuer_and_serial(raw: bytes) -> bytes:
    certificate = DerReader(only(raw, SEQUENCE).value)
    body = DerReader(certificate.read(SEQUENCE).value)
    certificate.read(SEQUENCE)
    if certificate.read(BIT_STRING).value[:1] != b"\x00":  # else unused bits: the one byte nothing signs
        raise DerError("a certificate's signature is not whole bytes")
    certificate.finish()
    body.read(CONTEXT_0)
    serial = body.read(INTEGER)
    body.read(SEQUENCE)
    if int.from_bytes(serial.value, "big", signed=True) <= 0:
        raise DerError("a certificate's serial number is not positive")
    return body.read(SEQUENCE).raw + serial.raw


def _certificate(raw: bytes) -> x509.Certificate:
    """Names and extensions are read only once the certificate is known to be an authority's work."""
    try:
        certificate = x509.load_der_x509_certificate(raw)
        certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise DerError(f"a damaged certificate: {error}") from error
    return certificate


def _signs(signed: _SignedData, content: bytes) -> bool:
    message = content
    if signed.attributes is not None:
        if not _attributes_name(signed.attributes, content):
            return False
        message = bytes((SET,)) + signed.attributes[1:]  # RFC 5652, 5.4: signed as the SET OF they are
    try:
        signed.key.verify(signed.signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _attributes_name(attributes: bytes, content: bytes) -> bool:
    """The attributes must hold the content's type and its digest (RFC 5652, 11.1 and 11.2)."""
    found: dict[bytes, bytes] = {}
    try:
        reader = DerReader(only(attributes, CONTEXT_0).value)
        while reader.more:
            attribute = DerReader(reader.read(SEQUENCE).value)
            name = attribute.read(OID).value
            found[name] = attribute.read(SET).value
        digest = only(found.get(_MESSAGE_DIGEST, b""), OCTET_STRING).value
        kind = only(found.get(_CONTENT_TYPE, b""), OID).value
    except DerError:
        return False
    return kind == _DATA and digest == hashlib.sha256(content).digest()


def _trusted(
    signed: _SignedData, *, anchors: Sequence[x509.Certificate], at: dt.datetime, where: str
) -> x509.Certificate | PacketFault:
    path, left = [signed.signer], list(signed.others)
    while (anchor := _issuer_of(path[-1], anchors)) is None:
        issuer = _issuer_of(path[-1], left)
        if issuer is None:
            found = f"a signer with the key {key_id(signed.signer)}"
            return _untrusted(where, found, "a signer issued under a known anchor")
        left.remove(issuer)
        path.append(issuer)
    if left:
        return _untrusted(where, f"{len(left)} stray certificates", "the signer's chain and no more")
    if not all(_is_authority(certificate) for certificate in (*path[1:], anchor)):
        return _untrusted(where, "a certificate issued by another signer", "one issued by an authority")
    if at.tzinfo is None:
        return _untrusted(where, f"signed at {at.isoformat()}, in no time zone", "a time with its zone")
    for certificate in path:
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not first <= at <= last:
            found = f"{certificate.subject.rfc4514_string()} used at {at.isoformat()}"
            return _untrusted(where, found, f"{first:%Y-%m-%d} to {last:%Y-%m-%d}")
    return signed.signer


def _issuer_of(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    for candidate in candidates:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _untrusted(where: str, found: str, allowed: str) -> PacketFault:
    return PacketFault(FaultKind.UNTRUSTED_SIGNER, where, found, allowed)


def _expect_oid(reader: DerReader, allowed: bytes) -> None:
    if reader.read(OID).value != allowed:
        raise DerError("an unknown content type")


def _expect_version(reader: DerReader) -> None:
    if reader.read(INTEGER).value != b"\x01":
        raise DerError("an unknown version")


def _expect_algorithm(reader: DerReader, allowed: bytes) -> None:
    """AlgorithmIdentifier; parameters may be absent or NULL (RFC 5754, 2)."""
    identifier = DerReader(reader.read(SEQUENCE).value)
    if identifier.read(OID).value != allowed:
        raise DerError("an unknown algorithm")
    if identifier.more and identifier.read(NULL).value:
        raise DerError("algorithm parameters that are not NULL")
    identifier.finish()
