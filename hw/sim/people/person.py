"""One simulated person, as the pictures every sensor could take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Eye, Finger, PenPoint
from hw.sim.people.impression import Touch

Picture = NDArray[np.uint8]

SLAP_FINGERS: Mapping[CaptureSet, tuple[Finger, ...]] = MappingProxyType(
    {
        CaptureSet.RIGHT_SLAP: (
            Finger.RIGHT_INDEX,
            Finger.RIGHT_MIDDLE,
            Finger.RIGHT_RING,
            Finger.RIGHT_LITTLE,
        ),
        CaptureSet.LEFT_SLAP: (
            Finger.LEFT_LITTLE,
            Finger.LEFT_RING,
            Finger.LEFT_MIDDLE,
            Finger.LEFT_INDEX,
        ),
        CaptureSet.THUMBS: (Finger.LEFT_THUMB, Finger.RIGHT_THUMB),
    }
)
"""The fingers of one placement, in the order they lie on the platen from left to right."""


@dataclass(frozen=True, slots=True, eq=False)
class SimPerson:
    """A person who follows the prompts.

    face: RGB (height, width, 3), head and shoulders.
    face_matte: grey (height, width), 255 where the person is and 0 where the background is; None
        when the photo cannot be separated from its background.
    fingers: grey, 500 ppi, ridges dark on white, fingertip up. A missing finger has no entry.
    irises: grey (480, 640). A missing eye has no entry.
    slaps: grey, 500 ppi, whole placements, where those were given instead of single fingers.
    touch: how these fingers meet a platen when an impression is made of them.
    signature: in ePadLink units, `t_ns` from 0; empty when the person cannot sign.
    exception_photo: RGB, taken when something is missing.
    """

    name: str
    face: Picture
    fingers: Mapping[Finger, Picture]
    irises: Mapping[Eye, Picture]
    signature: tuple[PenPoint, ...]
    face_matte: Picture | None = None
    exception_photo: Picture | None = None
    slaps: Mapping[CaptureSet, Picture] = field(default_factory=dict)
    touch: Touch = field(default_factory=Touch)
