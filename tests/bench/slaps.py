"""The live frame of a four-finger placement, and whether every finger is found where it lies."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from hw.api import CaptureSet
from hw.sim.people import SLAP_FINGERS, FingerBox, compose_slap, impress
from kiosk.enrollment.positions import FINGERS, STEP_POSITIONS, CaptureStep
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.slap import SlapFinger, assess_slap, crop_finger
from kiosk.quality.slap_hand import name_tips
from kiosk.quality.slap_segment import segment
from kiosk.quality.workspace import Workspace
from tests.bench.pictures import FIRST_SEED
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

_SETS = (
    (CaptureSet.RIGHT_SLAP, CaptureStep.RIGHT_FOUR),
    (CaptureSet.LEFT_SLAP, CaptureStep.LEFT_FOUR),
    (CaptureSet.THUMBS, CaptureStep.THUMBS),
)
_OTHER_HAND = {
    CaptureStep.RIGHT_FOUR: CaptureStep.LEFT_FOUR,
    CaptureStep.LEFT_FOUR: CaptureStep.RIGHT_FOUR,
}
_TURNS_DEG = (-25.0, -12.0, 0.0, 12.0, 25.0)
_GOOD_OVERLAP = 0.8


def measure(bench: Bench) -> Iterator[Result]:
    slap = bench.pictures.slap
    expected = STEP_POSITIONS[CaptureStep.RIGHT_FOUR]
    cut = [
        bench.pictures.keep(crop_finger(slap.gray, finger), finger=finger.position.value)
        for finger in assess_slap(slap.gray, expected=expected).fingers
    ]
    workspace = Workspace()
    jobs = {
        "live": timed(lambda: assess_slap(slap.gray, expected=expected, workspace=workspace)),
        "segment": timed(lambda: segment(slap.gray, workspace)),
    }
    jobs |= {f"nfiq2 {place}": bench.peers.job("nfiq2", file=one.path) for place, one in enumerate(cut)}
    jobs |= {f"mindtct {place}": bench.peers.job("mindtct", file=one.path) for place, one in enumerate(cut)}
    ms = interleaved_ms(jobs, repeats=7)
    whole = _sum(ms, "nfiq2")
    other = _sum(ms, "mindtct")
    alone = whole - other if whole and other else None
    against = "nbis-py: four NFIQ 2.3 less mindtct, of fingers already cut"
    yield Result("slap.live_1600x1500", ms["live"], "ms", alone, against)
    yield Result("slap.segment_1600x1500", ms["segment"], "ms", ms["live"], "the whole live frame")
    yield from _truth(bench)


def _sum(ms: dict[str, float | None], work: str) -> float | None:
    known = [value for name, value in ms.items() if name.startswith(work) and value is not None]
    return sum(known) if len(known) == len(SLAP_FINGERS[CaptureSet.RIGHT_SLAP]) else None


def _truth(bench: Bench) -> Iterator[Result]:
    laid, named, overlaps = 0, 0, []
    wrong, told, falsely = 0, 0, 0
    workspace = Workspace()
    placements = [
        (person, chosen, step, turn)
        for person in bench.pictures.people
        for chosen, step in _SETS
        for turn in _TURNS_DEG
    ]
    for number, (person, chosen, step, turn) in enumerate(bench.each(placements, of="slaps segmented")):
        rng = np.random.default_rng((FIRST_SEED, number))
        fingers = {f: impress(person.fingers[f], rng) for f in SLAP_FINGERS[chosen]}
        platen, boxes = compose_slap(fingers, chosen, rotation_deg=turn)
        slap = assess_slap(platen, expected=STEP_POSITIONS[step], workspace=workspace)
        found = {finger.position: finger for finger in slap.fingers}
        falsely += Defect.WRONG_HAND in slap.report.defects
        if step in _OTHER_HAND:
            asked = STEP_POSITIONS[_OTHER_HAND[step]]
            wrong += 1
            told += name_tips(segment(platen, workspace), asked).wrong_hand
        laid += len(boxes)
        for box in boxes:
            finger = found.get(FINGERS[box.finger - 1])
            overlap = _overlap(box, finger) if finger else 0.0
            named += overlap > 0.5
            overlaps.append(overlap)
    yield Result(
        "slap.fingers_named", 100.0 * named / laid, "%", 100.0, f"target, {laid} fingers, turned to 25"
    )
    yield Result("slap.wrong_hand_told", 100.0 * told / wrong, "%", 100.0, f"target, {wrong} hands")
    yield Result("slap.wrong_hand_falsely_told", float(falsely), "placements", 0.0, f"of {len(placements)}")
    yield Result("slap.smallest_overlap", min(overlaps), "IoU", _GOOD_OVERLAP, "target")
    yield Result("slap.median_overlap", float(np.median(overlaps)), "IoU", _GOOD_OVERLAP, "target")


def _overlap(box: FingerBox, finger: SlapFinger) -> float:
    x, y, width, height = finger.box
    ours = ((x + width / 2, y + height / 2), (width, height), finger.angle)
    truth = ((box.centre_x, box.centre_y), (box.width, box.height), box.angle_deg)
    common, _ = cv2.intersectConvexConvex(cv2.boxPoints(ours), cv2.boxPoints(truth))
    return float(common / (width * height + box.width * box.height - common))
