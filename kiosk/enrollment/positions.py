"""Modalities, positions and capture steps, in the order the office records them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Modality(StrEnum):
    FACE = "face"
    SIGNATURE = "signature"
    FINGERPRINT = "fingerprint"
    IRIS = "iris"


class Position(StrEnum):
    """One body part or mark that is sampled once. Fingers and eyes are the resident's own left and right."""

    FACE = "face"
    SIGNATURE = "signature"
    RIGHT_THUMB = "right_thumb"
    RIGHT_INDEX = "right_index"
    RIGHT_MIDDLE = "right_middle"
    RIGHT_RING = "right_ring"
    RIGHT_LITTLE = "right_little"
    LEFT_THUMB = "left_thumb"
    LEFT_INDEX = "left_index"
    LEFT_MIDDLE = "left_middle"
    LEFT_RING = "left_ring"
    LEFT_LITTLE = "left_little"
    RIGHT_IRIS = "right_iris"
    LEFT_IRIS = "left_iris"

    @property
    def modality(self) -> Modality:
        return _MODALITY[self]

    @property
    def iso_code(self) -> int:
        """ISO/IEC 19794-4:2011 finger position, ISO/IEC 19794-6:2011 eye label, 0 for face and signature."""
        return _ISO_CODE.get(self, 0)


FINGERS = (
    Position.RIGHT_THUMB,
    Position.RIGHT_INDEX,
    Position.RIGHT_MIDDLE,
    Position.RIGHT_RING,
    Position.RIGHT_LITTLE,
    Position.LEFT_THUMB,
    Position.LEFT_INDEX,
    Position.LEFT_MIDDLE,
    Position.LEFT_RING,
    Position.LEFT_LITTLE,
)
IRISES = (Position.RIGHT_IRIS, Position.LEFT_IRIS)

_ISO_CODE = {finger: code for code, finger in enumerate(FINGERS, start=1)} | {
    eye: code for code, eye in enumerate(IRISES, start=1)
}
_MODALITY = {
    Position.FACE: Modality.FACE,
    Position.SIGNATURE: Modality.SIGNATURE,
    **dict.fromkeys(FINGERS, Modality.FINGERPRINT),
    **dict.fromkeys(IRISES, Modality.IRIS),
}


def position_of(modality: Modality, iso_code: int) -> Position:
    """The position with this ISO code. Raises ValueError for a code the modality does not have."""
    for position in Position:
        if position.modality is modality and position.iso_code == iso_code:
            return position
    raise ValueError(f"{modality} has no position with ISO code {iso_code}")


class CaptureStep(StrEnum):
    """One placement before one device. The official order is the order of definition."""

    PHOTO = "photo"
    SIGNATURE = "signature"
    RIGHT_FOUR = "right_four"
    LEFT_FOUR = "left_four"
    THUMBS = "thumbs"
    IRISES = "irises"

    @property
    def modality(self) -> Modality:
        return self.positions[0].modality

    @property
    def positions(self) -> tuple[Position, ...]:
        return STEP_POSITIONS[self]


STEP_POSITIONS: Mapping[CaptureStep, tuple[Position, ...]] = MappingProxyType(
    {
        CaptureStep.PHOTO: (Position.FACE,),
        CaptureStep.SIGNATURE: (Position.SIGNATURE,),
        CaptureStep.RIGHT_FOUR: (
            Position.RIGHT_INDEX,
            Position.RIGHT_MIDDLE,
            Position.RIGHT_RING,
            Position.RIGHT_LITTLE,
        ),
        CaptureStep.LEFT_FOUR: (
            Position.LEFT_INDEX,
            Position.LEFT_MIDDLE,
            Position.LEFT_RING,
            Position.LEFT_LITTLE,
        ),
        CaptureStep.THUMBS: (Position.LEFT_THUMB, Position.RIGHT_THUMB),
        CaptureStep.IRISES: IRISES,
    }
)


def step_of(position: Position) -> CaptureStep:
    return next(step for step in CaptureStep if position in step.positions)
