"""PKCS #10 (RFC 2986) by a key that may be in a TPM, and what an authority makes of it."""

from __future__ import annotations

import base64
import textwrap

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.security.key_store import SigningKey

_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")  # AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758)
_VERSION_1 = bytes.fromhex("020100")
_NO_ATTRIBUTES = bytes.fromhex("a000")
_SEQUENCE, _BIT_STRING = 0x30, 0x03


def make_request(key: SigningKey, *, subject: x509.Name) -> bytes:
    """In PEM. The library's own builder takes keys in memory only."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    asked = _element(_SEQUENCE, _VERSION_1 + subject.public_bytes() + public + _NO_ATTRIBUTES)
    signature = _element(_BIT_STRING, b"\0" + key.sign(asked, ec.ECDSA(SHA256())))
    text = base64.b64encode(_element(_SEQUENCE, asked + _ECDSA_SHA256 + signature)).decode()
    lines = "\n".join(textwrap.wrap(text, 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n".encode()


def _element(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes((tag, length)) + value
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + value
