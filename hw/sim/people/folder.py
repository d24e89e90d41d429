"""People from folders of pictures: one folder per person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Eye, Finger, PenPoint
from hw.sim.people.impression import Touch
from hw.sim.people.noise import to_pixels
from hw.sim.people.pen import fit_to_pad, write
from hw.sim.people.person import SLAP_FINGERS, Picture, SimPerson
from hw.sim.people.trace import strokes_of

ENDINGS = (".png", ".bmp", ".pgm", ".jpg", ".jpeg", ".jp2", ".tif", ".tiff")
SLAP_NAMES = {
    CaptureSet.RIGHT_SLAP: "right_four",
    CaptureSet.LEFT_SLAP: "left_four",
    CaptureSet.THUMBS: "thumbs",
}
IRIS_WIDTH = 640
IRIS_HEIGHT = 480

ALLOWED = f"""\
A person's folder holds, each as one of {" ".join(ENDINGS)}:
  face                                    colour; with an alpha channel the background is replaced
  right_thumb right_index ... left_little  the ten fingers, grey, 500 ppi, dark ridges on white
    or right_four left_four thumbs        the three slaps instead, fingers apart, fingertips up
  right_iris left_iris                    grey
  signature                               dark ink on a light or transparent ground
  exception_photo                         optional; with it, fingers, eyes or the signature may be missing"""


class PersonFolderError(ValueError):
    """A folder that does not make a person; the message names the file and what is allowed."""


def load_people(folder: Path) -> tuple[SimPerson, ...]:
    """Every person in `folder`, one sub-folder each, by name.

    Raises PersonFolderError, naming the file that is missing or unreadable and what may be there.
    """
    if not folder.is_dir():
        raise PersonFolderError(f"{folder}: no such folder; give one that holds one folder per person")
    homes = sorted(home for home in folder.iterdir() if home.is_dir() and not home.name.startswith("."))
    if not homes:
        raise PersonFolderError(f"{folder}: no person in it; give one sub-folder per person.\n{ALLOWED}")
    return tuple(load_person(home) for home in homes)


def load_person(folder: Path) -> SimPerson:
    """The person in one folder. Raises PersonFolderError."""
    face, matte = _face(folder)
    exception_photo = _find(folder, "exception_photo")
    excepted = exception_photo is not None
    slaps, fingers = _hands(folder, excepted=excepted)
    irises = {}
    for eye in Eye:
        path = _expect(folder, f"{eye.name.lower()}_iris", excepted=excepted)
        if path is not None:
            irises[eye] = fit_iris(_read_grey(path))
    return SimPerson(
        name=folder.name,
        face=face,
        face_matte=matte,
        exception_photo=None if exception_photo is None else _rgb(_read(exception_photo)),
        fingers=fingers,
        slaps=slaps,
        touch=Touch(texture=0.0),
        irises=irises,
        signature=_signature(folder, excepted=excepted),
    )


def fit_iris(picture: Picture) -> Picture:
    """An eye at 480x640: scaled down if it is larger, its aspect kept, never enlarged (that would only
    blur it); the rest fades from its border into the border's own tone."""
    scale = min(1.0, IRIS_WIDTH / picture.shape[1], IRIS_HEIGHT / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    eye = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    top, left = (IRIS_HEIGHT - size[1]) // 2, (IRIS_WIDTH - size[0]) // 2
    sides = (top, IRIS_HEIGHT - size[1] - top, left, IRIS_WIDTH - size[0] - left)
    tone = int(np.median(np.concatenate([eye[0], eye[-1], eye[:, 0], eye[:, -1]])))
    carried = cv2.copyMakeBorder(eye, *sides, cv2.BORDER_REPLICATE).astype(np.float32)
    inside = cv2.copyMakeBorder(np.full_like(eye, 255), *sides, cv2.BORDER_CONSTANT, value=0)
    away = cv2.distanceTransform(255 - inside, cv2.DIST_L2, 5)[:, :, None]
    soft = cv2.GaussianBlur(carried, (0, 0), 9.0)[:, :, None]
    fade = np.minimum(away / 60, 1)
    blurred = np.minimum(away / 12, 1)
    mixed = (1 - fade) * ((1 - blurred) * carried[:, :, None] + blurred * soft) + fade * tone
    return to_pixels(mixed[:, :, 0])


def split_slap(slap: Picture, capture_set: CaptureSet) -> dict[Finger, Picture]:
    """Cut a slap into its fingers. Raises ValueError when they are not all there and apart."""
    ink = (np.asarray(cv2.GaussianBlur(slap, (0, 0), 6.0)) < 215).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    boxes = [tuple(int(v) for v in row) for row in stats[1:] if row[cv2.CC_STAT_AREA] > 15_000]
    expected = SLAP_FINGERS[capture_set]
    if len(boxes) != len(expected):
        raise ValueError(f"{len(boxes)} separate fingers found, {len(expected)} wanted")
    cut = {}
    for finger, (x, y, width, height, _) in zip(expected, sorted(boxes), strict=True):
        # A longer area below the tip is the next phalanx, which no single print shows.
        cut[finger] = slap[y : y + min(height, 520), x : x + width]
    return cut


def _hands(folder: Path, *, excepted: bool) -> tuple[dict[CaptureSet, Picture], dict[Finger, Picture]]:
    paths = {capture_set: _find(folder, name) for capture_set, name in SLAP_NAMES.items()}
    slaps: dict[CaptureSet, Picture] = {}
    fingers: dict[Finger, Picture] = {}
    if not any(paths.values()):
        for finger in Finger:
            path = _expect(folder, finger.name.lower(), excepted=excepted)
            if path is not None:
                fingers[finger] = _read_grey(path)
        return slaps, fingers
    for capture_set, name in SLAP_NAMES.items():
        path = _expect(folder, name, excepted=False)
        if path is None:
            continue
        slaps[capture_set] = _read_grey(path)
        try:
            fingers |= split_slap(slaps[capture_set], capture_set)
        except ValueError as reason:
            raise PersonFolderError(f"{path}: {reason}.\n{ALLOWED}") from reason
    return slaps, fingers


def _face(folder: Path) -> tuple[Picture, Picture | None]:
    path = _expect(folder, "face", excepted=False)
    picture = _read(path) if path is not None else np.zeros((1, 1, 3), np.uint8)
    matte = picture[:, :, 3].copy() if picture.ndim == 3 and picture.shape[2] == 4 else None
    return _rgb(picture), matte


def _signature(folder: Path, *, excepted: bool) -> tuple[PenPoint, ...]:
    path = _expect(folder, "signature", excepted=excepted)
    if path is None:
        return ()
    picture = _read(path)
    strokes = strokes_of(picture if picture.ndim == 2 or picture.shape[2] == 4 else _rgb(picture))
    if not strokes:
        raise PersonFolderError(f"{path}: no ink found.\n{ALLOWED}")
    return write(fit_to_pad(strokes))


def _find(folder: Path, name: str) -> Path | None:
    return next((path for ending in ENDINGS if (path := folder / (name + ending)).is_file()), None)


def _expect(folder: Path, name: str, *, excepted: bool) -> Path | None:
    path = _find(folder, name)
    if path is None and not excepted:
        raise PersonFolderError(f"{folder / name}.png is missing.\n{ALLOWED}")
    return path


def _read(path: Path) -> NDArray[np.uint8]:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if picture is None or picture.dtype != np.uint8:
        raise PersonFolderError(f"{path} cannot be read as an 8-bit picture.\n{ALLOWED}")
    return np.asarray(picture, np.uint8)


def _read_grey(path: Path) -> Picture:
    picture = _read(path)
    return (
        picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(_rgb(picture), cv2.COLOR_RGB2GRAY), np.uint8)
    )


def _rgb(picture: Picture) -> Picture:
    codes = {2: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}
    channels = 2 if picture.ndim == 2 else picture.shape[2]
    return np.asarray(cv2.cvtColor(picture, codes[channels]), np.uint8)
