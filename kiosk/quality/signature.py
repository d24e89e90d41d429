"""Signature quality: is there a mark, is it whole, and what kind of mark is it.

No standard scores signatures. A resident may sign with a bare line (DOMAIN rule: "a line" is valid),
so `bare_line` is said for the officer and never rejects. The score is 0 without ink, 10 for a dot,
else 60 for any whole mark and up to 100 for a longer path than a line; a clipped mark loses 40.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import PadGeometry, PenPoint
from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.workspace import Workspace

ALGORITHM = "signature-marks/1.0"

_INK_CONTRAST = 40
"""Grey levels between paper and ink below which a picture shows paper only."""
_RASTER_WIDTH = 720
_SPECK_SHARE = 2e-5
_DOT_SHARE = 0.04
_STRAIGHT_SHARE = 0.06
_WINDING_FULL = 3.0
"""Path length over the mark's longer side at which a signature counts as rich."""


def assess_signature(
    ink: NDArray[np.uint8] | Sequence[PenPoint],
    *,
    geometry: PadGeometry | None = None,
    workspace: Workspace | None = None,
) -> QualityReport:
    """Judge a scanned or a penned signature.

    ink: a picture, grey (h, w) or RGBA (h, w, 4), dark on light; or the reports of a pen, then `geometry`
    is the pad's. workspace: a caller with more than one signature keeps one and passes it. Raises ValueError
    for another shape, or pen points without a geometry.
    """
    if isinstance(ink, np.ndarray):
        mask = _ink_of(_on_white(ink))
        return _report(_measures(mask, touches=_border_touches(mask)))
    if geometry is None:
        raise ValueError("pen points need the geometry of their pad")
    mask = (workspace or Workspace()).lend("ink", _raster_shape(geometry), np.uint8)
    _trace(ink, geometry, mask)
    return _report(_measures(mask, touches=_edge_reports(ink, geometry)))


def rasterised(points: Sequence[PenPoint], *, geometry: PadGeometry) -> NDArray[np.uint8]:
    """The strokes as a 0/1 picture, 721 pixels wide in the pad's aspect."""
    mask = np.empty(_raster_shape(geometry), np.uint8)
    _trace(points, geometry, mask)
    return mask


def _raster_shape(geometry: PadGeometry) -> tuple[int, int]:
    return max(1, round(geometry.height * _scale(geometry)) + 1), _RASTER_WIDTH + 1


def _scale(geometry: PadGeometry) -> float:
    return _RASTER_WIDTH / max(1, geometry.width)


def _trace(points: Sequence[PenPoint], geometry: PadGeometry, mask: NDArray[np.uint8]) -> None:
    mask[:] = 0
    for stroke in strokes_of(points):
        path = np.round(np.array([(point.x, point.y) for point in stroke]) * _scale(geometry)).astype(np.int32)
        cv2.polylines(mask, [path.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=3)


def strokes_of(points: Sequence[PenPoint]) -> tuple[tuple[PenPoint, ...], ...]:
    """Runs of reports with pressure."""
    strokes: list[tuple[PenPoint, ...]] = []
    run: list[PenPoint] = []
    for point in points:
        if point.pressure > 0:
            run.append(point)
        elif run:
            strokes.append(tuple(run))
            run = []
    if run:
        strokes.append(tuple(run))
    return tuple(strokes)


def _on_white(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 2:
        return np.ascontiguousarray(picture)
    if picture.ndim == 3 and picture.shape[2] == 4:
        gray = cv2.cvtColor(np.ascontiguousarray(picture[:, :, :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
        alpha = picture[:, :, 3].astype(np.float32) / 255
        return np.asarray(np.round(gray * alpha + 255 * (1 - alpha)), np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 3:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), np.uint8)
    raise ValueError(f"a signature picture is (h, w), (h, w, 3) or (h, w, 4), not {picture.shape}")


def _ink_of(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """0/1 mask of the ink, without specks."""
    paper = float(np.median(gray))
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = (gray <= min(level, paper - _INK_CONTRAST)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= max(3, _SPECK_SHARE * gray.size)
    kept[0] = False
    return kept[labels].astype(np.uint8) if count > 1 else mask


def _border_touches(mask: NDArray[np.uint8]) -> int:
    return int(mask[0].sum() + mask[-1].sum() + mask[1:-1, 0].sum() + mask[1:-1, -1].sum())


def _edge_reports(points: Sequence[PenPoint], geometry: PadGeometry) -> int:
    """Reports of a pressed pen on the pad's outermost units."""
    return sum(
        point.pressure > 0 and not (0 < point.x < geometry.width and 0 < point.y < geometry.height)
        for point in points
    )


def _measures(mask: NDArray[np.uint8], *, touches: int) -> dict[str, float]:
    """touches: pixels or reports on the border."""
    ink = cv2.countNonZero(mask)
    height, width = mask.shape
    metrics = {"ink_share": float(ink) / mask.size, "border_touches": float(touches)}
    if not ink:
        return metrics
    outline, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(line, True) for line in outline) / 2
    _, _, across, down = cv2.boundingRect(mask)
    stroke = ink / max(1.0, length)
    moments = cv2.moments(mask, binaryImage=True)
    mixed = moments["mu11"]
    axes = np.linalg.eigh(np.array([[moments["mu20"], mixed], [mixed, moments["mu02"]]]) / ink)[1]
    # what lies furthest along any axis lies on a hull
    corners = np.concatenate([cv2.convexHull(line)[:, 0] for line in outline])
    spread = np.ptp(corners @ axes, axis=0) + 1
    return {
        **metrics,
        "width_share": across / width,
        "height_share": down / height,
        "extent_share": max(across, down) / max(width, height),
        "stroke_width_px": float(stroke),
        "winding": float(length / max(spread)),
        "thickness_share": float(max(0.0, spread[0] - 2 * stroke) / spread[1]),
        "parts": float(sum(line.shape[0] > 2 for line in outline)),
    }


def _report(metrics: dict[str, float]) -> QualityReport:
    defects = _defects(metrics)
    return QualityReport(
        modality=Modality.SIGNATURE,
        position=Position.SIGNATURE,
        score=_score(metrics, defects),
        algorithm=ALGORITHM,
        metrics={name: round(value, 4) for name, value in metrics.items()},
        defects=defects,
    )


def _defects(metrics: dict[str, float]) -> tuple[Defect, ...]:
    if not metrics["ink_share"]:
        return (Defect.EMPTY,)
    clipped = (Defect.CLIPPED,) if metrics["border_touches"] else ()
    if metrics["extent_share"] < _DOT_SHARE:
        return (Defect.ONLY_A_DOT, *clipped)
    if metrics["thickness_share"] < _STRAIGHT_SHARE:
        return (Defect.BARE_LINE, *clipped)
    return clipped


def _score(metrics: dict[str, float], defects: tuple[Defect, ...]) -> int:
    if Defect.EMPTY in defects:
        return 0
    if Defect.ONLY_A_DOT in defects:
        return 10
    winding = 1.0 if Defect.BARE_LINE in defects else metrics["winding"]
    rich = float(np.clip((winding - 1) / (_WINDING_FULL - 1), 0, 1))
    return round(60 + 40 * rich) - (40 if Defect.CLIPPED in defects else 0)
