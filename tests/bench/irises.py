"""One eye: what a frame costs, and how near the circles lie to a drawn eye's truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kiosk.quality.iris import assess_iris
from kiosk.quality.iris_locate import locate
from kiosk.quality.workspace import Workspace
from tests.bench.kernels import sum_and_squares
from tests.bench.pictures import FIRST_SEED
from tests.bench.plots import Dots, scatter
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed
from tests.quality.iris_eyes import draw, random_eye

EYES = 200
FAR_PX = 3.0
NOT_FOUND_PX = 99.0
CORNER_PX = 0.5
"""cheshm counts from the corner of the first pixel, the others from its centre: seen on these eyes."""


def measure(bench: Bench) -> Iterator[Result]:
    yield from _costs(bench)
    yield from _truth(bench)


def _costs(bench: Bench) -> Iterator[Result]:
    eye = bench.pictures.eye
    workspace = Workspace()
    assess_iris(eye.gray, workspace=workspace)
    reach = {"radius_min": 20, "radius_max": 80}
    ms = interleaved_ms(
        {
            "all": timed(lambda: assess_iris(eye.gray, workspace=workspace)),
            "circles": timed(lambda: locate(eye.gray, workspace)),
            "floor": timed(lambda: sum_and_squares(eye.gray)),
            "swirski": bench.peers.job("swirski2d", file=eye.path, **reach),
            "iqm": bench.peers.job("iris_iqm", file=eye.path),
        },
        repeats=5 if bench.quick else 9,
    )
    yield Result("iris.live_640x480", ms["all"], "ms", ms["iqm"], "iris-iqm: circles and ISO measures")
    yield Result("iris.live_640x480_to_pupil", ms["all"], "ms", ms["swirski"], "cheshm Swirski2D: pupil only")
    yield Result("iris.circles_640x480", ms["circles"], "ms", ms["swirski"], "cheshm Swirski2D: pupil only")
    yield Result("iris.floor_640x480", ms["floor"], "ms", None, "sum and sum of squares, Numba")


def _truth(bench: Bench) -> Iterator[Result]:
    rng = np.random.default_rng(FIRST_SEED)
    pupils: dict[str, list[float]] = {"ours": [], "swirski2d": [], "iris_iqm": []}
    rims, radii = [], []
    for number in bench.each(range(EYES), of="eyes with known circles"):
        eye = random_eye(rng)
        picture = bench.pictures.keep(draw(eye), finger="drawn eye")
        x, y, radius = eye.pupil
        radii.append(radius)
        found = assess_iris(picture.gray)
        pupils["ours"].append(np.hypot(found.pupil.x - x, found.pupil.y - y) if found.pupil else NOT_FOUND_PX)
        rims.append(
            np.hypot(found.iris.x - eye.iris_x, found.iris.y - eye.iris_y) if found.iris else NOT_FOUND_PX
        )
        reach = {"radius_min": 14, "radius_max": 95}
        seen_at = (x + CORNER_PX, y + CORNER_PX)
        pupils["swirski2d"].append(_peer(bench, "swirski2d", picture.path, seen_at, **reach))
        if number % 10 == 0:
            pupils["iris_iqm"].append(_peer(bench, "iris_iqm", picture.path, (x, y)))
    ours, swirski, iqm = (np.array(values) for values in pupils.values())
    seen = bench.peers.has("swirski2d")
    median = float(np.median(swirski)) if seen else None
    yield Result("iris.pupil_error_median", float(np.median(ours)), "px", median, "cheshm Swirski2D, same eyes")
    near = 100.0 * float((swirski <= FAR_PX).mean()) if seen else None
    yield Result("iris.pupil_within_3px", 100.0 * float((ours <= FAR_PX).mean()), "%", near, "cheshm Swirski2D")
    if bench.peers.has("iris_iqm"):
        near = 100.0 * float((iqm <= FAR_PX).mean())
        tenth = 100.0 * float((ours[::10] <= FAR_PX).mean())
        yield Result("iris.pupil_within_3px_of_20", tenth, "%", near, "iris-iqm, every tenth eye")
    yield Result("iris.pupil_error_99th", float(np.percentile(ours, 99)), "px")
    yield Result("iris.iris_error_median", float(np.median(rims)), "px")
    yield Result("iris.iris_within_5px", 100.0 * float((np.array(rims) <= 5).mean()), "%")
    scatter(
        bench.plots / "iris_pupil_error.png",
        [Dots("cheshm", radii, swirski), Dots("kiosk", radii, ours)] if seen else [Dots("kiosk", radii, ours)],
        x_label="pupil radius, px",
        y_label="error of the centre, px (10: more)",
        x_range=(10, 100),
        y_range=(0, 10),
        guides=(("y", FAR_PX),),
    )


def _peer(bench: Bench, work: str, path: Path, truth: tuple[float, float], **request: object) -> float:
    answer = bench.peers.ask(work, file=path, **request)
    if answer is None or answer["pupil"] is None:
        return NOT_FOUND_PX
    return float(np.hypot(answer["pupil"][0] - truth[0], answer["pupil"][1] - truth[1]))
