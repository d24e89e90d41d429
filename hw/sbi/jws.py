"""Compact JSON Web Signatures (RFC 7515) of the devices: RS256 with the certificate chain in `x5c`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.http import parse_json
from hw.sbi.trust import check_chain

_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]*={0,2}")
MIN_KEY_BITS: Final = 2048
"""RFC 7518, 3.3: RS256 needs a key of 2048 bits or more."""


@dataclass(frozen=True, slots=True)
class Jws:
    """One JWS taken apart, nothing checked yet."""

    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


def decode_base64url(text: str) -> bytes:
    """With or without padding (RFC 7515, 2 leaves it out; services do not agree).

    SbiFailure BAD_ANSWER for any other character.
    """
    raw = text.encode("utf-8", "replace")
    if not _BASE64URL.fullmatch(raw):
        raise SbiFailure(FaultCode.BAD_ANSWER, "not base64url")
    raw = raw.rstrip(b"=")
    try:
        return base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error as error:
        raise SbiFailure(FaultCode.BAD_ANSWER, "not base64url") from error


def parse_jws(compact: object) -> Jws:
    """SbiFailure BAD_SIGNATURE when it is not a JWS in compact form."""
    parts = compact.split(".") if isinstance(compact, str) else []
    if len(parts) != 3:
        raise SbiFailure(FaultCode.BAD_SIGNATURE, "not a signed answer")
    header = parse_json(decode_base64url(parts[0]))
    if not isinstance(header, dict):
        raise SbiFailure(FaultCode.BAD_SIGNATURE, "a JWS header is an object")
    signed = f"{parts[0]}.{parts[1]}".encode("utf-8", "replace")
    return Jws(header, decode_base64url(parts[1]), signed, decode_base64url(parts[2]))


def open_jws(compact: object, *, anchors: Sequence[x509.Certificate], now: datetime) -> dict[str, Any]:
    """The payload's JSON object after signature, certificate chain and validity held.

    SbiFailure BAD_SIGNATURE, UNTRUSTED_DEVICE, or BAD_ANSWER when the payload is no object.
    """
    jws = parse_jws(compact)
    chain = _certificates(jws.header)
    _check_signature(jws, chain[0])
    check_chain(chain, anchors=anchors, now=now)
    payload = parse_json(jws.payload)
    if not isinstance(payload, dict):
        raise SbiFailure(FaultCode.BAD_ANSWER, "a signed payload is an object")
    return payload


def _certificates(header: dict[str, Any]) -> list[x509.Certificate]:
    entries = header.get("x5c")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise SbiFailure(FaultCode.UNTRUSTED_DEVICE, "the signature names no certificate")
    try:
        return [x509.load_der_x509_certificate(base64.b64decode(entry, validate=True)) for entry in entries]
    except (ValueError, x509.InvalidVersion) as error:
        raise SbiFailure(FaultCode.UNTRUSTED_DEVICE, "a certificate that cannot be read") from error


def _check_signature(jws: Jws, certificate: x509.Certificate) -> None:
    if jws.header.get("alg") != "RS256" or "crit" in jws.header:
        raise SbiFailure(FaultCode.BAD_SIGNATURE, "the signature is not plain RS256")
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SbiFailure(FaultCode.UNTRUSTED_DEVICE, "a certificate with an unusable key") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise SbiFailure(FaultCode.BAD_SIGNATURE, f"RS256 needs an RSA key of {MIN_KEY_BITS} bits")
    try:
        key.verify(jws.signature, jws.signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise SbiFailure(FaultCode.BAD_SIGNATURE, "the signature does not hold") from error
