"""Drawn near-infrared eyes whose pupil, iris and lids are known exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np


@dataclass(frozen=True)
class DrawnEye:
    """Lengths in pixels, levels in grey levels. tilt: how far the pupil's ellipse departs from a circle.

    upper, lower: height of the lids over and under the iris centre, in iris radii; None leaves them open.
    lamps: offsets (x, y) of reflections from the pupil's centre in pupil radii.
    nasal: +1 when the nose lies to the picture's right (the person's right eye), -1 to its left.
    """

    width: int = 640
    height: int = 480
    iris_x: float = 320.0
    iris_y: float = 240.0
    iris_r: float = 115.0
    pupil_dx: float = 3.0
    pupil_dy: float = -2.0
    pupil_r: float = 44.0
    tilt: float = 0.02
    pupil_level: float = 18.0
    iris_level: float = 105.0
    sclera_level: float = 190.0
    skin_level: float = 160.0
    texture: float = 14.0
    limbus: float = 5.0
    upper: float | None = 0.95
    lower: float | None = 1.05
    lashes: int = 26
    lash_length: float = 0.45
    lamps: tuple[tuple[float, float], ...] = ((-0.3, 0.2), (0.25, 0.15))
    lamp_r: float = 5.0
    blur: float = 0.9
    smear: float = 0.0
    noise: float = 2.5
    lens_rim: float = 0.0
    nasal: int = 1
    brow: bool = False
    seed: int = 7

    @property
    def pupil(self) -> tuple[float, float, float]:
        return self.iris_x + self.pupil_dx, self.iris_y + self.pupil_dy, self.pupil_r

    def without_defects(self) -> DrawnEye:
        return replace(self, lashes=0, lamps=(), noise=0.0)


def draw(eye: DrawnEye) -> np.ndarray:
    rng = np.random.default_rng(eye.seed)
    y, x = np.mgrid[0 : eye.height, 0 : eye.width].astype(np.float32)
    u, v = x - eye.iris_x, y - eye.iris_y
    from_iris = np.hypot(u, v)
    px, py, pr = eye.pupil
    turn = np.arctan2(y - py, x - px)
    rim = pr * (1 + eye.tilt * np.cos(2 * (turn - 0.6)) + 0.3 * eye.tilt * np.cos(5 * turn))
    from_pupil = np.hypot(x - px, y - py)
    picture = eye.sclera_level * (1 - 0.12 * (np.abs(u) / (2.5 * eye.iris_r)) ** 2)
    depth = np.clip((from_pupil - rim) / np.maximum(1, eye.iris_r - rim), 0, 1)
    iris = _iris(eye, rng, turn, depth, from_iris)
    picture = _over(picture, iris, _inside(from_iris, eye.iris_r, eye.limbus))
    if eye.lens_rim:
        band = np.exp(-(((from_iris - 1.14 * eye.iris_r) / (0.012 * eye.iris_r + 1)) ** 2))
        picture = picture - eye.lens_rim * band
    picture = _over(picture, eye.pupil_level, _inside(from_pupil, rim, 1.2))
    picture = _lids(eye, rng, picture, u, v)
    for dx, dy in eye.lamps:
        lamp = np.hypot(x - px - dx * pr, y - py - dy * pr)
        picture = _over(picture, 255.0, _inside(lamp, eye.lamp_r, 1.5))
    picture = cv2.GaussianBlur(picture, (0, 0), eye.blur) if eye.blur else picture
    if eye.smear >= 1:
        picture = cv2.blur(picture, (round(eye.smear), 1))
    return np.clip(
        np.round(picture + eye.noise * rng.standard_normal(picture.shape, np.float32)), 0, 255
    ).astype(np.uint8)


def open_share(eye: DrawnEye) -> float:
    """Percent of the iris ring that the lids leave free, in the drawing's own geometry."""
    y, x = np.mgrid[0 : eye.height, 0 : eye.width].astype(np.float64)
    u, v = x - eye.iris_x, y - eye.iris_y
    px, py, pr = eye.pupil
    ring = (np.hypot(u, v) <= eye.iris_r) & (np.hypot(x - px, y - py) > pr)
    free = ring.copy()
    for height, sign in ((eye.upper, -1), (eye.lower, 1)):
        if height is not None:
            free &= sign * (v - _lid_edge(eye, height, sign, u)) < 0
    return 100 * free.sum() / ring.sum()


def _lid_edge(eye: DrawnEye, height: float, sign: int, u: np.ndarray) -> np.ndarray:
    # The inner corner hangs lower than the outer one.
    return sign * eye.iris_r * (height - 0.16 * (u / eye.iris_r) ** 2) + 0.10 * eye.nasal * u


def random_eye(rng: np.random.Generator, **fixed) -> DrawnEye:
    """An eye as a hurried operator would take it: off centre, half lidded, lit by any lamp."""
    iris_r = rng.uniform(75, 145)
    pupil_r = iris_r * rng.uniform(0.22, 0.62)
    iris_level = rng.uniform(55, 150)
    lamps = tuple(tuple(rng.uniform(-1.15, 1.15, 2)) for _ in range(rng.integers(0, 5)))
    eye = DrawnEye(
        iris_x=320 + rng.uniform(-90, 90),
        iris_y=240 + rng.uniform(-50, 50),
        iris_r=iris_r,
        pupil_dx=iris_r * rng.uniform(-0.06, 0.06),
        pupil_dy=iris_r * rng.uniform(-0.06, 0.06),
        pupil_r=pupil_r,
        tilt=rng.uniform(0, 0.04),
        pupil_level=rng.uniform(4, 0.35 * iris_level),
        iris_level=iris_level,
        sclera_level=iris_level + rng.uniform(25, 100),
        skin_level=rng.uniform(90, 220),
        texture=rng.uniform(5, 22),
        limbus=rng.uniform(3, 12),
        upper=rng.uniform(0.55, 1.2),
        lower=rng.uniform(0.8, 1.3),
        lashes=int(rng.integers(0, 45)),
        lash_length=rng.uniform(0.2, 0.7),
        lamps=lamps,
        lamp_r=rng.uniform(2, 9),
        blur=rng.uniform(0.5, 2.5),
        noise=rng.uniform(0.5, 6),
        nasal=int(rng.choice((-1, 1))),
        brow=bool(rng.random() < 0.3),
        seed=int(rng.integers(1 << 30)),
    )
    return replace(eye, **fixed)


def _iris(eye, rng, turn, depth, from_iris):
    """Radial fibres, grain, a brighter collarette and a darker rim. depth: 0 at the pupil, 1 at the limbus."""
    texture = np.zeros_like(turn)
    reach = int(1.1 * eye.iris_r) + 2
    x, y = round(eye.iris_x), round(eye.iris_y)
    here = slice(max(0, y - reach), max(0, y + reach)), slice(max(0, x - reach), max(0, x + reach))
    turn, depth, from_iris = turn[here], depth[here], from_iris[here]
    fibres = np.zeros_like(turn)
    for _ in range(14):
        count, phase = rng.integers(7, 60), rng.uniform(0, 2 * np.pi, 2)
        fibres += rng.normal() * np.cos(count * turn + phase[0] + 2 * np.sin(3 * depth + phase[1]))
    fibres *= eye.texture / 4
    grain = cv2.GaussianBlur(rng.normal(0, 1, turn.shape), (0, 0), 2.2)
    grain *= 0.6 * eye.texture / max(1e-6, grain.std())
    collarette = 0.8 * eye.texture * np.exp(-(((depth - 0.25 - 0.03 * np.cos(9 * turn)) / 0.07) ** 2))
    dark_rim = -1.2 * eye.texture * np.exp(-(((from_iris - 0.95 * eye.iris_r) / (0.05 * eye.iris_r)) ** 2))
    texture[here] = fibres + grain + collarette + dark_rim
    return eye.iris_level + texture


def _lids(eye, rng, picture, u, v):
    grain = cv2.resize(rng.normal(0, 4, (eye.height // 4, eye.width // 4)), picture.shape[::-1])
    skin = eye.skin_level + grain + 8 * np.sin(v / 23) - 0.02 * np.abs(u)
    for height, sign in ((eye.upper, -1), (eye.lower, 1)):
        if height is None:
            continue
        edge = _lid_edge(eye, height, sign, u)
        cover = 1 / (1 + np.exp(-np.clip(sign * (v - edge) / 1.2, -60, 60)))
        picture = _over(picture, skin, cover)
        if sign < 0:
            crease = np.exp(-(((v - edge + 0.25 * eye.iris_r) / 3) ** 2))
            picture = picture - 25 * crease
    picture = _lashes(eye, rng, picture)
    if eye.brow:
        cv2.ellipse(
            picture, (round(eye.iris_x), round(eye.iris_y - 2.0 * eye.iris_r)), (260, 30), 0, 0, 360, 35.0, -1
        )
    return picture


def _lashes(eye, rng, picture):
    if eye.upper is None:
        return picture
    for _ in range(eye.lashes):
        u = rng.uniform(-1.4, 1.4)
        start = np.array([u, -(eye.upper - 0.16 * u * u) + 0.10 * eye.nasal * u])
        swing = 0.5 * u + rng.normal(0, 0.25)
        length = eye.lash_length * rng.uniform(0.5, 1.0)
        t = np.linspace(0, 1, 8)[:, None]
        bend = start + length * t * np.array([swing, 0.9]) - 0.9 * length * t**2 * np.array([0, 1.0])
        path = np.round((bend * eye.iris_r + (eye.iris_x, eye.iris_y)) * 16).astype(np.int32)
        cv2.polylines(picture, [path], False, rng.uniform(15, 55), int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    return picture


def _inside(distance, radius, softness):
    return 1 / (1 + np.exp(np.clip(4 * (distance - radius) / softness, -60, 60)))


def _over(below, above, cover):
    return below * (1 - cover) + above * cover
