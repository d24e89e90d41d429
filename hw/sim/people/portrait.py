"""Paint the head and shoulders of a person who never existed.

A relief of the face is lit by a lamp beside the camera; eyes, brows, lips and hair are painted on
it. Lengths are inter-eye distances from the point between the eyes, x rightwards, y downwards;
proportions are adult means (Farkas: Anthropometry of the Head and Face, 1994): an eye is 0.48 wide,
the chin lies 1.85 below the eyes, the face is 2.2 wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.sim.people.looks import Hair, Looks
from hw.sim.people.noise import Field, blur, fractal_noise, smooth_noise, smoothstep, to_pixels

WIDTH = 940
HEIGHT = 720
_UNIT_PX = 144.0
"""Inter-eye distance; ISO/IEC 39794-5 asks for 90 pixels at least. A 480x640 portrait then fits the head."""

_EYES_Y_PX = 340.0
_CHIN = 1.85


@dataclass(slots=True)
class _Painting:
    """rgb (h, w, 3) 0..1 and cover (h, w) 0..1, painted over in place."""

    x: Field
    y: Field
    rgb: Field
    cover: Field

    def over(self, mask: Field, colour: ArrayLike, *, widen: bool = False) -> None:
        """Lay a colour (one, or one per pixel) over the picture where `mask` is 1.

        Only a layer that may `widen` the figure reaches beyond what is already there (Porter, Duff:
        SIGGRAPH 1984, over and atop).
        """
        share = mask
        if widen:
            total = mask + self.cover * (1 - mask)
            share = np.asarray(mask / np.maximum(total, np.float32(1e-4)), np.float32)
            self.cover = np.asarray(total, np.float32)
        self.rgb += share[:, :, None] * (np.asarray(colour, np.float32) - self.rgb)

    def shade(self, amount: Field) -> None:
        self.rgb *= (1 - amount)[:, :, None]


def paint(rng: np.random.Generator, looks: Looks) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Face RGB (720, 940, 3) looking straight ahead, mouth closed, and its matte (720, 940)."""
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = (xx - (WIDTH - 1) / 2) / np.float32(_UNIT_PX), (yy - np.float32(_EYES_Y_PX)) / np.float32(_UNIT_PX)
    canvas = _Painting(x, y, np.zeros((HEIGHT, WIDTH, 3), np.float32), np.zeros((HEIGHT, WIDTH), np.float32))
    if looks.hair is Hair.LONG:
        _long_hair_behind(canvas, rng, looks)
    _neck(canvas, looks)
    _clothes(canvas, rng, looks)
    if looks.hair is Hair.HIJAB:
        _scarf_lining(canvas, looks)
    else:
        _ears(canvas, looks)
    _head(canvas, rng, looks)
    _brows(canvas, rng, looks)
    for side in (-1.0, 1.0):
        _eye(canvas, side, looks)
    _nose_and_mouth(canvas, looks)
    if looks.age > 45:
        _wrinkles(canvas, looks)
    if looks.glasses:
        _glasses(canvas)
    if looks.hair is Hair.HIJAB:
        _hijab(canvas, rng, looks)
    else:
        _hair(canvas, rng, looks)
    solid = blur(canvas.cover, 0.7)
    rgb = blur(canvas.rgb * canvas.cover[:, :, None], 0.7) / np.maximum(solid, np.float32(1e-3))[:, :, None]
    return to_pixels(255 * rgb), to_pixels(255 * solid)


def _soft(distance: Field, edge: float = 0.012) -> Field:
    """Coverage from a signed distance, inside positive."""
    return smoothstep(-edge, edge, distance)


def _bump(canvas: _Painting, x: float, y: float, wide: float, tall: float) -> Field:
    return np.asarray(np.exp(-0.5 * (((canvas.x - x) / wide) ** 2 + ((canvas.y - y) / tall) ** 2)), np.float32)


def _half_width(y: Field, jaw: float) -> Field:
    """Half the width of the head at each height, crown to chin."""
    at = np.array([-1.78, -1.7, -1.5, -1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.15, 1.45, 1.65, 1.78, 1.85])
    half = np.array([0.0, 0.38, 0.72, 0.96, 1.1, 1.15, 1.14, 1.1, 1.01, 0.87, 0.69, 0.50, 0.31, 0.0])
    low = np.where(at > 0.4, 1 + (jaw - 1) * (at - 0.4), 1.0)
    fine = np.linspace(at[0], at[-1], 400)
    smooth = np.convolve(np.pad(np.interp(fine, at, half * low), 12, mode="edge"), np.hanning(25) / 12, "valid")
    return np.asarray(np.interp(y, fine, smooth, left=0, right=0), np.float32)


def _relief(canvas: _Painting, looks: Looks, half: Field) -> Field:
    """Height of the face toward the camera."""
    bump = _bump
    inside = np.sqrt(np.clip(1 - (canvas.x / np.maximum(half, 1e-3)) ** 2, 0, 1))
    z = 0.95 * half**0.5 * inside
    z += 0.05 * bump(canvas, 0, -0.36, 0.75, 0.14)
    z += 0.20 * bump(canvas, 0, 0.50, 0.145 * looks.nose, 0.28) + 0.17 * bump(
        canvas, 0, 0.66, 0.17 * looks.nose, 0.12
    )
    for side in (-1.0, 1.0):
        z -= 0.12 * bump(canvas, side * 0.5, 0.02, 0.26, 0.18)
        z += 0.05 * bump(canvas, side * 0.5, 0.03, 0.16, 0.09)
        z += 0.08 * bump(canvas, side * 0.22 * looks.nose, 0.71, 0.095, 0.08)
        z += 0.07 * bump(canvas, side * 0.68, 0.52, 0.30, 0.24)
        z -= 0.035 * bump(canvas, side * 0.46, 1.0, 0.09, 0.22)
    z -= 0.02 * bump(canvas, 0, 0.93, 0.05, 0.08)
    z += 0.06 * bump(canvas, 0, 1.08, 0.30, 0.08) + 0.06 * bump(canvas, 0, 1.22, 0.26, 0.07)
    z -= 0.05 * bump(canvas, 0, 1.38, 0.30, 0.07)
    z += 0.09 * bump(canvas, 0, 1.62, 0.26, 0.17)
    return np.asarray(z, np.float32)


def _head(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    half = _half_width(canvas.y, looks.jaw)
    mask = _soft(half - np.abs(canvas.x) - 0.05 * (half == 0), 0.018)
    z = blur(_relief(canvas, looks, half), 2.0)
    slope_y, slope_x = np.gradient(z * np.float32(_UNIT_PX))
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    key = np.clip((0.22 * slope_x + 0.34 * slope_y + 0.92) / length, 0, 1)
    fill = np.clip((-0.35 * slope_x - 0.1 * slope_y + 0.9) / length, 0, 1)
    hollow = np.clip(blur(z, 14) - z, -0.06, 0.09)
    light = 0.34 + 0.52 * key + 0.26 * fill - 2.2 * hollow
    shine = 0.10 * np.clip(key, 0, 1) ** 26
    skin = _complexion(canvas, rng, looks)
    canvas.over(mask, np.clip(skin * light[:, :, None] + shine[:, :, None], 0, 1), widen=True)


def _complexion(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> Field:
    shape = canvas.x.shape
    red = 0.5 * (_bump(canvas, -0.62, 0.6, 0.28, 0.24) + _bump(canvas, 0.62, 0.6, 0.28, 0.24))
    red += 0.5 * _bump(canvas, 0, 0.66, 0.16, 0.12)
    mottle = 0.012 * fractal_noise(rng, shape, scale_px=24, octaves=4) + 0.008 * smooth_noise(
        rng, shape, scale_px=2
    )
    skin = np.asarray(looks.skin, np.float32) * (1 + mottle[:, :, None])
    skin = skin * (1 - red[:, :, None] * np.array([0.0, 0.07, 0.06], np.float32))
    if looks.moustache:
        stubble = _bump(canvas, 0, 0.93, 0.34, 0.07) + 0.5 * _bump(canvas, 0, 1.6, 0.3, 0.16)
        hairs = np.clip(0.75 + 0.35 * smooth_noise(rng, shape, scale_px=2.2), 0, 1)
        skin = skin * (1 - 0.75 * np.clip(stubble * hairs, 0, 1))[:, :, None]
    return np.asarray(skin, np.float32)


def _brows(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    hairs = np.clip(0.85 + 0.2 * smooth_noise(rng, canvas.x.shape, scale_px=2), 0, 1)
    for side in (-1.0, 1.0):
        along = (side * canvas.x - 0.16) / 0.66
        arch = -0.31 - 0.11 * np.sin(np.pi * np.clip(along, 0, 1) ** 1.2) + 0.05 * np.clip(along, 0, 1) ** 3
        thick = 0.055 * looks.brow * np.clip(np.minimum(along * 5 + 0.55, (1 - along) * 1.6 + 0.15), 0, 1)
        inside = smoothstep(-0.02, 0.03, along) * smoothstep(1.02, 0.9, along)
        mask = smoothstep(0.03, -0.03, np.abs(canvas.y - arch) - thick) * inside * hairs
        canvas.over(np.asarray(0.88 * mask, np.float32), looks.hair_colour)


def _eye(canvas: _Painting, side: float, looks: Looks) -> None:
    u = (side * canvas.x - 0.5) / 0.25
    y = canvas.y + 0.012 * u
    dome = np.clip(1 - u**2, 0, 1)
    top, bottom = -0.62 * looks.eye_opening * dome**0.75, 0.42 * looks.eye_opening * dome**0.9
    open_ = np.asarray(np.minimum(y - top, bottom - y), np.float32)
    mask = _soft(open_, 0.008) * smoothstep(1.02, 0.98, np.abs(u))
    corner = 0.80 - 0.16 * np.abs(u) ** 2
    canvas.over(mask, corner[:, :, None] * np.array([1.0, 0.965, 0.94], np.float32))
    distance: Field = np.asarray(np.hypot(canvas.x - side * 0.5, canvas.y + 0.012), np.float32)
    iris = mask * _soft(0.098 - distance, 0.010)
    canvas.over(iris, np.array([0.21, 0.12, 0.07], np.float32) * (0.75 + 2.0 * distance[:, :, None]))
    canvas.over(mask * _soft(0.042 - distance, 0.008), (0.02, 0.015, 0.015))
    glint: Field = np.asarray(np.hypot(canvas.x - side * 0.5 + 0.03, canvas.y + 0.042), np.float32)
    canvas.over(mask * _soft(0.019 - glint, 0.008), (0.97, 0.97, 0.97))
    canvas.shade(np.asarray(0.45 * mask * np.exp(-np.maximum(y - top, 0) / 0.02), np.float32))
    span = smoothstep(1.12, 0.98, np.abs(u))
    lashes = np.exp(-0.5 * ((y - top + 0.008) / 0.014) ** 2) * span
    canvas.over(np.asarray(0.85 * lashes, np.float32), (0.07, 0.05, 0.045))
    crease = np.exp(-0.5 * ((y - top + 0.075) / 0.013) ** 2) * smoothstep(1.25, 0.7, np.abs(u))
    lower = np.exp(-0.5 * ((y - bottom - 0.006) / 0.010) ** 2) * span
    bag = np.exp(-0.5 * ((y - bottom - 0.11) / 0.03) ** 2) * smoothstep(1.2, 0.5, np.abs(u))
    canvas.shade(np.asarray(0.34 * crease + 0.30 * lower + (0.05 + 0.002 * looks.age) * bag, np.float32))


def _nose_and_mouth(canvas: _Painting, looks: Looks) -> None:
    for side in (-1.0, 1.0):
        x, y = side * 0.125 * looks.nose, 0.775
        tilt = (canvas.y - y) - 0.25 * side * (canvas.x - x)
        hole = np.exp(-0.5 * (((canvas.x - x) / 0.05) ** 2 + (tilt / 0.021) ** 2) ** 1.5)
        canvas.over(np.asarray(0.8 * hole, np.float32), np.asarray(looks.skin) * 0.22)
        wing = np.exp(
            -0.5 * ((np.hypot((canvas.x - side * 0.2 * looks.nose), canvas.y - 0.70) - 0.105) / 0.016) ** 2
        )
        canvas.shade(np.asarray(0.22 * wing * smoothstep(0.19, 0.27, side * canvas.x / looks.nose), np.float32))
    canvas.shade(0.16 * _bump(canvas, 0, 0.825, 0.2, 0.03))

    u = canvas.x / (0.40 * looks.mouth)
    line = 1.14 - 0.022 * u**2 + 0.007 * np.cos(2 * np.pi * np.clip(u, -1, 1))
    dome = np.clip(1 - u**2, 0, 1)
    bow = 0.095 * dome**1.1 - 0.020 * np.exp(-0.5 * (u / 0.14) ** 2)
    upper = np.asarray(np.minimum(canvas.y - (line - bow), line - canvas.y), np.float32)
    lower = np.asarray(np.minimum(canvas.y - line, line + 0.115 * dome**0.65 - canvas.y), np.float32)
    lips = np.asarray(looks.lips, np.float32)
    full = 0.85 + 0.35 * np.clip((canvas.y - 1.16) / 0.08, 0, 1) * (canvas.y < 1.225)
    within = smoothstep(1.0, 0.94, np.abs(u))
    canvas.over(0.75 * within * _soft(upper, 0.022), lips * 0.84)
    canvas.over(0.7 * within * _soft(lower, 0.026), lips * full[:, :, None])
    seam = np.exp(-0.5 * ((canvas.y - line) / 0.011) ** 2) * smoothstep(1.06, 0.92, np.abs(u))
    canvas.over(np.asarray(0.85 * seam, np.float32), lips * 0.25)
    corners = sum(_bump(canvas, side * 0.41 * looks.mouth, 1.14, 0.035, 0.03) for side in (-1.0, 1.0))
    canvas.shade(np.asarray(0.3 * corners + 0.14 * _bump(canvas, 0, 1.29, 0.2, 0.03), np.float32))


def _wrinkles(canvas: _Painting, looks: Looks) -> None:
    depth = min(0.22, 0.006 * (looks.age - 42))
    folds = np.zeros(canvas.x.shape, np.float32)
    for side in (-1.0, 1.0):
        path = side * (0.28 + 0.22 * np.clip((canvas.y - 0.68) / 0.5, 0, 1))
        fold = np.exp(-0.5 * ((canvas.x - path) / 0.016) ** 2)
        folds += fold * smoothstep(0.66, 0.76, canvas.y) * smoothstep(1.22, 1.02, canvas.y)
        for tilt in (-0.06, 0.0, 0.06):
            foot = np.exp(-0.5 * ((canvas.y - tilt * (1 + 4 * (side * canvas.x - 0.78)) - 0.01) / 0.008) ** 2)
            folds += (
                0.7 * foot * smoothstep(0.76, 0.82, side * canvas.x) * smoothstep(1.0, 0.9, side * canvas.x)
            )
    for level in (-0.62, -0.76, -0.90):
        line = np.exp(-0.5 * ((canvas.y - level - 0.04 * canvas.x**2) / 0.009) ** 2)
        folds += 0.7 * line * smoothstep(0.66, 0.4, np.abs(canvas.x))
    canvas.shade(np.asarray(np.clip(1.6 * depth * folds, 0, 0.5), np.float32))


def _neck(canvas: _Painting, looks: Looks) -> None:
    half = (
        0.74
        + 0.10 * np.clip((canvas.y - 1.3) / 1.2, 0, 1) ** 2
        + 0.5 * np.clip((canvas.y - 2.3) / 0.9, 0, 1) ** 2
    )
    mask = _soft(np.asarray(np.minimum(half - np.abs(canvas.x), canvas.y - 0.8), np.float32), 0.02)
    round_ = np.sqrt(np.clip(1 - (canvas.x / half) ** 2, 0, 1))
    under_chin = np.exp(-np.maximum(canvas.y - 1.25 - 0.45 * (1 - canvas.x**2), 0) / 0.42)
    light = (0.50 + 0.46 * round_) * (1 - 0.5 * under_chin)
    canvas.over(mask, np.asarray(looks.skin, np.float32) * light[:, :, None], widen=True)


def _clothes(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    """A shirt with a collar open at the throat."""
    top = (
        2.22
        + 0.55 * np.clip((np.abs(canvas.x) - 0.8) / 2.0, 0, 1.4) ** 1.2
        + 0.9 * np.clip(np.abs(canvas.x) - 2.2, 0, 2) ** 2
    )
    top = top - 0.28 * smoothstep(1.05, 0.78, np.abs(canvas.x))
    throat = 2.9 - 1.25 * np.abs(canvas.x)
    body = np.asarray(
        np.minimum(canvas.y - top, canvas.y - np.where(np.abs(canvas.x) < 0.8, throat, 0)), np.float32
    )
    folds = fractal_noise(rng, canvas.x.shape, scale_px=90, octaves=2)
    light = 0.80 + 0.045 * folds - 0.16 * np.clip(np.abs(canvas.x) / 3.0, 0, 1) ** 2
    weave = 1 + 0.015 * smooth_noise(rng, canvas.x.shape, scale_px=2)
    colour = np.asarray(looks.cloth, np.float32) * (light * weave)[:, :, None]
    canvas.over(_soft(body, 0.015), np.clip(colour, 0, 1), widen=True)
    edge = np.exp(-0.5 * ((canvas.y - throat - 0.20) / 0.014) ** 2) * (np.abs(canvas.x) < 0.9) * (body > 0)
    canvas.shade(np.asarray(0.35 * edge, np.float32))


def _ears(canvas: _Painting, looks: Looks) -> None:
    for side in (-1.0, 1.0):
        u, v = (canvas.x - side * 1.17) / 0.16, (canvas.y - 0.22) / 0.36
        distance = np.asarray(1 - np.hypot(u - 0.25 * side * -v, v), np.float32)
        inner = np.exp(-0.5 * ((distance - 0.35) / 0.12) ** 2)
        light = 0.82 - 0.22 * inner
        canvas.over(_soft(distance, 0.06), np.asarray(looks.skin, np.float32) * light[:, :, None], widen=True)


def _strands(canvas: _Painting, rng: np.random.Generator, looks: Looks, across: Field) -> Field:
    """Hair colour with strands that run along lines of equal `across`."""
    grid = rng.standard_normal(512).astype(np.float32)
    at = np.asarray(across * 60, np.float32)
    fine = np.interp(at.ravel() % 511, np.arange(512), grid).reshape(at.shape)
    gloss = 0.10 * np.exp(-0.5 * ((canvas.y + 1.35 + 0.2 * canvas.x**2) / 0.14) ** 2)
    tone = 1 + 0.28 * fine + 0.12 * smooth_noise(rng, at.shape, scale_px=30)
    colour = np.asarray(looks.hair_colour, np.float32) * tone[:, :, None] + gloss[:, :, None]
    return np.asarray(np.clip(colour, 0, 1), np.float32)


def _hair(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    """From the crown down to the hairline and the temples."""
    outer = np.hypot(canvas.x / 1.26, (canvas.y + 0.55) / 1.45)
    ragged = 0.010 * smooth_noise(rng, canvas.x.shape, scale_px=3)
    temple: Field = np.clip(np.abs(canvas.x) - 0.62, 0, 1)
    hairline = -1.14 + 0.05 * np.cos(3.4 * canvas.x) + 0.5 * temple + 26 * temple**3
    sides = 0.15 if looks.hair is Hair.SHORT else 1.6
    hairline = np.minimum(hairline, sides)
    inside = np.minimum(1 - outer + ragged, (hairline - canvas.y) * 1.0 + 1.5 * ragged)
    across = np.arctan2(canvas.x, np.asarray(canvas.y + 2.6, np.float32)) * 2 + 0.15 * canvas.y
    shaded = _strands(canvas, rng, looks, np.asarray(across, np.float32))
    shadow = smoothstep(0.10, 0.0, canvas.y - hairline) * smoothstep(-0.02, 0.02, canvas.y - hairline)
    canvas.shade(np.asarray(0.3 * shadow * (outer < 1), np.float32))
    canvas.over(_soft(np.asarray(inside, np.float32), 0.05), shaded, widen=True)


def _long_hair_behind(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    half = 1.16 + 0.17 * smoothstep(-0.7, 0.5, canvas.y) - 0.1 * np.clip(canvas.y - 1.0, 0, 3)
    body = np.minimum(
        half - np.abs(canvas.x) + 0.03 * smooth_noise(rng, canvas.x.shape, scale_px=40), canvas.y + 0.6
    )
    body = np.minimum(body, 2.55 - canvas.y)
    shaded = _strands(canvas, rng, looks, np.asarray(canvas.x * 1.2, np.float32)) * np.float32(0.75)
    canvas.over(_soft(np.asarray(body, np.float32), 0.03), shaded, widen=True)


def _scarf_lining(canvas: _Painting, looks: Looks) -> None:
    inside = 1.04 - np.hypot(canvas.x / 1.16, (canvas.y - 0.36) / 1.56)
    canvas.over(_soft(np.asarray(inside, np.float32)), np.asarray(looks.scarf) * 0.4, widen=True)


def _hijab(canvas: _Painting, rng: np.random.Generator, looks: Looks) -> None:
    """A scarf: a close oval around the face, full over the head, falling over the shoulders."""
    head = np.hypot(canvas.x / 1.42, (canvas.y + 0.30) / 1.72)
    fall = 1.36 + 0.85 * smoothstep(1.2, 2.9, canvas.y) + 0.03 * np.sin(5 * canvas.y)
    drape = np.minimum(np.minimum(fall - np.abs(canvas.x), canvas.y + 0.3), 4.0 - canvas.y)
    outline = np.maximum(1 - head, drape)
    opening = np.hypot(canvas.x / (1.05 - 0.07 * np.clip(canvas.y, 0, 2)), (canvas.y - 0.36) / 1.47)
    inside = np.minimum(outline, (opening - 1) * 1.1)
    waves = np.sin(
        9 * np.hypot(canvas.x, 0.7 * (canvas.y - 0.9)) + 1.2 * smooth_noise(rng, canvas.x.shape, scale_px=120)
    )
    below = smoothstep(1.5, 2.2, canvas.y)
    light = 0.80 + (0.02 + 0.05 * below) * waves - 0.30 * np.clip(np.abs(canvas.x) / 1.7, 0, 1) ** 3
    light = (
        light
        - 0.18 * np.exp(-np.abs(opening - 1.02) / 0.03)
        + 0.02 * fractal_noise(rng, head.shape, scale_px=60, octaves=3)
    )
    colour = np.clip(np.asarray(looks.scarf, np.float32) * light[:, :, None], 0, 1)
    near = np.exp(-np.maximum(1 - opening, 0) / 0.035)
    canvas.shade(np.asarray(0.35 * near * (opening < 1), np.float32))
    canvas.over(_soft(np.asarray(inside, np.float32), 0.015), colour, widen=True)


def _glasses(canvas: _Painting) -> None:
    for side in (-1.0, 1.0):
        u, v = (canvas.x - side * 0.52) / 0.40, (canvas.y - 0.06) / 0.28
        rim = np.abs((np.abs(u) ** 3 + np.abs(v) ** 3) ** (1 / 3) - 1) * 0.3
        canvas.over(0.9 * _soft(np.asarray(0.014 - rim, np.float32), 0.008), (0.08, 0.07, 0.07))
        arm = np.minimum(0.018 - np.abs(canvas.y + 0.02), side * canvas.x - 0.92)
        canvas.over(
            0.9 * _soft(np.asarray(np.minimum(arm, 1.16 - side * canvas.x), np.float32), 0.008),
            (0.08, 0.07, 0.07),
        )
    bridge = np.minimum(0.016 - np.abs(canvas.y - 0.02 + 0.06 * np.cos(8 * canvas.x)), 0.13 - np.abs(canvas.x))
    canvas.over(0.9 * _soft(np.asarray(bridge, np.float32), 0.008), (0.08, 0.07, 0.07))
