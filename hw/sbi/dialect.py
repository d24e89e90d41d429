"""The protocol's words: verbs, paths and field names of one version of the SBI specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hw.api import CaptureSet, DeviceKind, Eye, FaultCode, Finger


@dataclass(frozen=True, slots=True)
class Dialect:
    """MOSIP Secure Biometric Interface; a 1.0 draft renames the discovery verb and the device field."""

    spec_version: str
    discover: str
    describe: str = "MOSIPDINFO"
    capture: str = "RCAPTURE"
    stream: str = "STREAM"
    device_field: str = "deviceId"
    discover_path: str = "/device"
    describe_path: str = "/info"
    capture_path: str = "/capture"
    stream_path: str = "/stream"


SBI_0_9_5: Final = Dialect(spec_version="0.9.5", discover="MOSIPDISC")
SBI_1_0_DRAFT: Final = Dialect(spec_version="1.0", discover="SBIDISC", device_field="serialNo")

PORTS: Final = range(4501, 4601)
PURPOSE: Final = "Registration"
ENVIRONMENTS: Final = frozenset({"Staging", "Developer", "Pre-Production", "Production"})

BIO_TYPES: Final = MappingProxyType({DeviceKind.SLAP_SCANNER: "Finger", DeviceKind.IRIS_CAMERA: "Iris"})

SUB_TYPES: Final[Mapping[str, Mapping[int, str]]] = MappingProxyType(
    {
        "Finger": {
            Finger.RIGHT_THUMB: "Right Thumb",
            Finger.RIGHT_INDEX: "Right IndexFinger",
            Finger.RIGHT_MIDDLE: "Right MiddleFinger",
            Finger.RIGHT_RING: "Right RingFinger",
            Finger.RIGHT_LITTLE: "Right LittleFinger",
            Finger.LEFT_THUMB: "Left Thumb",
            Finger.LEFT_INDEX: "Left IndexFinger",
            Finger.LEFT_MIDDLE: "Left MiddleFinger",
            Finger.LEFT_RING: "Left RingFinger",
            Finger.LEFT_LITTLE: "Left LittleFinger",
        },
        "Iris": {Eye.LEFT: "Left", Eye.RIGHT: "Right"},
    }
)


@dataclass(frozen=True, slots=True)
class Placement:
    """One `deviceSubId`: what it scans, and the ISO codes of its whole set."""

    device_sub_id: str
    bio_type: str
    positions: frozenset[int]


PLACEMENTS: Final = MappingProxyType(
    {
        CaptureSet.LEFT_SLAP: Placement("1", "Finger", frozenset({7, 8, 9, 10})),
        CaptureSet.RIGHT_SLAP: Placement("2", "Finger", frozenset({2, 3, 4, 5})),
        CaptureSet.THUMBS: Placement("3", "Finger", frozenset({1, 6})),
        CaptureSet.BOTH_IRISES: Placement("3", "Iris", frozenset({1, 2})),
    }
)

_ERRORS: Final = MappingProxyType(
    {
        100: (FaultCode.NOT_REGISTERED, "device not registered"),
        101: (FaultCode.NO_BIOMETRIC, "no biometric object"),
        102: (FaultCode.NO_BIOMETRIC, "extraction failed"),
        103: (FaultCode.UNTRUSTED_DEVICE, "device reports tampering"),
        104: (FaultCode.NOT_REGISTERED, "no management server"),
        105: (FaultCode.NO_BIOMETRIC, "wrong orientation"),
        106: (FaultCode.NOT_CONNECTED, "device not found"),
        107: (FaultCode.UNTRUSTED_DEVICE, "device key expired"),
        108: (FaultCode.UNTRUSTED_DEVICE, "domain key missing"),
        109: (FaultCode.WRONG_POSITIONS, "count refused"),
        110: (FaultCode.NOT_READY, "device not ready"),
        111: (FaultCode.BUSY, "device busy"),
        202: (FaultCode.NOT_CONNECTED, "no device connected"),
        503: (FaultCode.NOT_CONNECTED, "no device of this type"),
        605: (FaultCode.NOT_CONNECTED, "unknown device"),
        607: (FaultCode.BUSY, "device not ready or busy"),
        609: (FaultCode.TIMED_OUT, "stream timed out"),
        700: (FaultCode.STALLED, "stream stopped during the capture"),
        701: (FaultCode.TIMED_OUT, "capture timed out"),
        703: (FaultCode.BUSY, "already capturing"),
        705: (FaultCode.NOT_CONNECTED, "unknown device"),
        708: (FaultCode.NO_BIOMETRIC, "no biometric"),
    }
)
_MISMATCHES: Final = range(112, 124)

TRANSIENT_ERRORS: Final = frozenset({111, 607, 700, 703})
"""Of a device that is just being freed; 700 when a capture met a stream that its client had closed."""


def error_fault(code: int) -> tuple[FaultCode, str]:
    """What an `errorCode` other than 0 means; codes of a vendor's own are DEVICE_ERROR."""
    if code in _MISMATCHES:
        return FaultCode.MISMATCHED_ANSWER, f"error {code}: the service refused a value of the request"
    fault, words = _ERRORS.get(code, (FaultCode.DEVICE_ERROR, "vendor error"))
    return fault, f"error {code}: {words}"
