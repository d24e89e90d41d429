"""Quality of one fingerprint at 500 ppi: NFIQ 2.3 for the record, and a quick score for the live picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.fingerprint_defects import defects_of, shape_of, skin_hint
from kiosk.quality.fingerprint_features import Features, block_measures, minutiae_measures, region_measures
from kiosk.quality.fingerprint_forest import load_forest
from kiosk.quality.fingerprint_live import estimate_minutiae
from kiosk.quality.fingerprint_region import region_of_interest, region_of_interest_live, trim
from kiosk.quality.minutiae import detect
from kiosk.quality.pictures import as_gray
from kiosk.quality.workspace import Workspace

ALGORITHM = "nfiq2/2.3"
LIVE_ALGORITHM = "nfiq2-live/1"

WIDEST = 800
HIGHEST = 1000
"""What NFIQ 2 takes after trimming, in pixels at 500 ppi."""

NARROWEST = 64
FEWEST_BLOCKS = 10
"""NFIQ 2 makes no histogram of fewer."""

FEWEST_MINUTIAE = 6
EMPTY_MEAN = 250.0
UNIFORM_DEVIATION = 1.0
"""NFIQ 2's actionable feedback: over this mean the picture is empty, under this deviation it is uniform."""


def assess_fingerprint(
    gray: NDArray[np.uint8], *, position: Position | None = None, workspace: Workspace | None = None
) -> QualityReport:
    """The NFIQ 2.3 quality score (ISO/IEC 29794-4) of one finger at 500 ppi, ridges dark.

    gray: (h, w) uint8 or RGB (h, w, 3). score is None where NFIQ 2 gives none: nothing there, too large, or
    fewer than 6 minutiae. workspace: a caller with more than one picture keeps one and passes it. Raises
    ForestUnavailableError when the trained forest is not installed, ValueError for another shape or type.
    """
    return _assess(gray, position=position, live=False, workspace=workspace or Workspace())


def assess_fingerprint_live(
    gray: NDArray[np.uint8], *, position: Position | None = None, workspace: Workspace | None = None
) -> QualityReport:
    """The same scale without looking for minutiae: what they would add is estimated from the other measures."""
    return _assess(gray, position=position, live=True, workspace=workspace or Workspace())


def _assess(
    gray: NDArray[np.uint8], *, position: Position | None, live: bool, workspace: Workspace
) -> QualityReport:
    algorithm = LIVE_ALGORITHM if live else ALGORITHM
    image = trim(as_gray(gray, "a fingerprint"), workspace)
    if not _holds_a_finger(image):
        return QualityReport(Modality.FINGERPRINT, position, None, algorithm, {}, (Defect.NOTHING_PRESENT,))
    region = region_of_interest_live(image, workspace) if live else region_of_interest(image, workspace)
    blocks = block_measures(image, workspace)
    features = blocks.features | region_measures(image, region)
    shape = shape_of(image, region, workspace)
    coherence = features["OrientationMap_ROIFilter_CoherenceRel"]
    defects = defects_of(shape, coherence=coherence, blocks=blocks.foreground, position=position)
    if blocks.foreground < FEWEST_BLOCKS:
        return QualityReport(Modality.FINGERPRINT, position, None, algorithm, shape.metrics, defects)
    if live:
        features |= estimate_minutiae(features)
    else:
        features |= minutiae_measures(image, detect(image, workspace))
    scorable = live or features["FingerJetFX_MinutiaeCount"] >= FEWEST_MINUTIAE
    score = _score(features) if scorable else None
    hint = None if defects else skin_hint(shape, score=score)
    if hint:
        defects = (hint,)
    return QualityReport(
        modality=Modality.FINGERPRINT,
        position=position,
        score=score,
        algorithm=algorithm,
        metrics=shape.metrics | _telling(features),
        defects=defects if scorable or defects else (Defect.FEW_RIDGES,),
    )


def _holds_a_finger(image: NDArray[np.uint8]) -> bool:
    height, width = image.shape
    if not (NARROWEST <= width <= WIDEST and NARROWEST <= height <= HIGHEST):
        return False
    mean, deviation = cv2.meanStdDev(image)
    return bool(mean[0, 0] <= EMPTY_MEAN and deviation[0, 0] >= UNIFORM_DEVIATION)


def _score(features: Features) -> int:
    forest = load_forest()
    return forest.score(np.array([features[name] for name in forest.features]))


def _telling(features: Features) -> dict[str, float]:
    return {
        "minutiae": features["FingerJetFX_MinutiaeCount"],
        "coherence": features["OrientationMap_ROIFilter_CoherenceRel"],
        "clarity": features["LCS_Bin10_Mean"],
        "frequency": features["FDA_Bin10_Mean"],
        "certainty": features["OCL_Bin10_Mean"],
        "flow": features["OF_Bin10_Mean"],
    }
