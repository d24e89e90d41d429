"""Kernels as they are compiled, and as the Python they came from."""

from __future__ import annotations

from types import ModuleType

import pytest
from numba.core.dispatcher import Dispatcher

FORMS = ("compiled", "plain")


def use_plain(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Every kernel of these modules, whoever of them calls it, without the compiler."""
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, Dispatcher):
                monkeypatch.setattr(module, name, value.py_func)
