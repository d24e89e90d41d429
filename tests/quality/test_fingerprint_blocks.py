"""Each block kernel beside a plain way to the same number."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from kernel_forms import FORMS, use_plain
from made_fingers import draw_finger

from kiosk.quality import kernels_blocks as blocks
from kiosk.quality import kernels_finger as finger
from kiosk.quality import kernels_smooth
from kiosk.quality.fingerprint_features import window_scratch
from kiosk.quality.fingerprint_region import smooth_scratch
from kiosk.quality.workspace import Workspace

PICTURE = draw_finger(3, width=150, height=170, minutiae=4)[0]
BLOCK = np.ascontiguousarray(PICTURE[40:72, 50:82])
NOISE = np.random.default_rng(1).integers(0, 256, (70, 90)).astype(np.uint8)


@pytest.fixture(autouse=True, params=FORMS)
def form(request, monkeypatch):
    if request.param == "plain":
        use_plain(monkeypatch, blocks, finger, kernels_smooth)


def gradients(block):
    gy, gx = np.gradient(block.astype(float))
    return gx, gy


@pytest.mark.parametrize("source", [PICTURE, NOISE], ids=["ridges", "noise"])
@pytest.mark.parametrize("place", [(0, 0, 32, 32), (13, 29, 32, 32), (32, 64, 32, 26)])
def test_gradient_tensor_is_numpys_gradients_summed(source, place):
    top, left, height, width = place
    gx, gy = gradients(source[top : top + height, left : left + width])
    expected = (float((gx * gx).sum()), float((gy * gy).sum()), float((gx * gy).sum()))
    assert blocks.gradient_tensor(source, *place) == expected


def test_certainty_is_the_ratio_of_eigenvalues():
    xx, yy, xy = blocks.gradient_tensor(BLOCK, 0, 0, 32, 32)
    low, high = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    assert blocks.certainty_of(xx, yy, xy) == pytest.approx(1 - low / high, abs=1e-12)
    assert blocks.certainty_of(0.0, 0.0, 0.0) == -1.0


def test_the_normals_angle_is_half_that_of_the_tensors_difference():
    for xx, yy, xy in np.random.default_rng(5).uniform(-50, 50, (20, 3)).tolist():
        assert blocks.normal_angle(xx, yy, xy) == pytest.approx(np.arctan2(xy, xx - yy) / 2)


@pytest.mark.parametrize("angle", [-1.1, 0.0, 0.8])
def test_turning_back_undoes_opencvs_turn(angle):
    a, b, c, d, x, y = blocks.turned_back(angle, 18.0)
    back = cv2.invertAffineTransform(cv2.getRotationMatrix2D((18.0, 18.0), np.degrees(angle), 1))
    assert np.array([[a, b, x], [c, d, y]]) == pytest.approx(back, abs=1e-12)


def test_coherence_compares_the_sum_with_the_lengths():
    gx, gy = gradients(NOISE[:32, :17])
    squared = (gx + 1j * gy) ** 2
    expected = abs(squared.sum()) / np.abs(squared).sum()
    assert blocks.coherence_of(NOISE, 0, 0, 32, 17) == pytest.approx(expected, abs=1e-12)
    assert blocks.coherence_of(np.full((32, 32), 9, np.uint8), 0, 0, 32, 32) == 0.0


def turned(window, angle):
    """The window turned about its middle, nearest neighbour, places rounded to 1/1024 pixel and then to whole
    ones as OpenCV 4 does; OpenCV 5 rounds otherwise, so it agrees in all but a few pixels."""
    size = window.shape[0]
    back = cv2.invertAffineTransform(cv2.getRotationMatrix2D((size / 2, size / 2), np.degrees(angle), 1))
    places = np.arange(36)
    x = (
        np.rint(1024 * back[0, 0] * places)[None, :]
        + np.rint(1024 * (back[0, 1] * places + back[0, 2]))[:, None]
    )
    y = (
        np.rint(1024 * back[1, 0] * places)[None, :]
        + np.rint(1024 * (back[1, 1] * places + back[1, 2]))[:, None]
    )
    x, y = (np.int64(x) + 512) >> 10, (np.int64(y) + 512) >> 10
    inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
    return np.where(inside, window[y.clip(0, size - 1), x.clip(0, size - 1)], 0)


@pytest.mark.parametrize("angle", [-1.5, -0.7, 0.0, 0.3, 1.2, 1.5707963])
def test_turned_window_lies_along_the_normal(angle):
    window = np.empty((16, 32), np.uint8)
    blocks.turned_window(NOISE, 10, 20, angle, window)
    framed = NOISE[10:46, 20:56]
    assert np.array_equal(window, turned(framed, angle)[10:26, 2:34])
    turn = cv2.getRotationMatrix2D((18.0, 18.0), np.degrees(angle), 1)
    opencv = cv2.warpAffine(framed.copy(), turn, (36, 36), flags=cv2.INTER_NEAREST)
    assert np.mean(window == opencv[10:26, 2:34]) > 0.97


@pytest.mark.parametrize("angle", [-1.4, -0.2, 0.0, 0.9, 2.4])
@pytest.mark.parametrize(
    "corner", [(0, 0), (10, 20), (34, 54)], ids=["at the edge", "inside", "at the far edge"]
)
def test_ridge_profile_reads_two_pixels_around_the_window(angle, corner):
    top, left = corner
    whole = turned(np.pad(NOISE, 2)[top : top + 40, left : left + 40], angle).astype(np.int64)
    profile = np.empty(32, np.int64)
    blocks.ridge_profile(NOISE, top, left, angle, True, profile)
    assert np.array_equal(profile, whole[2:34, 10:26].sum(axis=1))
    blocks.ridge_profile(NOISE, top, left, angle, False, profile)
    assert np.array_equal(profile, whole[10:26, 2:34].sum(axis=0))


def frequency_by_fft(profile):
    amplitudes = np.abs(np.fft.fft(profile / 16))[1:]
    peak = int(np.argmax(np.round(amplitudes, 9)))
    if peak in (0, len(amplitudes) - 1):
        return 1.0
    return (amplitudes[peak] + 0.3 * (amplitudes[peak - 1] + amplitudes[peak + 1])) / amplitudes[:15].sum()


def test_frequency_certainty_is_the_spectrums():
    rng = np.random.default_rng(2)
    waves = blocks.fourier_waves()
    for wave in (1, 2, 3.5, 7, 15, 16):
        profile = np.int64(2000 + 900 * np.cos(2 * np.pi * wave * np.arange(32) / 32) + rng.integers(0, 50, 32))
        assert blocks.frequency_certainty(profile, waves) == pytest.approx(frequency_by_fft(profile), abs=1e-9)
    assert blocks.frequency_certainty(np.full(32, 4080, np.int64), waves) == 1.0
    odd_line = np.full(32, 4080, np.int64)
    odd_line[13] = 4000
    assert blocks.frequency_certainty(odd_line, waves) == 1.0


def test_ridges_lie_below_the_regression_line():
    rng = np.random.default_rng(4)
    profile = rng.integers(0, 4080, 32)
    threshold, ridge = np.empty(32), np.empty(32, np.uint8)
    blocks.split_ridges(profile, threshold, ridge)
    slope, start = np.polyfit(np.arange(1, 33), profile / 16, 1)
    assert threshold == pytest.approx(slope * np.arange(1, 33) + start, abs=1e-8)
    assert np.array_equal(ridge, (profile / 16 < threshold).astype(np.uint8))


def clarity_in_words(window, threshold, ridge):
    changes = np.flatnonzero(np.diff(ridge)).tolist()
    widths = np.diff([0, *changes])
    ridges, valleys = (widths[0::2], widths[1::2]) if ridge[0] else (widths[1::2], widths[0::2])
    if not len(ridges) or not len(valleys):
        return 0.0
    if not (3 <= ridges.mean() <= 10 and 2 <= valleys.mean() <= 10):
        return 0.0
    dark = window < threshold
    return 1 - (dark[:, ridge == 0].mean() + (~dark[:, ridge == 1]).mean()) / 2


def ratios_in_words(ridge):
    changes = np.flatnonzero(np.diff(ridge[:31])).tolist()
    widths = np.diff(changes)[::-1]
    ratios = [one / other for one, other in pairwise(widths)][: len(changes) - 3]
    if len(changes) < 4:
        return []
    start = int(ridge[changes[0] + 1])
    return [1 / ratio if place % 2 == start else ratio for place, ratio in enumerate(ratios)]


def test_clarity_and_width_ratios_follow_their_definition():
    rng = np.random.default_rng(6)
    answered = 0
    for _ in range(60):
        period = rng.uniform(5, 16)
        wave = 128 + 100 * np.cos(2 * np.pi * (np.arange(32) / period + rng.random()))
        window = np.clip(wave + rng.normal(0, 60, (16, 32)), 0, 255).astype(np.uint8)
        threshold, ridge = np.empty(32), np.empty(32, np.uint8)
        blocks.split_ridges(window.sum(axis=0, dtype=np.int64), threshold, ridge)
        widths, changes = np.empty((2, 32)), np.empty(32, np.int64)
        clarity = blocks.clarity_of(window, threshold, ridge, widths)
        assert clarity == pytest.approx(clarity_in_words(window, threshold, ridge), abs=1e-12)
        ratios = np.empty(28)
        filled = blocks.width_ratios(ridge, ratios, 0, changes)
        assert ratios[:filled] == pytest.approx(ratios_in_words(ridge))
        answered += clarity > 0 and filled > 0
    assert answered > 20


def test_ridge_blocks_are_those_that_deviate():
    mask = np.empty((6, 5), np.uint8)
    finger.ridge_blocks(PICTURE, 0.9, mask, np.empty(mask.shape))
    limit = 0.9 * PICTURE.std()
    for row, column in np.ndindex(mask.shape):
        cell = PICTURE[32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
        assert mask[row, column] == (cell.std() > limit)
    assert 0 < mask.sum() < mask.size


def windows_in_words(mask, rows, columns):
    """Frequencies, clarities and ratios of the whole windows, each by its plain form."""
    frequencies, clarities, ratios = [], [], []
    framed = np.pad(PICTURE, 2)
    for row, column in np.ndindex(rows, columns):
        if not mask[row : row + 2, column : column + 2].all():
            continue
        top, left = 32 * row, 32 * column
        gx, gy = gradients(PICTURE[top + 2 : top + 34, left + 2 : left + 34])
        angle = np.arctan2((gx * gy).sum(), (gx * gx).sum() - (gy * gy).sum()) / 2
        around = framed[top : top + 40, left : left + 40]
        standing = turned(around, angle + np.pi / 2).astype(np.int64)[2:34, 10:26].sum(axis=1)
        lying = turned(around, angle).astype(np.int64)[10:26, 2:34].sum(axis=0)
        frequencies.append(frequency_by_fft(standing))
        ratios += ratios_in_words(lying / 16 < line_through(lying))
        window = turned(PICTURE[top : top + 36, left : left + 36], angle)[10:26, 2:34]
        threshold = line_through(window.sum(axis=0))
        ridge = (window.mean(axis=0) < threshold).astype(np.uint8)
        clarities.append(clarity_in_words(window, threshold, ridge))
    return frequencies, clarities, ratios


def line_through(sums):
    slope, start = np.polyfit(np.arange(1, 33), sums / 16, 1)
    return slope * np.arange(1, 33) + start


def test_windows_are_measured_where_their_mask_is_whole():
    mask = np.ones((6, 5), np.uint8)
    mask[1, 2] = 0
    rows, columns = finger.window_grid(*PICTURE.shape)
    angles, inside = np.empty((rows, columns)), np.empty((rows, columns), np.uint8)
    frequencies, clarities = np.empty((2, rows * columns))
    ratios, filled = np.empty(rows * columns * finger.RATIOS_PER_BLOCK), np.zeros(1, np.int64)
    out = (angles, inside, frequencies, clarities, ratios, filled)
    scratch = window_scratch(Workspace())
    count = finger.window_measures(PICTURE, mask, blocks.fourier_waves(), *out, scratch)
    expected = windows_in_words(mask, rows, columns)
    assert count == inside.sum() == len(expected[0]) == rows * columns - 4
    assert frequencies[:count] == pytest.approx(expected[0], abs=1e-9)
    assert clarities[:count] == pytest.approx(expected[1], abs=1e-9)
    assert ratios[: filled[0]] == pytest.approx(expected[2])


def test_surroundings_of_minutiae_are_dark_or_certain():
    places = np.random.default_rng(3).integers(0, 150, (40, 2))
    darker, certain = 0, 0
    for x, y in places.tolist():
        left, top = max(x - 16, 0), max(y - 16, 0)
        mean = PICTURE[top : top + 32, left : left + 32].mean()
        darker += 0 < (PICTURE.mean() - mean) / PICTURE.std() <= 0.5
        left, top = min(left, 150 - 32), min(top, 170 - 32)
        gx, gy = gradients(PICTURE[top : top + 32, left : left + 32])
        low, high = np.linalg.eigvalsh([[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]])
        certain += np.floor((1 - low / high) * 100 + 0.5) > 80
    assert finger.minutiae_surroundings(PICTURE, places) == (darker, certain)
    assert 0 < darker < 40
    assert certain > 0


def test_orientation_flow_is_the_mean_turn_to_eight_neighbours():
    rng = np.random.default_rng(7)
    angles = rng.uniform(-1.57, 1.57, (6, 7))
    inside = np.ones((6, 7), np.uint8)
    inside[0, 0] = 0
    flow = np.empty(42)
    count = finger.orientation_flow(angles, inside, flow)
    expected = []
    for row in range(1, 5):
        for column in range(1, 6):
            around = np.abs(angles[row - 1 : row + 2, column - 1 : column + 2] - angles[row, column])
            turn = np.minimum(around, 2 * np.pi - around).sum() / 8
            if (row, column) != (1, 1) and turn > np.radians(4):
                expected.append((turn - np.radians(4)) / np.radians(86))
    assert flow[:count] == pytest.approx(expected)


def test_histogram_has_ten_bins_a_mean_and_a_deviation():
    values = np.random.default_rng(8).random(500)
    edges = np.linspace(0.1, 0.9, 9)
    features = np.empty(12)
    finger.histogram(values, 500, edges, features)
    assert features[:10].tolist() == np.histogram(values, [-1, *edges, 9])[0].tolist()
    assert features[10:] == pytest.approx([values.mean(), values.std()])
    finger.histogram(values, 0, edges, features)
    assert not features.any()


def test_means_certainties_and_coherences_cover_the_picture():
    cells = [
        PICTURE[top : top + 32, left : left + 32] for top in range(0, 170, 32) for left in range(0, 150, 32)
    ]
    assert finger.grey_means(PICTURE) == pytest.approx(
        (PICTURE.mean(), np.mean([cell.mean() for cell in cells]))
    )
    certainties = np.empty(30)
    count = finger.block_certainties(PICTURE, certainties)
    whole = [cell for cell in cells if cell.shape == (32, 32) and cell.std() > 0]
    assert count == len(whole)
    marked = np.ones((6, 5), np.bool_)
    total = sum(blocks.coherence_of(cell.copy(), 0, 0, *cell.shape) for cell in cells)
    assert finger.region_coherence(PICTURE, marked) == pytest.approx(total)


@pytest.mark.parametrize("size", [19, 41, 45, 91])
@pytest.mark.parametrize("shape", [(40, 52), (30, 20)])
def test_smoothing_is_opencvs_to_the_last_bit(size, shape):
    rng = np.random.default_rng(9)
    for picture in (
        rng.integers(0, 256, shape).astype(np.uint8),
        np.uint8(255) * (rng.random(shape) > 0.6).astype(np.uint8),
    ):
        smoothed = np.empty_like(picture)
        weights = kernels_smooth.gaussian_weights(size)
        kernels_smooth.smooth(picture, weights, smoothed, smooth_scratch(shape, weights, Workspace()))
        assert np.array_equal(smoothed, cv2.GaussianBlur(picture, (size, size), 0))
