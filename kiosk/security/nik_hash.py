"""What stands for a NIK outside a session: audit log, packet header, register of sent ones."""

from __future__ import annotations

import hashlib
import hmac

KEY_BYTES = 32
_PURPOSE = b"ktp-el nik 1:"


def nik_hash(nik: str, *, key: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) of the 16 digits, lower-case hex.

    Keyed, because the 10^16 numbers have so few likely ones that a plain hash is searched in minutes. The
    key is shared by the units of one office, so that they know each other's sent records.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a NIK hash key has {KEY_BYTES} bytes, not {len(key)}")
    return hmac.new(key, _PURPOSE + nik.encode(), hashlib.sha256).hexdigest()
