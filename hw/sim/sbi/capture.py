"""RCAPTURE of the simulated scanner: what was asked, and the signed answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet
from hw.sim.sbi.authority import DeviceAuthority, DeviceKey, foreign_authority
from hw.sim.sbi.faults import FaultPlan, ScannerFault
from hw.sim.sbi.hold import RefusedError
from hw.sim.sbi.iso_records import FingerCoding, encode_jpeg2000, finger_record, iris_record
from hw.sim.sbi.signing import base64url, sign, spoil
from hw.sim.sbi.unit import SERVICE_VERSION, SPEC_VERSION, Model, digital_id, timestamp
from hw.sim.subject import Subject

_ENVIRONMENTS: Final = ("Staging", "Developer", "Pre-Production", "Production")
_LOW_SCORE: Final = 12


@dataclass(frozen=True, slots=True)
class Asked:
    capture_set: CaptureSet
    positions: tuple[int, ...]
    exceptions: tuple[int, ...]
    environment: str
    transaction: str
    requested_score: str
    previous_hash: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One element of the answer: the name it bears, and where its picture comes from."""

    named: int
    picture_set: CaptureSet
    picture: int


def read_request(body: Any, model: Model) -> Asked:
    """RefusedError with the specification's code for the first value that does not hold."""
    try:
        bio = body["bio"][0]
        count, sub_id = int(bio["count"]), str(bio["deviceSubId"])
        exceptions = _positions(bio["exception"] or [], model)
        timeout_s = int(body["timeout"]) / 1000
        previous_hash = str(bio.get("previousHash") or "")
        if not re.fullmatch(r"([0-9A-Fa-f]{64})?", previous_hash):
            raise RefusedError(123)
        texts = [body[name] for name in ("env", "purpose", "specVersion", "transactionId")]
    except (KeyError, IndexError, TypeError, ValueError):
        raise RefusedError(123) from None
    environment, purpose, version, transaction = map(str, texts)
    for held, code in (
        (environment in _ENVIRONMENTS, 115),
        (purpose == "Registration", 121),
        (version == SPEC_VERSION, 116),
        (bio.get("type") == model.bio_type, 120),
        (bio.get("deviceId") == model.device_id, 705),
        (sub_id in model.sets, 119),
        (re.fullmatch(r"[a-zA-Z0-9-]{4,50}", transaction) is not None, 112),
    ):
        if not held:
            raise RefusedError(code)
    capture_set, whole = model.sets[sub_id]
    if not set(exceptions) <= set(whole):
        raise RefusedError(122)
    if count + len(exceptions) != len(whole):
        raise RefusedError(109)
    return Asked(
        capture_set=capture_set,
        positions=tuple(position for position in whole if position not in exceptions),
        exceptions=exceptions,
        environment=environment,
        transaction=transaction,
        requested_score=str(bio.get("requestedScore", "")),
        previous_hash=previous_hash,
        timeout_s=timeout_s,
    )


def _positions(names: list[Any], model: Model) -> tuple[int, ...]:
    codes = {name: position for position, name in model.names.items()}
    if not set(names) <= codes.keys() or len(set(names)) != len(names):
        raise RefusedError(122)
    return tuple(codes[name] for name in names)


def mirrored(capture_set: CaptureSet) -> CaptureSet:
    """What the other hand would show; sets of both sides mirror into themselves."""
    slaps = {
        CaptureSet.RIGHT_SLAP: CaptureSet.LEFT_SLAP,
        CaptureSet.LEFT_SLAP: CaptureSet.RIGHT_SLAP,
    }
    return slaps.get(capture_set, capture_set)


def _other_side(position: int, model: Model) -> int:
    half = len(model.names) // 2
    return position - half if position > half else position + half


def choose(asked: Asked, model: Model, faults: FaultPlan) -> list[Shown]:
    """What the answer will show, by the request and by what is armed to go wrong."""
    shown = [Shown(position, asked.capture_set, position) for position in asked.positions]
    other = mirrored(asked.capture_set)
    if faults.use(ScannerFault.HANDS_SWAPPED):
        shown = [Shown(one.named, other, _other_side(one.picture, model)) for one in shown]
    if other is not asked.capture_set and faults.use(ScannerFault.WRONG_HAND):
        sides = [_other_side(one.picture, model) for one in shown]
        shown = [Shown(side, other, side) for side in sides]
    if len(shown) > 1 and faults.use(ScannerFault.FINGER_TWICE):
        shown[1] = Shown(shown[1].named, shown[0].picture_set, shown[0].picture)
    if faults.use(ScannerFault.FOREIGN_FINGER):
        shown.append(_uninvited(asked, model))
    if faults.use(ScannerFault.PARTIAL_SLAP):
        shown.pop()
    return shown


def _uninvited(asked: Asked, model: Model) -> Shown:
    """An excepted position after all, else a neighbour that was not asked for, else the first once more."""
    if asked.exceptions:
        return Shown(asked.exceptions[0], asked.capture_set, asked.exceptions[0])
    for capture_set, positions in model.sets.values():
        if not set(positions) & set(asked.positions):
            return Shown(positions[0], capture_set, positions[0])
    return Shown(asked.positions[0], asked.capture_set, asked.positions[0])


def touch(subject: Subject, shown: Sequence[Shown]) -> list[NDArray[np.uint8]] | None:
    """The pictures; None while one of them is not there to be taken."""
    try:
        return [subject.sample(one.picture_set, one.picture) for one in shown]
    except KeyError:
        return None


def answer_capture(
    asked: Asked,
    shown: Sequence[Shown],
    pictures: Sequence[NDArray[np.uint8]],
    *,
    model: Model,
    serial: str,
    authority: DeviceAuthority,
    device: DeviceKey,
    faults: FaultPlan,
    coding: FingerCoding,
) -> dict[str, Any]:
    """The whole `{"biometrics": [...]}`."""
    signer = _signer(serial, authority, device, faults)
    about = _about(asked, model, serial, device, faults)
    break_chain = faults.use(ScannerFault.CHAIN_BREAK)
    spoiled = faults.use(ScannerFault.BAD_SIGNATURE)
    elements: list[dict[str, Any]] = []
    previous = bytes.fromhex(asked.previous_hash) if asked.previous_hash else hashlib.sha256(b"").digest()
    for one, pixels in zip(shown, pictures, strict=True):
        score = _LOW_SCORE if faults.use(ScannerFault.LOW_SCORE) else contrast_score(pixels)
        record = _encode(
            pixels,
            named=one.named,
            score=score,
            coding=coding,
            faults=faults,
            finger=model.bio_type == "Finger",
        )
        reported = "140" if faults.use(ScannerFault.IMPOSSIBLE_SCORE) else f"{score:.1f}"
        payload = {
            **about,
            "bioSubType": model.names[one.named],
            "bioValue": base64url(record),
            "requestedScore": asked.requested_score,
            "qualityScore": reported,
        }
        data = sign(payload, signer)
        before = b"" if break_chain else previous
        previous = hashlib.sha256(before + hashlib.sha256(record).digest()).digest()
        elements.append(
            {
                "specVersion": SPEC_VERSION,
                "data": spoil(data) if spoiled else data,
                "hash": previous.hex().upper(),
                "error": {"errorCode": "0", "errorInfo": "Success"},
            }
        )
    return {"biometrics": elements}


def _about(asked: Asked, model: Model, serial: str, device: DeviceKey, faults: FaultPlan) -> Mapping[str, Any]:
    made = datetime.now(UTC)
    if faults.use(ScannerFault.STALE_TIMESTAMP):
        made -= timedelta(hours=1)
    named = f"{serial}-OTHER" if faults.use(ScannerFault.OTHER_DEVICE) else serial
    other_transaction = faults.use(ScannerFault.OTHER_TRANSACTION)
    return {
        "digitalId": sign(digital_id(model, named), device),
        "deviceCode": f"sim-{serial}",
        "deviceServiceVersion": SERVICE_VERSION,
        "bioType": model.bio_type,
        "purpose": "Registration",
        "env": "Developer" if faults.use(ScannerFault.OTHER_ENVIRONMENT) else asked.environment,
        "transactionId": "0000-somebody-else" if other_transaction else asked.transaction,
        "timestamp": timestamp(made),
    }


def _signer(serial: str, authority: DeviceAuthority, device: DeviceKey, faults: FaultPlan) -> DeviceKey:
    if faults.use(ScannerFault.FOREIGN_AUTHORITY):
        return foreign_authority().issue(serial, device.key)
    if faults.use(ScannerFault.EXPIRED_CERTIFICATE):
        return authority.issue(serial, device.key, until=datetime.now(UTC) - timedelta(days=1))
    return device


def _encode(
    pixels: NDArray[np.uint8],
    *,
    named: int,
    score: int,
    coding: FingerCoding,
    faults: FaultPlan,
    finger: bool,
) -> bytes:
    coded: bytes | None = None
    if faults.use(ScannerFault.CORRUPT_PICTURE):
        coding, whole = FingerCoding.JPEG_2000_LOSSLESS, encode_jpeg2000(pixels)
        coded = whole[: len(whole) // 2]
    if finger:
        record = finger_record(pixels, position=named, score=score, coding=coding, coded=coded)
    else:
        record = iris_record(pixels, position=named, score=score, coded=coded)
    return record[:-100] if faults.use(ScannerFault.CUT_RECORD) else record


def contrast_score(pixels: NDArray[np.uint8]) -> int:
    """A vendor's own kind of number, 0..100: the share of 16-pixel blocks with visible structure."""
    height, width = (side // 16 for side in pixels.shape)
    blocks = pixels[: height * 16, : width * 16].reshape(height, 16, width, 16)
    return round(100 * float((blocks.std(axis=(1, 3)) > 6).mean()))
