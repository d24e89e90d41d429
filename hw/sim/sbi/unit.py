"""One simulated device behind the service: what it is, and who uses it now."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from hw.api import CaptureSet, DeviceKind

SPEC_VERSION: Final = "0.9.5"
SERVICE_VERSION: Final = "0.9.5"
FIRMWARE: Final = "SIM.1.0.0"

FINGER_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        hand_start + offset: f"{hand} {finger}"
        for hand, hand_start in (("Right", 1), ("Left", 6))
        for offset, finger in enumerate(("Thumb", "IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger"))
    }
)
EYE_NAMES: Final[Mapping[int, str]] = MappingProxyType({1: "Right", 2: "Left"})


@dataclass(frozen=True, slots=True)
class Model:
    """names: ISO position code -> bioSubType. sets: deviceSubId -> what it scans, in the order answered."""

    bio_type: str
    sub_type: str
    name: str
    device_id: str
    names: Mapping[int, str]
    sets: Mapping[str, tuple[CaptureSet, tuple[int, ...]]]


MODELS: Final[Mapping[DeviceKind, Model]] = MappingProxyType(
    {
        DeviceKind.SLAP_SCANNER: Model(
            bio_type="Finger",
            sub_type="Slap",
            name="SIM-SLAP",
            device_id="2",
            names=FINGER_NAMES,
            sets={
                "1": (CaptureSet.LEFT_SLAP, (7, 8, 9, 10)),
                "2": (CaptureSet.RIGHT_SLAP, (2, 3, 4, 5)),
                "3": (CaptureSet.THUMBS, (6, 1)),
            },
        ),
        DeviceKind.IRIS_CAMERA: Model(
            bio_type="Iris",
            sub_type="Double",
            name="SIM-IRIS",
            device_id="3",
            names=EYE_NAMES,
            sets={
                "1": (CaptureSet.BOTH_IRISES, (2,)),
                "2": (CaptureSet.BOTH_IRISES, (1,)),
                "3": (CaptureSet.BOTH_IRISES, (2, 1)),
            },
        ),
    }
)


def timestamp(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def digital_id(model: Model, serial: str) -> dict[str, Any]:
    return {
        "serialNo": serial,
        "make": "Simulated",
        "model": model.name,
        "type": model.bio_type,
        "deviceSubType": model.sub_type,
        "deviceProvider": "Simulated",
        "deviceProviderId": "SIM",
        "dateTime": timestamp(),
    }


class Occupancy:
    """One stream and one capture at a time; a capture may join the stream and ends it.

    A stream that ends in any other way takes the capture with it (error 700), as in the reference service.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: threading.Event | None = None
        self._capturing = False
        self._stream_lost = False

    @property
    def busy(self) -> bool:
        with self._lock:
            return self._stream is not None or self._capturing

    def begin_stream(self) -> threading.Event | None:
        """The event that ends the stream; None when the device is busy."""
        with self._lock:
            if self._stream is not None or self._capturing:
                return None
            self._stream = threading.Event()
            return self._stream

    def end_stream(self, stream: threading.Event) -> None:
        with self._lock:
            if self._stream is stream:
                self._stream = None
                self._stream_lost = self._capturing and not stream.is_set()

    def begin_capture(self) -> bool:
        with self._lock:
            if self._capturing:
                return False
            self._capturing = True
            self._stream_lost = False
            return True

    def streaming_on(self) -> bool:
        with self._lock:
            return not self._stream_lost

    def end_capture(self) -> None:
        with self._lock:
            self._capturing = False
            if self._stream is not None:
                self._stream.set()
