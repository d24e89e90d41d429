"""RCAPTURE: the request, and every check its answer must pass before a sample exists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from cryptography import x509
from numpy.typing import NDArray

from hw.api import CaptureRequest, FaultCode
from hw.sbi.chain import check_link
from hw.sbi.device import DescribedDevice, raise_on_error, read_digital_id
from hw.sbi.dialect import PLACEMENTS, PURPOSE, SUB_TYPES, Dialect
from hw.sbi.failure import SbiFailure
from hw.sbi.imagery import decode_record
from hw.sbi.jws import decode_base64url, open_jws
from hw.sbi.records import ImageRecord, parse_finger_record, parse_iris_record

MAX_CLOCK_DISTANCE: Final = timedelta(minutes=5)
_TRANSACTION: Final = re.compile(r"[a-zA-Z0-9-]{4,50}")
_CHAIN_HASH: Final = re.compile(r"([0-9A-F]{64})?")


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSample:
    """One position after all checks. pixels: read-only uint8 (height, width); score: the device's, 0..100."""

    position: int
    pixels: NDArray[np.uint8]
    dpi: int | None
    record: bytes
    score: int
    chain_hash: str


@dataclass(frozen=True, slots=True)
class CaptureTerms:
    """What one capture is asked for and its answer judged against."""

    request: CaptureRequest
    device: DescribedDevice
    dialect: Dialect
    environment: str

    @property
    def bio_type(self) -> str:
        return PLACEMENTS[self.request.capture_set].bio_type


def check_request(request: CaptureRequest, *, bio_type: str) -> None:
    """SbiFailure when this device could not keep the request's promise."""
    placement = PLACEMENTS.get(request.capture_set)
    if placement is None or placement.bio_type != bio_type:
        raise SbiFailure(FaultCode.WRONG_POSITIONS, f"this device does not scan {request.capture_set}")
    together = (*request.positions, *request.exceptions)
    if sorted(together) != sorted(placement.positions) or not request.positions:
        raise SbiFailure(FaultCode.WRONG_POSITIONS, "positions and exceptions are not the whole set")
    if not _TRANSACTION.fullmatch(request.transaction_id):
        raise SbiFailure(FaultCode.MISMATCHED_ANSWER, "a transaction id is 4 to 50 letters, digits and hyphens")
    if not _CHAIN_HASH.fullmatch(request.previous_hash):
        raise SbiFailure(FaultCode.CHAIN_BROKEN, "the previous hash is not 64 upper-case hex digits")


def capture_body(terms: CaptureTerms, *, now: datetime) -> dict[str, Any]:
    """The RCAPTURE request. All numbers are strings, as the specification's examples have them."""
    request = terms.request
    names = SUB_TYPES[terms.bio_type]
    return {
        "env": terms.environment,
        "purpose": PURPOSE,
        "specVersion": terms.dialect.spec_version,
        "timeout": str(round(request.timeout_s * 1000)),
        "captureTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "transactionId": request.transaction_id,
        "bio": [
            {
                "type": terms.bio_type,
                "count": str(len(request.positions)),
                "bioSubType": [],
                "exception": [names[position] for position in request.exceptions],
                "requestedScore": str(request.minimum_score),
                terms.dialect.device_field: terms.device.device_id,
                "deviceSubId": PLACEMENTS[request.capture_set].device_sub_id,
                "previousHash": request.previous_hash,
            }
        ],
        "customOpts": None,
    }


def check_answer(
    answer: object, terms: CaptureTerms, *, anchors: Sequence[x509.Certificate], now: datetime
) -> tuple[CheckedSample, ...]:
    """The samples in the order of the chain; SbiFailure names the first check that did not hold.

    Order of the checks: errors, signatures and trust, what the answer is about, the set of positions,
    scores, the chain, the records.
    """
    elements = _elements(answer)
    payloads = [_open_element(element, terms, anchors=anchors, now=now) for element in elements]
    positions = _check_positions(payloads, terms)
    scores = [_read_score(payload) for payload in payloads]
    records = [decode_base64url(_field(payload, "bioValue")) for payload in payloads]
    hashes = _check_hashes(elements, records, terms)
    samples = tuple(
        _check_record(*parts, terms) for parts in zip(positions, scores, records, hashes, strict=True)
    )
    _check_scores(samples, terms)
    return samples


def _elements(answer: object) -> Sequence[dict[str, Any]]:
    if isinstance(answer, list) and answer:
        answer = answer[0]  # the shape of errors that come before the request was understood
    raise_on_error(answer)
    elements = answer.get("biometrics") if isinstance(answer, dict) else None
    if not isinstance(elements, list) or not elements:
        raise SbiFailure(FaultCode.BAD_ANSWER, "an answer without biometrics")
    return [raise_on_error(element) for element in elements]


def _open_element(
    element: Mapping[str, Any], terms: CaptureTerms, *, anchors: Sequence[x509.Certificate], now: datetime
) -> dict[str, Any]:
    payload = open_jws(element.get("data"), anchors=anchors, now=now)
    digital_id = read_digital_id(open_jws(payload.get("digitalId"), anchors=anchors, now=now))
    if digital_id != terms.device.digital_id:
        raise SbiFailure(FaultCode.MISMATCHED_ANSWER, "another device answered: digital id")
    expected = {
        "transactionId": terms.request.transaction_id,
        "purpose": PURPOSE,
        "env": terms.environment,
        "bioType": terms.bio_type,
        "deviceServiceVersion": terms.device.service_version,
    }
    for name, value in expected.items():
        if payload.get(name) != value:
            raise SbiFailure(FaultCode.MISMATCHED_ANSWER, f"the answer is about something else: {name}")
    if element.get("specVersion") != terms.dialect.spec_version:
        raise SbiFailure(FaultCode.MISMATCHED_ANSWER, "the answer is about something else: specVersion")
    _check_timestamp(_field(payload, "timestamp"), now=now)
    return payload


def _check_timestamp(text: str, *, now: datetime) -> None:
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError as error:
        raise SbiFailure(FaultCode.STALE_TIMESTAMP, "the answer has no readable timestamp") from error
    if stamp.tzinfo is None or abs(now - stamp) > MAX_CLOCK_DISTANCE:
        raise SbiFailure(FaultCode.STALE_TIMESTAMP, "the answer was not made within 5 minutes of now")


def _check_positions(payloads: Sequence[Mapping[str, Any]], terms: CaptureTerms) -> list[int]:
    """The exact set asked for: three of four fingers is an error, and so is a fifth."""
    codes = {name: int(position) for position, name in SUB_TYPES[terms.bio_type].items()}
    answered = [str(payload.get("bioSubType")) for payload in payloads]
    wanted = [SUB_TYPES[terms.bio_type][position] for position in terms.request.positions]
    missing = sorted(set(wanted) - set(answered))
    extra = sorted(set(answered) - set(wanted))
    if missing or extra or len(answered) != len(wanted):
        detail = f"missing {missing}, not asked for {extra}, {len(answered)} of {len(wanted)}"
        raise SbiFailure(FaultCode.WRONG_POSITIONS, detail[:200])
    return [codes[name] for name in answered]


def _read_score(payload: Mapping[str, Any]) -> int:
    """0..100; services write "40", "40.0" or a number."""
    value = payload.get("qualityScore")
    try:
        score = float(value) if isinstance(value, str | int | float) else float("nan")
    except (ValueError, OverflowError):
        score = float("nan")
    if not 0.0 <= score <= 100.0:
        raise SbiFailure(FaultCode.BAD_ANSWER, "a quality score outside 0 to 100")
    return int(score)


def _check_hashes(
    elements: Sequence[Mapping[str, Any]], records: Sequence[bytes], terms: CaptureTerms
) -> list[str]:
    previous = terms.request.previous_hash
    hashes: list[str] = []
    for element, record in zip(elements, records, strict=True):
        previous = check_link(previous, record, _field(element, "hash"))
        hashes.append(previous)
    return hashes


def _check_record(
    position: int, score: int, record: bytes, chain_hash: str, terms: CaptureTerms
) -> CheckedSample:
    finger = terms.bio_type == "Finger"
    image: ImageRecord = parse_finger_record(record) if finger else parse_iris_record(record)
    if image.position != position:
        raise SbiFailure(FaultCode.BAD_RECORD, "the record is of another position than the answer says")
    return CheckedSample(position, decode_record(image), image.dpi, record, score, chain_hash)


def _check_scores(samples: Sequence[CheckedSample], terms: CaptureTerms) -> None:
    """Ours to enforce: services only take note of requestedScore."""
    names = SUB_TYPES[terms.bio_type]
    floor = terms.request.minimum_score
    low = [f"{names[sample.position]} {sample.score}" for sample in samples if sample.score < floor]
    if low:
        raise SbiFailure(FaultCode.NO_BIOMETRIC, f"score under {floor}: {', '.join(low)}")


def _field(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise SbiFailure(FaultCode.BAD_ANSWER, f"field {name} is missing")
    return value
