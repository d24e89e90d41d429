"""Authenticated encryption at rest: a 12-byte nonce, the ciphertext and the 16-byte tag of AES-256-GCM.

NIST SP 800-38D. Nonces are random; one key seals some hundreds of items, far below the 2^32 the standard
allows. The context (associated data) binds what is sealed to its place, so that it opens nowhere else.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """Changed, moved, cut short, or sealed under another key."""


def new_key() -> bytes:
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def seal(key: bytes, data: bytes, context: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Raises SealBrokenError."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a nonce
        raise SealBrokenError from error
