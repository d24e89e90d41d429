"""The 69 native quality measures of NFIQ 2.3 (ISO/IEC 29794-4), 500 ppi only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.quality.fingerprint_region import Region
from kiosk.quality.kernels_blocks import BLOCK, fourier_waves
from kiosk.quality.kernels_finger import (
    RATIOS_PER_BLOCK,
    WindowScratch,
    block_certainties,
    grey_means,
    histogram,
    minutiae_surroundings,
    orientation_flow,
    region_coherence,
    ridge_blocks,
    window_grid,
    window_measures,
)
from kiosk.quality.workspace import Workspace

Features = dict[str, float]

CROWD_REACH = 100
"""Minutiae this near, in x and in y, to their centre of mass crowd (NFIQ 2, 200x200 pixels)."""

RIDGE_THRESHOLD = 0.1
"""A block is foreground when it deviates more than this share of the whole image's deviation (NFIQ 2)."""

_UPPER_EDGES = {
    "FDA": (0.268, 0.304, 0.33, 0.355, 0.38, 0.407, 0.44, 0.5, 1.0),
    "LCS": (0.0, 0.70, 0.74, 0.77, 0.79, 0.81, 0.83, 0.85, 0.87),
    "OCL": (0.337, 0.479, 0.579, 0.655, 0.716, 0.766, 0.81, 0.852, 0.898),
    "OF": (1.715e-2, 3.5e-2, 5.57e-2, 8.1e-2, 1.15e-1, 1.718e-1, 2.569e-1, 4.758e-1, 7.48e-1),
    "RVUP": (0.5, 0.667, 0.8, 1.0, 1.25, 1.5, 2.0, 24.0, 30.0),
}
_EDGES = {name: np.array(edges) for name, edges in _UPPER_EDGES.items()}
_WAVES = fourier_waves()


@dataclass(frozen=True, slots=True, eq=False)
class BlockMeasures:
    """What the blocks gave. foreground: how many lie wholly in the ridge mask."""

    features: Features
    foreground: int


def block_measures(image: NDArray[np.uint8], workspace: Workspace) -> BlockMeasures:
    """The 60 features of FDA, LCS, OCL, OF and RVUP. image: trimmed, contiguous (h, w)."""
    height, width = image.shape
    grid = (-(-height // BLOCK), -(-width // BLOCK))
    mask = workspace.lend("ridge mask", grid, np.uint8)
    ridge_blocks(image, RIDGE_THRESHOLD, mask, workspace.lend("block deviations", grid, np.float64))
    rows, columns = window_grid(height, width)
    cells = rows * columns
    angles = workspace.lend("block angles", (rows, columns), np.float64)
    inside = workspace.lend("blocks inside", (rows, columns), np.uint8)
    frequencies, clarities, flow = workspace.lend("block values", (3, max(cells, 1)), np.float64)
    certainties = workspace.lend("block certainties", (max(mask.size, 1),), np.float64)
    ratios = workspace.lend("width ratios", (max(cells, 1) * RATIOS_PER_BLOCK,), np.float64)
    filled = workspace.lend("ratios filled", (1,), np.int64)
    scratch = window_scratch(workspace)
    measured = window_measures(
        image, mask, _WAVES, angles, inside, frequencies, clarities, ratios, filled, scratch
    )
    found: tuple[tuple[str, NDArray[np.float64], int], ...] = (
        ("FDA", frequencies, measured),
        ("LCS", clarities, measured),
        ("OCL", certainties, block_certainties(image, certainties)),
        ("OF", flow, orientation_flow(angles, inside, flow)),
        ("RVUP", ratios, int(filled[0])),
    )
    features: Features = {}
    row = workspace.lend("histogram", (12,), np.float64)
    for name, values, count in found:
        histogram(values, count, _EDGES[name], row)
        features |= {f"{name}_Bin10_{place}": float(row[place]) for place in range(10)}
        features[f"{name}_Bin10_Mean"] = float(row[10])
        features[f"{name}_Bin10_StdDev"] = float(row[11])
    return BlockMeasures(features, measured)


def window_scratch(workspace: Workspace) -> WindowScratch:
    """What `window_measures` works in."""
    return WindowScratch(
        profile=workspace.lend("window profile", (BLOCK,), np.int64),
        changes=workspace.lend("window changes", (BLOCK,), np.int64),
        threshold=workspace.lend("window threshold", (BLOCK,), np.float64),
        widths=workspace.lend("window widths", (2, BLOCK), np.float64),
        ridge=workspace.lend("window ridge", (BLOCK,), np.uint8),
        window=workspace.lend("window", (BLOCK // 2, BLOCK), np.uint8),
    )


def region_measures(image: NDArray[np.uint8], region: Region) -> Features:
    """Mean grey and ridge coherence of the region, and the image's contrast."""
    coherence = region_coherence(image, region.blocks)
    mean, mean_of_means = grey_means(image)
    return {
        "ImgProcROIArea_Mean": region.mean,
        "OrientationMap_ROIFilter_CoherenceSum": coherence,
        "OrientationMap_ROIFilter_CoherenceRel": coherence / max(int(region.blocks.sum()), 1),
        "MMB": mean_of_means,
        "Mu": mean,
    }


def minutiae_measures(image: NDArray[np.uint8], found: NDArray[np.int64]) -> Features:
    """Count, crowding and surroundings of minutiae. found: rows that begin with x, y in the trimmed image."""
    height, width = image.shape
    # a narrow image is padded for the detector; what it finds in the padding counts, and nothing more
    inside = found[(found[:, 0] < width) & (found[:, 1] < height)]
    count = len(inside)
    crowded, darker, certain = 0, 0, 0
    if count:
        centre = inside[:, :2].sum(axis=0) // count
        crowded = int((np.abs(inside[:, :2] - centre) <= CROWD_REACH).all(axis=1).sum())
        darker, certain = minutiae_surroundings(image, inside)
    return {
        "FingerJetFX_MinutiaeCount": float(len(found)),
        "FingerJetFX_MinCount_COMMinRect200x200": float(crowded),
        "FJFXPos_Mu_MinutiaeQuality_2": darker / max(count, 1),
        "FJFXPos_OCL_MinutiaeQuality_80": certain / max(count, 1),
    }
