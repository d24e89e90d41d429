"""What every kernel has: one signature, no lock, a cache, a reference, and no array of its own."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core import types
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

import kiosk.matching
import kiosk.quality
from kiosk.compile_kernels import kernel_modules
from kiosk.quality import kernels_forest

TESTS = Path(__file__).parents[1]
ROOMS = {kiosk.quality: TESTS / "quality", kiosk.matching: TESTS / "matching"}


def all_kernels():
    for room in ROOMS:
        for found in pkgutil.iter_modules(room.__path__):
            module = importlib.import_module(f"{room.__name__}.{found.name}")
            for kernel in vars(module).values():
                if isinstance(kernel, Dispatcher) and kernel.py_func.__module__ == module.__name__:
                    yield module, kernel


KERNELS = list(all_kernels())
NAMES = [f"{module.__name__.rpartition('.')[2]}.{kernel.__name__}" for module, kernel in KERNELS]
every_kernel = pytest.mark.parametrize("module, kernel", KERNELS, ids=NAMES)


def named_in_tests():
    names = set()
    for folder in ROOMS.values():
        for file in folder.glob("test_*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute):
                    names.add(node.attr)
                elif isinstance(node, ast.Name):
                    names.add(node.id)
    return names


TESTED = named_in_tests()
CALLED = {name for _, kernel in KERNELS for name in kernel.py_func.__code__.co_names}


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="there are no kernels without the compiler")
def test_there_are_kernels():
    assert len(KERNELS) > 60


@every_kernel
def test_a_start_compiles_nothing(module, kernel):
    """Compiled for one signature when its module is imported, which the installation does, and kept on disk."""
    assert module.__name__ in kernel_modules()
    assert len(kernel.signatures) == 1
    assert not kernel._can_compile
    assert isinstance(kernel._cache, FunctionCache)


@every_kernel
def test_kernels_let_go_of_the_interpreter(module, kernel):
    assert kernel.targetoptions["nogil"]


@every_kernel
def test_kernels_write_into_arrays_they_are_handed(module, kernel):
    (overload,) = kernel.overloads.values()
    assert not isinstance(overload.signature.return_type, types.Array)


@every_kernel
def test_every_kernel_has_a_reference(module, kernel):
    """A public one in a test that names it; a private one is part of the kernel that calls it."""
    name = kernel.__name__
    assert name in (CALLED if name.startswith("_") else TESTED)


def votes_in_words(features, nodes, root):
    variable, threshold, left, right, vote = nodes
    if variable[root] < 0:
        return int(vote[root])
    smaller = features[variable[root]] <= threshold[root]
    return votes_in_words(features, nodes, int(left[root] if smaller else right[root]))


def test_votes_are_the_leaves_that_the_features_lead_to():
    rng = np.random.default_rng(1)
    nodes = (
        np.array([0, 1, -1, -1, -1] * 8, np.int16),
        rng.random(40).astype(np.float32),
        np.array([[5 * tree + 1, 5 * tree + 3, 0, 0, 0] for tree in range(8)], np.int32).ravel(),
        np.array([[5 * tree + 2, 5 * tree + 4, 0, 0, 0] for tree in range(8)], np.int32).ravel(),
        rng.integers(0, 2, 40).astype(np.int8),
    )
    roots = np.arange(0, 40, 5, dtype=np.int32)
    seen = set()
    for features in rng.random((30, 2)).astype(np.float32):
        expected = sum(votes_in_words(features, nodes, int(root)) for root in roots)
        for kernel in (
            kernels_forest.count_votes,
            getattr(kernels_forest.count_votes, "py_func", kernels_forest.count_votes),
        ):
            assert kernel(features, *nodes, roots) == expected
        seen.add(expected)
    assert len(seen) > 2
