"""How far each loop of the fingerprint measures is from a single pass over the same picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kiosk.quality.fingerprint_features import RIDGE_THRESHOLD, minutiae_measures, window_scratch
from kiosk.quality.fingerprint_forest import load_forest
from kiosk.quality.fingerprint_region import region_of_interest, region_of_interest_live, trim
from kiosk.quality.kernels_blocks import BLOCK, fourier_waves
from kiosk.quality.kernels_finger import (
    RATIOS_PER_BLOCK,
    block_certainties,
    grey_means,
    orientation_flow,
    region_coherence,
    ridge_blocks,
    window_grid,
    window_measures,
)
from kiosk.quality.kernels_flow import (
    CELL,
    SIGNALS,
    footprint_of,
    reduce_to_333,
    ridge_flow,
    signal_length,
    smooth_normals,
)
from kiosk.quality.kernels_minutiae import PATCH, find_minutiae, products_length, wave_corners
from kiosk.quality.kernels_phase import FILTERS, REACH, ridge_phase
from kiosk.quality.kernels_spectrum import HALF, SIDE, enhance_ridges
from kiosk.quality.minutiae import detect
from kiosk.quality.workspace import Workspace
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

WIDTH, HEIGHT = 416, 560


@njit("UniTuple(int64, 2)(uint8[:, ::1])", nogil=True, cache=True)
def sum_and_squares(image: NDArray[np.uint8]) -> tuple[int, int]:
    """The floor: every pixel read once, sum and sum of squares."""
    total, squared = 0, 0
    for row in range(image.shape[0]):
        line_total, line_squared = np.uint32(0), np.uint32(0)
        for column in range(image.shape[1]):
            value = np.uint32(image[row, column])
            line_total += value
            line_squared += value * value
        total += line_total
        squared += line_squared
    return total, squared


def measure(bench: Bench) -> Iterator[Result]:
    workspace = Workspace()
    image = trim(bench.pictures.sized_finger(width=WIDTH, height=HEIGHT).gray, workspace)
    work = {"floor": lambda: sum_and_squares(image)}
    work |= _measures(image, workspace) | _minutiae(image, workspace)
    ms = interleaved_ms({name: timed(one) for name, one in work.items()}, repeats=40)
    floor = ms.pop("floor")
    yield Result("kernel.floor_416x560", floor, "ms", None, "sum and sum of squares, Numba")
    for name, value in ms.items():
        yield Result(f"kernel.{name}", value, "ms", floor, "floor")


def _measures(image: NDArray[np.uint8], workspace: Workspace) -> Mapping[str, Callable[[], object]]:
    height, width = image.shape
    mask = np.empty((-(-height // BLOCK), -(-width // BLOCK)), np.uint8)
    deviations = np.empty(mask.shape)
    ridge_blocks(image, RIDGE_THRESHOLD, mask, deviations)
    rows, columns = window_grid(height, width)
    angles, inside = np.empty((rows, columns)), np.empty((rows, columns), np.uint8)
    frequencies, clarities, flow = np.empty((3, rows * columns))
    certainties = np.empty(mask.size)
    ratios, filled = np.empty(rows * columns * RATIOS_PER_BLOCK), np.zeros(1, np.int64)
    waves, scratch = fourier_waves(), window_scratch(workspace)
    windows = (image, mask, waves, angles, inside, frequencies, clarities, ratios, filled, scratch)
    window_measures(*windows)
    region = region_of_interest(image, Workspace())
    found = detect(image, workspace)
    forest = load_forest()
    features = np.zeros(len(forest.features))
    return {
        "ridge_mask": lambda: ridge_blocks(image, RIDGE_THRESHOLD, mask, deviations),
        "fda_lcs_rvup": lambda: window_measures(*windows),
        "ocl": lambda: block_certainties(image, certainties),
        "of": lambda: orientation_flow(angles, inside, flow),
        "region": lambda: region_of_interest(image, workspace),
        "region_live": lambda: region_of_interest_live(image, workspace),
        "coherence": lambda: region_coherence(image, region.blocks),
        "mu_mmb": lambda: grey_means(image),
        "minutiae_measures": lambda: minutiae_measures(image, found),
        "forest": lambda: forest.score(features),
    }


def _minutiae(image: NDArray[np.uint8], workspace: Workspace) -> Mapping[str, Callable[[], object]]:
    """The steps of `kiosk.quality.minutiae.detect`, at 333 ppi."""
    height, width = image.shape[0] // 6 * 4, image.shape[1] // 6 * 4
    height, width = min(height, 400), min(width, 256)
    crop = np.ascontiguousarray(image[: height * 3 // 2, : width * 3 // 2])
    small, enhanced, phase = np.empty((3, height, width), np.uint8)
    flow, raw = np.empty((2, height // CELL, width // CELL, 2), np.int32)
    footprint = np.empty((height // CELL, width // CELL), np.uint8)
    corners, directions = np.empty((height, width), np.int32), np.empty((height // 2, width // 2, 2), np.int8)
    found = np.empty((height * width // 9, 5), np.int64)
    signals, totals = (
        np.empty((SIGNALS, signal_length(height, width)), np.int32),
        np.empty(flow.shape, np.int64),
    )
    before, blurred = np.empty_like(footprint), np.empty((2, *flow.shape), np.int32)
    pairs, waves = np.empty((2, HALF, SIDE), np.int32), np.empty((2, SIDE, HALF), np.int32)
    filters = np.empty((FILTERS, width + 2 * REACH), np.int32)
    products = np.empty((3, products_length(height, width)), np.int32)
    patch = np.empty((PATCH + 2, PATCH), np.int64)
    reduce_to_333(crop, small)
    ridge_flow(small, raw, signals, totals)
    footprint_of(raw, footprint, before)
    enhance_ridges(small, enhanced, pairs, waves)
    ridge_flow(enhanced, flow, signals, totals)
    smooth_normals(flow, footprint, blurred)
    ridge_phase(enhanced, flow, phase, filters)
    wave_corners(phase, corners, directions, products)
    return {
        "minutiae.reduce": lambda: reduce_to_333(crop, small),
        "minutiae.flow": lambda: ridge_flow(small, raw, signals, totals),
        "minutiae.footprint": lambda: footprint_of(raw, footprint, before),
        "minutiae.enhance": lambda: enhance_ridges(small, enhanced, pairs, waves),
        "minutiae.phase": lambda: ridge_phase(enhanced, flow, phase, filters),
        "minutiae.corners": lambda: wave_corners(phase, corners, directions, products),
        "minutiae.find": lambda: find_minutiae(phase, corners, directions, found, patch),
        "minutiae.all": lambda: detect(image, workspace),
    }
