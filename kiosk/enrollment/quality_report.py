"""What a quality measure says of one image, and the defects a person can mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.enrollment.positions import Modality, Position


class Defect(StrEnum):
    """Each maps to one advice text, `advice.<defect>`, spoken and shown during capture."""

    # any modality
    NOTHING_PRESENT = "nothing_present"
    OUT_OF_FOCUS = "out_of_focus"
    MOVING = "moving"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    LOW_CONTRAST = "low_contrast"
    OFF_CENTRE = "off_centre"
    CLIPPED = "clipped"
    # face
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    HEAD_TURNED = "head_turned"
    HEAD_TILTED = "head_tilted"
    EYES_CLOSED = "eyes_closed"
    MOUTH_OPEN = "mouth_open"
    UNEVEN_LIGHT = "uneven_light"
    BACKGROUND_NOT_PLAIN = "background_not_plain"
    BACKGROUND_WRONG_COLOUR = "background_wrong_colour"
    GLASSES = "glasses"
    DIFFERENT_PERSON = "different_person"
    # fingerprint and slap
    TOO_DRY = "too_dry"
    TOO_WET = "too_wet"
    SMEARED = "smeared"
    PARTIAL = "partial"
    TOO_FAR_FROM_TIP = "too_far_from_tip"
    ROTATED = "rotated"
    PLATEN_DIRTY = "platen_dirty"
    FEW_RIDGES = "few_ridges"
    WRONG_HAND = "wrong_hand"
    FINGERS_MISSING = "fingers_missing"
    TOO_MANY_FINGERS = "too_many_fingers"
    FINGERS_TOUCHING = "fingers_touching"
    SAME_FINGER_TWICE = "same_finger_twice"
    # iris
    EYE_NOT_FOUND = "eye_not_found"
    EYELID_COVERS = "eyelid_covers"
    PUPIL_TOO_SMALL = "pupil_too_small"
    PUPIL_TOO_LARGE = "pupil_too_large"
    GAZE_AWAY = "gaze_away"
    LENS_WORN = "lens_worn"
    GLARE = "glare"
    EYES_SWAPPED = "eyes_swapped"
    # signature
    EMPTY = "empty"
    ONLY_A_DOT = "only_a_dot"
    BARE_LINE = "bare_line"


@dataclass(frozen=True, slots=True)
class QualityReport:
    """score: 0 to 100, None when the image could not be scored. metrics: name -> value, units in the name."""

    modality: Modality
    position: Position | None
    score: int | None
    algorithm: str
    """Name and version of the measure, for example `nfiq2/2.3`."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()

    def __post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 100:
            raise ValueError(f"quality score must be 0..100 or None, not {self.score}")
