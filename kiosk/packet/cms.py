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
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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
    encode,
    only,
)
from kiosk.packet.faults import FaultKind, PacketFault

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1
_SHA256 = bytes.fromhex("608648016503040201")  # 2.16.840.1.101.3.4.2.1
_ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")  # 1.2.840.10045.4.3.2
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")

_RSA = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1
_RSA_SHA256 = bytes.fromhex("2a864886f70d01010b")  # 1.2.840.113549.1.1.11
_RSA_ALGORITHMS = (_RSA, _RSA_SHA256)  # RFC 5754, 3.2: either names PKCS #1 1.5 beside SHA-256
_LEAST_RSA_BITS = 2048

_VERSION_1 = encode(INTEGER, b"\x01")
_SHA256_IDENTIFIER = encode(SEQUENCE, encode(OID, _SHA256))
_ALLOWED = "a CMS signature by one P-256 key over SHA-256"


class SignatureAlgorithm(StrEnum):
    ECDSA_SHA256 = "ecdsa-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"


_IDENTIFIERS = {
    SignatureAlgorithm.ECDSA_SHA256: encode(SEQUENCE, encode(OID, _ECDSA_SHA256)),
    SignatureAlgorithm.RSA_PKCS1_SHA256: encode(SEQUENCE, encode(OID, _RSA), encode(NULL)),
}


class SigningKey(Protocol):
    """A P-256 key, in memory (`ec.EllipticCurvePrivateKey` is one) or in a TPM that never gives it away."""

    def public_key(self) -> ec.EllipticCurvePublicKey: ...

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A DER ECDSA-Sig-Value (RFC 3279)."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceSigner:
    """A P-256 key and its certificate first, then the intermediates up to, not including, the anchor."""

    key: SigningKey
    chain: tuple[x509.Certificate, ...]


def key_id(certificate: x509.Certificate) -> str:
    """SHA-256 (hex) of the public key (SubjectPublicKeyInfo): outlives the certificate."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


@dataclass(frozen=True, slots=True)
class Signature:
    """What one key made of the content itself. value: a DER ECDSA-Sig-Value (RFC 3279) or an RSA block."""

    certificate: x509.Certificate
    algorithm: SignatureAlgorithm
    value: bytes


def sign(content: bytes, signer: DeviceSigner) -> Signature:
    value = signer.key.sign(content, ec.ECDSA(hashes.SHA256()))
    return Signature(signer.chain[0], SignatureAlgorithm.ECDSA_SHA256, value)


def sign_detached(content: bytes, signer: DeviceSigner) -> bytes:
    """DER CMS SignedData over `content`, which it does not contain."""
    return assemble([sign(content, signer)], others=signer.chain[1:])


def assemble(signatures: Sequence[Signature], *, others: Sequence[x509.Certificate] = ()) -> bytes:
    """DER CMS SignedData of all the signatures over one content (RFC 5652, 5.1), without signed attributes.

    others: certificates between the signers' and their anchors.
    """
    certificates = {_der(certificate) for certificate in (*(s.certificate for s in signatures), *others)}
    data = encode(
        SEQUENCE,
        _VERSION_1,
        encode(SET, _SHA256_IDENTIFIER),
        encode(SEQUENCE, encode(OID, _DATA)),
        encode(CONTEXT_0, *sorted(certificates)),
        encode(SET, *sorted(_written(signature) for signature in signatures)),
    )
    return encode(SEQUENCE, encode(OID, _SIGNED_DATA), encode(CONTEXT_0, data))


def _written(signature: Signature) -> bytes:
    """SignerInfo (RFC 5652, 5.3)."""
    return encode(
        SEQUENCE,
        _VERSION_1,
        encode(SEQUENCE, _issuer_and_serial(_der(signature.certificate))),
        _SHA256_IDENTIFIER,
        _IDENTIFIERS[signature.algorithm],
        encode(OCTET_STRING, signature.value),
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def verify_detached(
    content: bytes, signature: bytes, *, anchors: Sequence[x509.Certificate], at: dt.datetime, where: str
) -> x509.Certificate | PacketFault:
    """The one signer's certificate, valid at `at` and issued under one of `anchors`."""
    signed = _take_apart(content, signature, where)
    if isinstance(signed, PacketFault):
        return signed
    if len(signed.signers) != 1 or not _on_p256(signed.signers[0]):
        found = f"{len(signed.signers)} signers" if len(signed.signers) != 1 else "a key not on P-256"
        return PacketFault(FaultKind.BAD_SIGNATURE, where, found, _ALLOWED)
    return trusted(signed.signers[0], signed.others, anchors=anchors, at=at, where=where)


def verify_cosigned(
    content: bytes, signature: bytes, *, where: str
) -> tuple[x509.Certificate, ...] | PacketFault:
    """The certificates of all who signed; every signature holds. Whom to believe is left to the caller."""
    signed = _take_apart(content, signature, where)
    return signed if isinstance(signed, PacketFault) else signed.signers


@dataclass(frozen=True, slots=True)
class _SignedData:
    signers: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]


def _take_apart(content: bytes, signature: bytes, where: str) -> _SignedData | PacketFault:
    """Who signed, when every signature holds over `content`."""
    try:
        infos, certificates = _read(signature)
        read = [_signer_info(DerReader(info), certificates) for info in infos]
    except DerError as error:
        return PacketFault(FaultKind.BAD_SIGNATURE, where, str(error), _ALLOWED)
    if not all(_signs(info, content) for info in read):
        return PacketFault(FaultKind.BAD_SIGNATURE, where, "a signature over something else", "one that holds")
    signers = tuple(info.signer for info in read)
    return _SignedData(signers, tuple(c for c in certificates.values() if c not in signers))


@dataclass(frozen=True, slots=True)
class _SignerInfo:
    signer: x509.Certificate
    attributes: bytes | None
    signature: bytes


def _read(signature: bytes) -> tuple[list[bytes], dict[bytes, x509.Certificate]]:
    info = DerReader(only(signature, SEQUENCE).value)
    _expect_oid(info, _SIGNED_DATA)
    wrapped = info.read(CONTEXT_0)
    info.finish()
    data = DerReader(only(wrapped.value, SEQUENCE).value)
    _expect_version(data)
    _expect_algorithm(DerReader(data.read(SET).value), (_SHA256,))
    encapsulated = DerReader(data.read(SEQUENCE).value)
    _expect_oid(encapsulated, _DATA)
    encapsulated.finish()
    certificates = _certificates(DerReader(data.read(CONTEXT_0).value))
    signers = DerReader(data.read(SET).value)
    data.finish()
    infos = [signers.read(SEQUENCE).value]
    while signers.more:
        infos.append(signers.read(SEQUENCE).value)
    return infos, certificates


def _signer_info(info: DerReader, certificates: dict[bytes, x509.Certificate]) -> _SignerInfo:
    _expect_version(info)
    signer = certificates.get(info.read(SEQUENCE).value)
    _expect_algorithm(info, (_SHA256,))
    attributes = info.read(CONTEXT_0).raw if info.next_tag == CONTEXT_0 else None
    if signer is None:
        raise DerError("the signer's certificate is not in the signature")
    _expect_algorithm(info, (_ECDSA_SHA256,) if _on_p256(signer) else _RSA_ALGORITHMS)
    signature = info.read(OCTET_STRING).value
    info.finish()
    return _SignerInfo(signer, attributes, signature)


def _on_p256(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


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


def _signs(signed: _SignerInfo, content: bytes) -> bool:
    message = content
    if signed.attributes is not None:
        if not _attributes_name(signed.attributes, content):
            return False
        message = bytes((SET,)) + signed.attributes[1:]  # RFC 5652, 5.4: signed as the SET OF they are
    key = signed.signer.public_key()
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signed.signature, message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey() if key.key_size >= _LEAST_RSA_BITS:
                key.verify(signed.signature, message, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
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


def trusted(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    *,
    anchors: Sequence[x509.Certificate],
    at: dt.datetime,
    where: str,
) -> x509.Certificate | PacketFault:
    """The signer, when `others` lead from it to an anchor and all were valid at `at`."""
    path, left = [signer], list(others)
    while (anchor := _issuer_of(path[-1], anchors)) is None:
        issuer = _issuer_of(path[-1], left)
        if issuer is None:
            found = f"a signer with the key {key_id(signer)}"
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
    return signer


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


def _expect_algorithm(reader: DerReader, allowed: tuple[bytes, ...]) -> None:
    """AlgorithmIdentifier; parameters may be absent or NULL (RFC 5754, 2)."""
    identifier = DerReader(reader.read(SEQUENCE).value)
    if identifier.read(OID).value not in allowed:
        raise DerError("an unknown algorithm")
    if identifier.more and identifier.read(NULL).value:
        raise DerError("algorithm parameters that are not NULL")
    identifier.finish()
