"""What can be wrong with a packet or a receipt that arrives: values, never tracebacks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    # either
    NOT_AN_ARCHIVE = "not_an_archive"
    TRUNCATED = "truncated"
    MISSING_PART = "missing_part"
    UNEXPECTED_PART = "unexpected_part"
    BAD_JSON = "bad_json"
    UNKNOWN_FORMAT = "unknown_format"
    BAD_SIGNATURE = "bad_signature"
    UNTRUSTED_SIGNER = "untrusted_signer"
    WRONG_HASH = "wrong_hash"
    # a packet
    NOT_FOR_THIS_KEY = "not_for_this_key"
    HEADER_MISMATCH = "header_mismatch"
    # a receipt
    FOREIGN_PACKET = "foreign_packet"
    EARLIER_THAN_SEAL = "earlier_than_seal"


@dataclass(frozen=True, slots=True)
class PacketFault:
    """where: the part, for example `header.json`. found and allowed: in words for the receiver's operator.

    offset: the byte within `where`, None when the whole of it is meant.
    """

    kind: FaultKind
    where: str
    found: str
    allowed: str
    offset: int | None = None

    def __str__(self) -> str:
        place = self.where if self.offset is None else f"{self.where}, byte {self.offset}"
        return f"{place}: {self.found}; allowed: {self.allowed}"
