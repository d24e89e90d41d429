"""What can go wrong with the simulated scanner. One occasion is one answer or one stream."""

from __future__ import annotations

import threading
from enum import StrEnum

from hw.sim.device import UnknownFaultError


class ScannerFault(StrEnum):
    # the capture's answer, properly signed, is not what was asked for
    PARTIAL_SLAP = "partial_slap"
    """The last position asked for is missing; nothing in the answer says so."""
    WRONG_HAND = "wrong_hand"
    """The other hand lies on the platen, and the device names its fingers truthfully. Slaps only."""
    FOREIGN_FINGER = "foreign_finger"
    """One element more: a position that nobody asked for."""
    HANDS_SWAPPED = "hands_swapped"
    """The other hand (or eye) under the names asked for: preview and pictures only, the wire is sound."""
    FINGER_TWICE = "finger_twice"
    """The second position shows another impression of the first; the wire is sound."""
    OTHER_TRANSACTION = "other_transaction"
    OTHER_ENVIRONMENT = "other_environment"
    OTHER_DEVICE = "other_device"
    """The signed digital id is another device's."""
    STALE_TIMESTAMP = "stale_timestamp"
    """Made an hour ago."""
    LOW_SCORE = "low_score"
    """The first position scores 12."""
    IMPOSSIBLE_SCORE = "impossible_score"

    # the proof does not hold
    BAD_SIGNATURE = "bad_signature"
    FOREIGN_AUTHORITY = "foreign_authority"
    EXPIRED_CERTIFICATE = "expired_certificate"
    CHAIN_BREAK = "chain_break"

    # the record does not hold
    CORRUPT_PICTURE = "corrupt_picture"
    """The coded picture is cut in half inside a well-formed record."""
    CUT_RECORD = "cut_record"
    """The record is shorter than its own length field."""

    # the service refuses
    BUSY = "busy"
    """Also in discovery. For ever: a very large count; 0 ends it."""
    NOT_READY = "not_ready"
    NOT_REGISTERED = "not_registered"
    COUNT_REFUSED = "count_refused"
    CAPTURE_TIMEOUT = "capture_timeout"
    NO_BIOMETRIC = "no_biometric"
    VENDOR_ERROR = "vendor_error"

    # the wire misbehaves
    CAPTURE_HANGS = "capture_hangs"
    CAPTURE_CUT = "capture_cut"
    """The connection closes in the middle of the answer."""
    NOT_JSON = "not_json"
    SLOW_DRIP = "slow_drip"
    """The answer, or the stream, comes byte by byte."""
    TRAILING_BYTES = "trailing_bytes"
    """Bytes after the answer's Content-Length; a client must not mind."""
    STREAM_TIMEOUT = "stream_timeout"
    """Error 609 after a few frames, as a second HTTP response in the body."""
    STREAM_SECOND_RESPONSE = "stream_second_response"
    """Error 610 as a second HTTP response in the body, and the connection stays open."""
    STREAM_STALLS = "stream_stalls"
    STREAM_BREAKS = "stream_breaks"
    STREAM_CORRUPT = "stream_corrupt"
    """A frame that is no JPEG."""


class FaultPlan:
    """How many more times each fault shall happen. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[ScannerFault, int] = {}

    def arm(self, name: str, count: int) -> None:
        """Raises UnknownFaultError."""
        try:
            fault = ScannerFault(name)
        except ValueError:
            raise UnknownFaultError(name, tuple(ScannerFault)) from None
        with self._lock:
            self._left[fault] = count

    def armed(self, fault: ScannerFault) -> bool:
        with self._lock:
            return self._left.get(fault, 0) > 0

    def use(self, fault: ScannerFault) -> bool:
        """Whether the fault happens this time; takes one of its count."""
        with self._lock:
            left = self._left.get(fault, 0)
            self._left[fault] = max(0, left - 1)
            return left > 0
