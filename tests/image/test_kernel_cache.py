"""Kernels that were compiled elsewhere are found where nothing can be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.kernel_cache import ShippedCacheLocator

SHIPPED = f"{ShippedCacheLocator.__module__}.{ShippedCacheLocator.__qualname__}"
KERNEL = """\
from numba import njit

@njit("int64(int64)", cache=True)
def twice(value):
    return 2 * value
"""
ASK = "import kernels; print(kernels.twice(21), sum(kernels.twice.stats.cache_hits.values()))"


def ask(folder: Path, locator: str) -> "subprocess.CompletedProcess[str]":
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CACHE_LOCATOR_CLASSES": locator,
    }
    return subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    (folder / "kernels.py").write_text(KERNEL)
    assert ask(folder, "InTreeCacheLocator").stdout.split() == ["42", "0"]
    return folder


def test_a_start_takes_what_the_image_holds_and_writes_nothing(compiled: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (compiled / "__pycache__").iterdir())
    answer = ask(compiled, SHIPPED)
    assert answer.stdout.split() == ["42", "1"], answer.stderr
    after = sorted((path.name, path.stat().st_mtime_ns) for path in (compiled / "__pycache__").iterdir())
    assert before == after


def test_a_root_without_kernels_says_so_instead_of_compiling(tmp_path: Path) -> None:
    (tmp_path / "kernels.py").write_text(KERNEL)
    answer = ask(tmp_path, SHIPPED)
    assert answer.returncode != 0
    assert "no locator available" in answer.stderr
