"""The face preview and its parts, and the signature."""

from __future__ import annotations

from collections.abc import Iterator

from hw.signature.epad_report import GEOMETRY
from kiosk.quality.face import assess_face
from kiosk.quality.face_geometry import geometry_of
from kiosk.quality.face_measures import (
    align,
    background_measures,
    cheek_measures,
    focus_measures,
    light_measures,
)
from kiosk.quality.face_networks import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, FaceEngine
from kiosk.quality.signature import assess_signature
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

TARGET_MS = 20.0


def measure(bench: Bench) -> Iterator[Result]:
    rgb, engine = bench.pictures.face, FaceEngine()
    face = engine.detect(rgb)[0]
    mesh = engine.mesh(rgb, face)
    right, left = (engine.eye(rgb, mesh, corners) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    geometry = geometry_of(mesh, right, left)
    view = align(rgb, mesh.points, geometry, engine.workspace)
    ms = interleaved_ms(
        {
            "preview": timed(lambda: assess_face(rgb, engine=engine)),
            "still": timed(lambda: assess_face(rgb, engine=engine, thorough=True)),
            "detect": timed(lambda: engine.detect(rgb)),
            "landmarks": timed(lambda: engine.mesh(rgb, face)),
            "one_eye": timed(lambda: engine.eye(rgb, mesh, RIGHT_EYE_CORNERS)),
            "align": timed(lambda: align(rgb, mesh.points, geometry, engine.workspace)),
            "light": timed(lambda: light_measures(view, engine.workspace)),
            "cheeks": timed(lambda: cheek_measures(view)),
            "background": timed(lambda: background_measures(view)),
            "focus": timed(lambda: focus_measures(rgb, geometry, engine.workspace)),
        },
        repeats=20,
    )
    yield Result("face.preview_1280x720", ms.pop("preview"), "ms", TARGET_MS, "target")
    for name, value in ms.items():
        yield Result(f"face.{name}", value, "ms")


def measure_signature(bench: Bench) -> Iterator[Result]:
    points = bench.pictures.people[0].signature
    ms = interleaved_ms({"pen": timed(lambda: assess_signature(points, geometry=GEOMETRY))}, repeats=20)
    yield Result("signature.penned", ms["pen"], "ms", None, f"{len(points)} pen reports")
