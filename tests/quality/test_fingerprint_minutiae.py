"""The detector finds what was drawn, and each of its stages does what its plain form does."""

from __future__ import annotations

import cv2
import numba
import numpy as np
import pytest
from made_fingers import draw_finger

from kiosk.quality import kernels_flow as flow
from kiosk.quality import kernels_integers as integers
from kiosk.quality import kernels_minutiae as minutiae
from kiosk.quality import kernels_phase as phases
from kiosk.quality import kernels_spectrum as spectrum
from kiosk.quality.minutiae import detect as detect_in
from kiosk.quality.minutiae import extract
from kiosk.quality.workspace import Workspace

SMALL = np.ascontiguousarray(draw_finger(5, width=330, height=450)[0][60:132, 80:144])


compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="minutes without the compiler")


def detect(picture):
    return detect_in(picture, Workspace())


def plain(kernel):
    return getattr(kernel, "py_func", kernel)


@compiled
@pytest.mark.parametrize("seed", range(4))
def test_every_drawn_minutia_is_found_and_few_others(seed):
    picture, places = draw_finger(seed)
    found = detect(picture)
    apart = np.hypot(*(found[:, None, :2] - places[None]).transpose(2, 0, 1))
    assert (apart.min(axis=0) < 10).all()
    assert (apart.min(axis=1) >= 12).sum() <= 4


@compiled
def test_a_minutia_points_along_its_ridge():
    picture, places = draw_finger(1)
    for minutia in extract(picture).minutiae:
        near = np.hypot(places[:, 0] - minutia.x, places[:, 1] - minutia.y).min()
        if near < 8:
            normal = np.arctan2(minutia.y - 420 * 0.55, 1.25**2 * (minutia.x - 150))
            ridge = -np.degrees(normal) + 90  # y runs downwards, angles counter-clockwise
            apart = (minutia.angle * 360 / 256 - ridge) % 180
            assert min(apart, 180 - apart) < 25


@compiled
def test_strongest_first_and_inside_the_picture():
    picture, _ = draw_finger(2)
    template = extract(picture)
    assert (template.width, template.height) == (300, 420)
    qualities = [minutia.quality for minutia in template.minutiae]
    assert qualities == sorted(qualities, reverse=True)
    assert all(0 <= minutia.x < 300 and 0 <= minutia.y < 420 for minutia in template.minutiae)


@compiled
def test_shifting_the_picture_shifts_its_minutiae():
    picture, _ = draw_finger(6, noise=0)
    shifted = np.full((456, 336), 255, np.uint8)
    shifted[36:, 36:] = picture
    before = {(x, y) for x, y in detect(picture)[:, :2].tolist()}
    after = [(x - 36, y - 36) for x, y in detect(shifted)[:, :2].tolist()]
    near = [min(np.hypot(x - other_x, y - other_y) for other_x, other_y in before) for x, y in after]
    assert np.mean(np.array(near) < 3) > 0.9


@compiled
@pytest.mark.parametrize("shape", [(64, 64), (120, 500), (700, 300), (1, 1)])
def test_any_size_is_read(shape):
    picture = np.full(shape, 255, np.uint8)
    assert extract(picture).minutiae == ()


@compiled
def test_a_read_only_view_is_read():
    picture, _ = draw_finger(1)
    frame = np.pad(picture, 20, constant_values=255)
    frame.setflags(write=False)
    assert len(detect(frame[20:-20, 20:-20])) == len(detect(picture))


def test_angles_agree_with_the_circle():
    for angle in range(256):
        exact = 2 * np.pi * angle / 256
        assert abs(integers.cosine(angle) - 127 * np.cos(exact)) < 1
        assert abs(integers.sine(angle) - 127 * np.sin(exact)) < 1
        turned = integers.angle_of(round(1e4 * np.cos(exact)), round(1e4 * np.sin(exact)))
        assert min((turned - angle) % 256, (angle - turned) % 256) <= 1
    assert integers.angle_of(0, 0) == 0


def test_registers_wrap_as_twos_complement():
    values = np.random.default_rng(1).integers(-(2**40), 2**40, 200)
    for value in values.tolist():
        assert integers.wrap_int8(value) == int(np.int64(value).astype(np.int8))
        assert integers.wrap_int16(value) == int(np.int64(value).astype(np.int16))
        assert integers.wrap_int32(value) == int(np.int64(value).astype(np.int32))
        assert integers.divide_to_zero(value, 37) == int(value / 37)


def test_a_divisor_brings_a_vector_onto_the_octagon():
    for x, y in np.random.default_rng(2).integers(-(2**20), 2**20, (200, 2)).tolist():
        divisor = integers.octagon_divisor(x, y)
        assert divisor == max(max(abs(x), abs(y)) // 127, (abs(x) + abs(y)) // 180)
        assert max(abs(x), abs(y)) / divisor < 128.1
    assert integers.octagon_divisor(126, -90) == 0


def test_reduction_weighs_three_by_three_into_two_by_two():
    small = np.empty((48, 40), np.uint8)
    flow.reduce_to_333(SMALL, small)
    weights = np.outer((2, 1), (2, 1))
    for row, column in ((0, 0), (7, 6), (47, 39)):
        block = SMALL[row // 2 * 3 : row // 2 * 3 + 3, column // 2 * 3 : column // 2 * 3 + 3].astype(int)
        block = block[:: 1 - 2 * (row % 2), :: 1 - 2 * (column % 2)]
        assert small[row, column] == (block[:2, :2] * weights).sum() * 28 // 256


@pytest.mark.parametrize("lines", [16, 32])
@pytest.mark.parametrize("sign", [-1, 1])
def test_integer_transform_is_the_discrete_fourier_transform(lines, sign):
    rng = np.random.default_rng(lines)
    real = rng.integers(-2000, 2000, (lines, 5)).astype(np.int32)
    imaginary = rng.integers(-2000, 2000, (lines, 5)).astype(np.int32)
    signal = real + 1j * imaginary
    exact = np.fft.fft(signal, axis=0) if sign < 0 else np.fft.ifft(signal, axis=0) * lines
    spectrum.transform_lines(real, imaginary, sign)
    assert np.abs(real + 1j * imaginary - exact).max() < 12


def test_pairs_are_parted_into_the_transform_of_real_numbers_and_put_together_again():
    signal = np.random.default_rng(7).integers(-2000, 2000, (32, 5))
    real, imaginary = signal[0::2].astype(np.int32), signal[1::2].astype(np.int32)
    spectrum.transform_lines(real, imaginary, -1)
    spectrum.separate_real(real, imaginary, -1)
    exact = np.fft.rfft(signal, axis=0)
    assert np.abs(real + 1j * imaginary - exact[:16]).max() < 12
    real[0] = imaginary[0] = 0
    spectrum.separate_real(real, imaginary, 1)
    spectrum.transform_lines(real, imaginary, 1)
    exact[[0, 16]] = 0
    back = 32 * np.fft.irfft(exact, axis=0)
    assert np.abs(real - back[0::2]).max() < 200
    assert np.abs(imaginary - back[1::2]).max() < 200


def test_each_wave_of_a_ridge_is_weighed_by_its_own_strength():
    rng = np.random.default_rng(9)
    real = rng.integers(-60000, 60000, (32, 16)).astype(np.int32)
    imaginary = rng.integers(-60000, 60000, (32, 16)).astype(np.int32)
    across, along = np.abs(real.astype(float)), np.abs(imaginary.astype(float))
    length = np.maximum(np.maximum(across, along), (across + along) / np.sqrt(2))
    waves = np.fft.fftfreq(32, 1 / 32)[:, None] ** 2 + np.arange(16)[None, :] ** 2
    band = (waves > spectrum.LOWEST) & (waves < spectrum.HIGHEST)
    expected = (real + 1j * imaginary) * (1 + length / 4096) / 8 * band
    spectrum.weigh_spectrum(real, imaginary)
    assert np.abs(real + 1j * imaginary - expected).max() < 60
    assert not real[~band].any()


def enhanced_in_floats(image):
    """The same enhancement by NumPy's transform, blocks blended alike."""
    height, width = image.shape
    side, step, half = spectrum.SIDE, spectrum.STEP, spectrum.HALF
    framed = np.zeros((height + 80, width + 80))
    framed[15 : 15 + height, 15 : 15 + width] = 255 - image
    out = np.zeros_like(framed)
    waves = np.fft.fftfreq(side, 1 / side)
    square = waves[:, None] ** 2 + waves[None, :] ** 2
    band = (square > spectrum.LOWEST) & (square < spectrum.HIGHEST) & (np.abs(waves) < half)[None, :]
    roof = np.minimum(np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1)), half) / half
    for top in range(0, height + 15, step):
        for left in range(0, width + 15, step):
            values = np.fft.fft2(framed[top : top + side, left : left + side]) * band
            # the octagon's radius stands for the length
            across, along = np.abs(values.real), np.abs(values.imag)
            length = np.maximum(np.maximum(across, along), (across + along) * 181 / 256)
            block = np.fft.ifft2(values * (1 + length / 4096) / 8).real
            low, spread = block.min(), np.ptp(block)
            if spread < spectrum.SMALLEST_RANGE:
                low, spread = low - (spectrum.SMALLEST_RANGE - spread) / 2, spectrum.SMALLEST_RANGE
            shade = (block - low) / spread * spectrum.LIGHTEST
            out[top : top + side, left : left + side] += shade * np.outer(roof, roof)
    return 255 - out[15 : 15 + height, 15 : 15 + width]


def test_enhancement_agrees_with_floating_point():
    enhanced = np.empty_like(SMALL)
    enhance(SMALL, enhanced)
    apart = np.abs(enhanced - enhanced_in_floats(SMALL))
    assert np.mean(apart) < 2
    assert np.percentile(apart, 99) < 6


def enhance(image, enhanced):
    pairs = np.empty((2, spectrum.HALF, spectrum.SIDE), np.int32)
    waves = np.empty((2, spectrum.SIDE, spectrum.HALF), np.int32)
    spectrum.enhance_ridges(image, enhanced, pairs, waves)


def flow_of(kernel, image, directions):
    signals = np.empty((flow.SIGNALS, flow.signal_length(*image.shape)), np.int32)
    kernel(image, directions, signals, np.empty(directions.shape, np.int64))


def phase_of(kernel, enhanced, normals, phase):
    kernel(enhanced, normals, phase, np.empty((phases.FILTERS, phase.shape[1] + 2 * phases.REACH), np.int32))


def corners_of(kernel, phase, corners, directions):
    kernel(phase, corners, directions, np.empty((3, minutiae.products_length(*phase.shape)), np.int32))


def stages(image):
    """Everything the detector computes between the reduced picture and its minutiae."""
    height, width = image.shape
    cells = (height // 4, width // 4)
    directions = np.empty((*cells, 2), np.int32)
    footprint = np.empty(cells, np.uint8)
    flow_of(flow.ridge_flow, image, directions)
    flow.footprint_of(directions, footprint, np.empty(cells, np.uint8))
    enhanced = np.empty_like(image)
    enhance(image, enhanced)
    flow_of(flow.ridge_flow, enhanced, directions)
    flow.smooth_normals(directions, footprint, np.empty((2, *cells, 2), np.int32))
    phase = np.empty_like(image)
    phase_of(phases.ridge_phase, enhanced, directions, phase)
    return enhanced, directions, footprint, phase


def test_normals_point_across_the_ridges():
    ys, xs = np.mgrid[0:64, 0:80]
    for degrees in (0, 30, 75, 120, 160):
        turn = np.radians(degrees)
        wave = 127 + 100 * np.cos(2 * np.pi * (xs * np.cos(turn) + ys * np.sin(turn)) / 6)
        _, normals, footprint, _ = stages(wave.astype(np.uint8))
        inner = normals[4:-4, 4:-4][footprint[4:-4, 4:-4] > 0]
        angles = np.degrees(np.arctan2(inner[:, 1], inner[:, 0])) - degrees
        apart = np.abs((angles + 90) % 180 - 90)
        assert np.median(apart) < 4


def test_phase_follows_the_wave():
    _, xs = np.mgrid[0:64, 0:80]
    wave = 127 + 100 * np.cos(2 * np.pi * xs / 6.4)
    _, _, footprint, phase = stages(wave.astype(np.uint8))
    assert footprint[4:-4, 4:-4].all()
    rows = phase[16:40, 16:64].astype(float)
    expected = 127 - 127 * np.cos(2 * np.pi * xs[16:40, 16:64] / 6.4)
    assert abs(np.corrcoef(rows.ravel(), expected.ravel())[0, 1]) > 0.97
    assert (phase[-8:] == phases.NO_PHASE).all()


@pytest.mark.parametrize("kernel", ["flow", "footprint", "phase", "corners", "minutiae"])
def test_stages_are_the_same_without_the_compiler(kernel):
    image = np.ascontiguousarray(SMALL[:48, :48])
    enhanced, normals, footprint, phase = stages(image)
    corners = np.empty(image.shape, np.int32)
    directions = np.empty((24, 24, 2), np.int8)
    corners_of(minutiae.wave_corners, phase, corners, directions)
    found = np.zeros((60, 5), np.int64)
    patch = np.empty((minutiae.PATCH + 2, minutiae.PATCH), np.int64)
    count = minutiae.find_minutiae(phase, corners, directions, found, patch)
    if kernel == "flow":
        one, other = np.empty((12, 12, 2), np.int32), np.empty((12, 12, 2), np.int32)
        flow_of(flow.ridge_flow, image, one)
        with np.errstate(over="ignore"):
            flow_of(plain(flow.ridge_flow), image, other)
        assert np.array_equal(one, other)
        assert one.any()
    elif kernel == "footprint":
        again = np.empty_like(footprint)
        fresh = np.empty((12, 12, 2), np.int32)
        flow_of(flow.ridge_flow, image, fresh)
        plain(flow.footprint_of)(fresh, again, np.empty_like(footprint))
        assert np.array_equal(footprint, again)
    elif kernel == "phase":
        again = np.empty_like(phase)
        phase_of(plain(phases.ridge_phase), enhanced, normals, again)
        assert np.array_equal(phase, again)
    elif kernel == "corners":
        again, turned = np.empty_like(corners), np.empty_like(directions)
        corners_of(plain(minutiae.wave_corners), phase, again, turned)
        assert np.array_equal(corners, again)
        assert np.array_equal(directions, turned)
    else:
        again = np.zeros_like(found)
        assert plain(minutiae.find_minutiae)(phase, corners, directions, again, patch) == count
        assert np.array_equal(found, again)


@compiled
def test_noise_alone_has_no_ridges():
    rng = np.random.default_rng(3)
    faint = np.clip(250 + rng.normal(0, 2, (240, 240)), 0, 255).astype(np.uint8)
    assert len(detect(faint)) == 0
    assert len(detect(cv2.GaussianBlur(faint, (0, 0), 3))) == 0
