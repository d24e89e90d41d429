"""Reads a network in dlib's own file format: its layers with their numbers, in the order they run.

The format nests as the C++ types do, each layer around the one before it: first come all version numbers,
from the last layer in; then the input layer; then each layer's own data, from the first layer out. A version
of 1 stands for a tag or a shortcut's start, which have no data. Facts from dlib's serialize.h,
float_details.h, dnn/core.h, dnn/layers.h and cuda/tensor.h (Boost Software Licence).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

_NO_TENSOR = np.zeros(0, np.float32)
_TAG, _LAYER, _FIRST_LAYER = 1, 2, 3
"""Version numbers of the parts of a network, as dlib 19.2 and later write them."""


class DlibFormatError(ValueError):
    """The bytes are not a network of the kinds of layers known here."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """kind: dlib's name without its version. numbers: as stored, in order. tensor: all its parameters.

    con: filters, rows, columns, stride down, stride right, padding down, padding right; the parameters
    (filters, channels, rows, columns) end to end, then one bias a filter. affine: scales, then shifts.
    max_pool, avg_pool: as con, without filters. fc: outputs, inputs; the tensor is (inputs, outputs).
    input: mean red, green, blue, height, width.
    """

    kind: str
    numbers: tuple[float, ...] = ()
    tensor: NDArray[np.float32] = field(default_factory=lambda: _NO_TENSOR)


def read_layers(data: bytes) -> tuple[Layer, ...]:
    """The input layer and all others of a network under a metric loss. Raises DlibFormatError."""
    stream = _Stream(data)
    stream.expect_integer(1, "version of the loss")
    stream.expect_text("loss_metric_2")
    stream.number(), stream.number()  # margin and distance of the training
    layers = 0
    while (version := stream.integer()) != _FIRST_LAYER:
        if version not in (_TAG, _LAYER):
            raise DlibFormatError(f"part of version {version} before byte {stream.at}")
        layers += version == _LAYER
    read = [_input(stream), _layer(stream, first=True)]
    read += [_layer(stream, first=False) for _ in range(layers)]
    if stream.at != len(data):
        raise DlibFormatError(f"{len(data) - stream.at} bytes after the last layer")
    return tuple(read)


class _Stream:
    """at: the next byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) != count:
            raise DlibFormatError(f"the file ends at byte {len(self._data)}, within a value")
        self.at += count
        return taken

    def integer(self) -> int:
        """A control byte, sign and count, then that many bytes, the lowest first."""
        control = self._take(1)[0]
        count = control & 0x0F
        if control & 0x70 or not 1 <= count <= 8:
            raise DlibFormatError(f"byte {self.at - 1} does not begin an integer")
        value = int.from_bytes(self._take(count), "little")
        return -value if control & 0x80 else value

    def number(self) -> float:
        """A mantissa and a power of two. The codes for infinity and not-a-number do not occur in weights."""
        mantissa, exponent = self.integer(), self.integer()
        return float(np.ldexp(float(mantissa), exponent))

    def text(self) -> str:
        return self._take(self.integer()).decode("ascii", errors="replace")

    def flag(self) -> bool:
        return self._take(1) == b"1"

    def shape(self) -> tuple[int, int, int, int]:
        a, b, c, d = (self.integer() for _ in range(4))
        return a, b, c, d

    def tensor(self) -> NDArray[np.float32]:
        """Flat; little-endian IEEE 754 floats after version and shape."""
        self.expect_integer(2, "version of a tensor")
        return np.frombuffer(self._take(4 * prod(self.shape())), "<f4")

    def views(self) -> None:
        """The shapes of the two parts of a tensor, which its layer implies."""
        for _ in range(2):
            self.expect_integer(1, "version of a tensor's view")
            self.shape()

    def expect_integer(self, expected: int, what: str) -> None:
        found = self.integer()
        if found != expected:
            raise DlibFormatError(f"{what} is {found}, not {expected}, before byte {self.at}")

    def expect_text(self, expected: str) -> None:
        found = self.text()
        if found != expected:
            raise DlibFormatError(f"{found!r} stands for {expected!r} before byte {self.at}")


def _input(stream: _Stream) -> Layer:
    stream.expect_text("input_rgb_image_sized")
    means = tuple(stream.number() for _ in range(3))
    return Layer("input", (*means, stream.integer(), stream.integer()))


def _layer(stream: _Stream, *, first: bool) -> Layer:
    name = stream.text()
    if name not in _READERS:
        raise DlibFormatError(f"{name!r} before byte {stream.at} is no layer known here")
    layer = _READERS[name](stream)
    for _ in range(3):  # set up; gradient stale; output kept
        stream.flag()
    for _ in range(3):  # what is left of the training: gradients and the last output
        stream.tensor()
    if first:
        stream.integer()  # how many pictures one sample makes
    return layer


def _con(stream: _Stream) -> Layer:
    tensor = stream.tensor()
    numbers = tuple(stream.integer() for _ in range(7))
    stream.views()
    _learning_rates(stream)
    return Layer("con", numbers, tensor)


def _affine(stream: _Stream) -> Layer:
    tensor = stream.tensor()
    stream.views()
    stream.integer()  # by channel or by pixel: after a convolution, by channel
    return Layer("affine", (), tensor)


def _fc(stream: _Stream) -> Layer:
    outputs, inputs = stream.integer(), stream.integer()
    tensor = stream.tensor()
    stream.views()
    stream.expect_integer(1, "bias mode (1 is none)")
    _learning_rates(stream)
    return Layer("fc", (outputs, inputs), tensor.reshape(inputs, outputs))


def _learning_rates(stream: _Stream) -> None:
    for _ in range(4):
        stream.number()


def _pool(kind: str) -> Callable[[_Stream], Layer]:
    return lambda stream: Layer(kind, tuple(stream.integer() for _ in range(6)))


_READERS: Mapping[str, Callable[[_Stream], Layer]] = MappingProxyType(
    {
        "con_4": _con,
        "affine_": _affine,
        "fc_2": _fc,
        "relu_": lambda _: Layer("relu"),
        "max_pool_2": _pool("max_pool"),
        "avg_pool_2": _pool("avg_pool"),
        "add_prev_": lambda _: Layer("add_prev"),
    }
)
