"""One finger: what the scores cost, and how well they agree with NIST's own code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from kiosk.quality.fingerprint import assess_fingerprint, assess_fingerprint_live
from kiosk.quality.fingerprint_features import block_measures, minutiae_measures, region_measures
from kiosk.quality.fingerprint_region import region_of_interest, trim
from kiosk.quality.minutiae import detect
from kiosk.quality.workspace import Workspace
from tests.bench.pictures import Picture
from tests.bench.plots import Dots, scatter
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

SIZES = ((416, 560), (280, 440))
MINUTIAE = (
    "FingerJetFX_MinutiaeCount",
    "FingerJetFX_MinCount_COMMinRect200x200",
    "FJFXPos_Mu_MinutiaeQuality_2",
    "FJFXPos_OCL_MinutiaeQuality_80",
)
_WHOLE = "nbis-py: NFIQ 2.3 and mindtct"
_ALONE = "nbis-py with NFIQ 2.3 less without"


@dataclass(frozen=True, slots=True)
class Compared:
    """One picture in our eyes and NIST's. equal: share of the 69 measures that are the same number."""

    real: bool
    ours: int
    live: int
    nist: int
    minutiae_equal: bool
    equal: float


def measure(bench: Bench) -> Iterator[Result]:
    for width, height in SIZES:
        yield from _costs(bench, width, height)
    yield from _agreement(bench)


def _costs(bench: Bench, width: int, height: int) -> Iterator[Result]:
    picture = bench.pictures.sized_finger(width=width, height=height)
    workspace = Workspace()
    ms = interleaved_ms(
        {
            "final": timed(lambda: assess_fingerprint(picture.gray, workspace=workspace)),
            "nfiq2": bench.peers.job("nfiq2", file=picture.path),
            "live": timed(lambda: assess_fingerprint_live(picture.gray, workspace=workspace)),
            "mindtct": bench.peers.job("mindtct", file=picture.path),
        },
        repeats=7 if bench.quick else 15,
    )
    size = f"{width}x{height}"
    whole, other = ms["nfiq2"], ms["mindtct"]
    yield Result(f"fingerprint.final_{size}", ms["final"], "ms", whole, _WHOLE)
    alone = whole - other if whole and other else None
    yield Result(f"fingerprint.final_{size}_to_nfiq2_alone", ms["final"], "ms", alone, _ALONE)
    yield Result(f"fingerprint.live_{size}", ms["live"], "ms", alone, _ALONE)


def _agreement(bench: Bench) -> Iterator[Result]:
    pictures = bench.pictures.fingers
    if not bench.peers.has("nfiq2"):
        yield Result("fingerprint.agreement", None, "", None, f"absent: {bench.peers.absent['nbis-py']}")
        return
    found, unscored = [], 0
    for picture in bench.each(pictures, of="fingerprints scored by both"):
        answer = bench.peers.ask("nfiq2", file=picture.path)
        ours = assess_fingerprint(picture.gray).score
        live = assess_fingerprint_live(picture.gray).score
        if answer is None or ours is None or live is None:
            unscored += 1
            continue
        found.append(_compared(picture, ours, live, answer))
    off = np.array([abs(one.ours - one.nist) for one in found])
    real = [one for one in found if one.real]
    made = [one for one in found if not one.real]
    yield Result("fingerprint.images_compared", float(len(found)), "images", 120.0, "wanted at least")
    yield Result("fingerprint.images_without_both_scores", float(unscored), "images")
    yield Result("fingerprint.share_equal_to_nist", 100.0 * float((off == 0).mean()), "%", 80.0, "target")
    yield Result("fingerprint.largest_difference", float(off.max()), "points", 3.0, "target")
    yield Result("fingerprint.final_spearman", _rho(found, "ours"), "rho", 0.99, "target")
    yield Result("fingerprint.live_spearman", _rho(found, "live"), "rho", 0.90, "target")
    yield Result("fingerprint.live_spearman_made", _rho(made, "live"), "rho", 0.90, "target")
    if real:
        yield Result("fingerprint.live_spearman_real", _rho(real, "live"), "rho", 0.90, "target")
    apart = np.array([abs(one.live - one.nist) for one in found])
    yield Result("fingerprint.live_median_difference", float(np.median(apart)), "points")
    same = 100.0 * float(np.mean([one.minutiae_equal for one in found]))
    yield Result("fingerprint.minutiae_measures_equal", same, "%", 100.0, "all images")
    yield Result(
        "fingerprint.all_69_measures_equal",
        100.0 * float(np.mean([one.equal == 1 for one in found])),
        "%",
        100.0,
        "all images",
    )
    for name, label in (("ours", "final"), ("live", "live")):
        groups = [
            Dots("real", [one.nist for one in real], [getattr(one, name) for one in real]),
            Dots("made", [one.nist for one in made], [getattr(one, name) for one in made]),
        ]
        scatter(
            bench.plots / f"fingerprint_{label}.png",
            groups[::-1],
            x_label="NFIQ 2.3 of NIST",
            y_label=f"{label} score of the kiosk",
            x_range=(0, 100),
            y_range=(0, 100),
            diagonal=True,
        )


def _compared(picture: Picture, ours: int, live: int, answer: dict) -> Compared:
    mine, theirs = _features(picture.gray), answer["features"]
    same = {name: bool(np.isclose(mine[name], value, rtol=1e-5, atol=1e-8)) for name, value in theirs.items()}
    return Compared(
        real=picture.real,
        ours=ours,
        live=live,
        nist=answer["score"],
        minutiae_equal=all(same[name] for name in MINUTIAE),
        equal=sum(same.values()) / len(same),
    )


def _features(gray: NDArray[np.uint8]) -> dict[str, float]:
    workspace = Workspace()
    image = trim(gray, workspace)
    measured = block_measures(image, workspace).features
    measured |= region_measures(image, region_of_interest(image, workspace))
    return measured | minutiae_measures(image, detect(image, workspace))


def _rho(found: Sequence[Compared], name: str) -> float:
    return float(spearmanr([getattr(one, name) for one in found], [one.nist for one in found]).statistic)
