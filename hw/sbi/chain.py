"""The hash chain over a session's records (SBI 0.9.5, "hash").

Raw bytes throughout: H0 = SHA-256 of nothing, Hi = SHA-256(H(i-1) || SHA-256(record i)).
"""

from __future__ import annotations

import hashlib

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure


def next_hash(previous_hash: str, record: bytes) -> str:
    """previous_hash: upper-case hex, empty at the session's start. Returns upper-case hex.

    ValueError when previous_hash is not 32 bytes of hex.
    """
    previous = bytes.fromhex(previous_hash) if previous_hash else hashlib.sha256(b"").digest()
    if len(previous) != hashlib.sha256().digest_size:
        raise ValueError("a chain hash has 32 bytes")
    return hashlib.sha256(previous + hashlib.sha256(record).digest()).hexdigest().upper()


def check_link(previous_hash: str, record: bytes, claimed_hash: str) -> str:
    """The next hash when the device's claim equals it, else SbiFailure CHAIN_BROKEN."""
    expected = next_hash(previous_hash, record)
    if claimed_hash.upper() != expected:
        raise SbiFailure(FaultCode.CHAIN_BROKEN, "the hash does not continue the session's chain")
    return expected
