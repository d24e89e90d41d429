"""Whether the same person sits there: changed pictures of one person, and pictures of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.people import Cloth
from hw.sim.people.scene import grain, hang, seat
from kiosk.quality.face_identity import SAME_PERSON_DISTANCE, compare_faces, face_chip
from kiosk.quality.face_identity_network import load_network
from kiosk.quality.face_networks import FaceEngine
from tests.bench.pictures import FIRST_SEED, SHARED
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

Rgb = NDArray[np.uint8]
Change = Callable[[Rgb], Rgb]


def measure(bench: Bench) -> Iterator[Result]:
    engine, network = FaceEngine(), load_network()
    rgb = bench.pictures.face
    chip = face_chip(rgb, engine=engine)
    if chip is None:
        raise ValueError("the bench's face is not found")
    ms = interleaved_ms(
        {
            "load_network": timed(load_network),
            "one_face": timed(lambda: network(chip)),
            "compare": timed(lambda: compare_faces(rgb, rgb, engine=engine, network=network)),
        },
        repeats=10,
    )
    for name, value in ms.items():
        yield Result(f"identity.{name}", value, "ms")
    described = {
        kind: [
            [
                network(found)
                for change in CHANGES.values()
                if (found := face_chip(change(one), engine=engine)) is not None
            ]
            for one in bench.each(pictures, of=f"{kind} faces")
        ]
        for kind, pictures in (("real", _photographs()), ("drawn", _drawn(bench)))
    }
    for kind, people in described.items():
        mates = [_distance(one, other) for faces in people for one, other in combinations(faces, 2)]
        strangers = [_distance(one, other) for a, b in combinations(people, 2) for one in a for other in b]
        yield from _rates(kind, np.array(mates), np.array(strangers), people=len(people))


def _rates(
    kind: str, mates: NDArray[np.float64], strangers: NDArray[np.float64], *, people: int
) -> Iterator[Result]:
    if not mates.size or not strangers.size:
        yield Result(f"identity.{kind}_people", people, "", None, "two are needed")
        return
    limit, against = SAME_PERSON_DISTANCE, "threshold"
    yield Result(f"identity.{kind}_changed_farthest", float(mates.max()), "distance", limit, against)
    yield Result(f"identity.{kind}_strangers_nearest", float(strangers.min()), "distance", limit, against)
    rejected, accepted = float((mates >= limit).mean()), float((strangers < limit).mean())
    yield Result(f"identity.{kind}_false_reject", 100 * rejected, "%", None, f"{len(mates)} pairs")
    yield Result(f"identity.{kind}_false_accept", 100 * accepted, "%", None, f"{len(strangers)} pairs")


def _photographs() -> list[Rgb]:
    """Two people: the exception photo beside a profile shows somebody else."""
    paths = [SHARED / "people" / "p1" / name for name in ("face.png", "exception_photo.png")]
    return [
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        for path in paths
        if (picture := cv2.imread(str(path))) is not None
    ]


def _drawn(bench: Bench) -> list[Rgb]:
    rng = np.random.default_rng(FIRST_SEED)
    return [grain(seat(person, hang(Cloth.RED, rng)), rng) for person in bench.pictures.people]


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(one - other))


def _relit(gain: float, stops_across: float) -> Change:
    def relit(rgb: Rgb) -> Rgb:
        fall = gain * 2.0 ** (-stops_across * np.linspace(-1, 1, rgb.shape[1]) / 2 / 2.2)
        return np.clip(rgb * fall[None, :, None], 0, 255).astype(np.uint8)

    return relit


def _moved(*, degrees: float = 0.0, across: float = 1.0, size: float = 1.0) -> Change:
    """Leaning; narrower, much as a turned head is; farther away."""

    def moved(rgb: Rgb) -> Rgb:
        height, width = rgb.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, size)
        squeeze = np.array([[across, 0, (1 - across) * width / 2], [0, 1, 0], [0, 0, 1]])
        matrix = (squeeze @ np.vstack((matrix, (0, 0, 1))))[:2]
        return np.asarray(
            cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return moved


def _blurred(share: float) -> Change:
    """share: of the picture's height."""
    return lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), share * rgb.shape[0]), np.uint8)


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "none": lambda rgb: rgb,
        "half the light": _relit(0.5, 0),
        "much light": _relit(1.4, 0),
        "light from a side": _relit(1.0, 2.0),
        "out of focus": _blurred(0.005),
        "leaning": _moved(degrees=12),
        "turned": _moved(across=0.85),
        "far away": _moved(size=0.5),
    }
)
