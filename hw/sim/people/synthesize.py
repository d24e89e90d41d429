"""A whole person from a number. The same number gives the same person, byte for byte."""

from __future__ import annotations

import numpy as np

from hw.api import Eye, Finger
from hw.sim.people.flow import draw_pattern
from hw.sim.people.handwriting import sign
from hw.sim.people.iris import draw_lids, grow_iris
from hw.sim.people.looks import draw_looks
from hw.sim.people.person import SimPerson
from hw.sim.people.portrait import paint
from hw.sim.people.ridges import grow_finger

_WOMEN = ("SITI", "DEWI", "SRI", "WAHYUNI", "LESTARI", "RATNA", "YANTI", "PUTRI", "SULASTRI", "MURNI")
_MEN = ("BUDI", "AGUS", "SLAMET", "JOKO", "WAHYU", "SUTRISNO", "BAMBANG", "EKO", "PARDI", "HARTONO")
_INVENTED = ("CONTOH", "REKAAN", "TIRUAN", "SIMULASI", "KARANGAN")
"""Family names that say it: example, invented, imitation, simulation, made up."""


def synthesize(seed: int) -> SimPerson:
    """A person who never existed: face and matte, ten fingers, two eyes, a signature, an invented name.

    seed: 0 or more. Deterministic for one version of NumPy and OpenCV.
    """
    traits, skin, eyes, hand = (np.random.default_rng((seed, part)) for part in range(4))
    woman = bool(traits.random() < 0.5)
    given = _WOMEN if woman else _MEN
    name = f"{given[int(traits.integers(len(given)))]} {_INVENTED[int(traits.integers(len(_INVENTED)))]}"
    face, matte = paint(traits, draw_looks(traits, woman=woman))
    size = skin.uniform(0.9, 0.98) if woman else skin.uniform(0.96, 1.05)
    fingers = {
        finger: grow_finger(
            skin,
            pattern=draw_pattern(skin),
            digit=(finger - 1) % 5 + 1,
            left=finger >= Finger.LEFT_THUMB,
            size=size,
        )
        for finger in Finger
    }
    lids = draw_lids(eyes)
    irises = {eye: grow_iris(eyes, lids, nose_on_right=eye is Eye.RIGHT) for eye in Eye}
    return SimPerson(
        name=name, face=face, face_matte=matte, fingers=fingers, irises=irises, signature=sign(hand)
    )
