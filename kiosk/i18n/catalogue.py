"""Loads a language's catalogue and fills in the `{named}` places of a text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from kiosk.enrollment.record import Language

Catalogue = Mapping[str, str]


class UnknownTextError(KeyError):
    """No catalogue entry has this id: a bug in the screen that asked."""


@runtime_checkable
class Phrase(Protocol):
    """A text id with values for its places; `kiosk.app.views.Text` is one."""

    @property
    def id(self) -> str: ...

    @property
    def args(self) -> Mapping[str, object]: ...


@cache
def catalogue(language: Language) -> Catalogue:
    """All texts of a language by dotted id, such as `action.continue`."""
    source = resources.files("kiosk.i18n").joinpath(f"{language.value}.toml").read_text(encoding="utf-8")
    return MappingProxyType(dict(_flat(tomllib.loads(source), "")))


def translate(text: Phrase, language: Language) -> str:
    """The text in a language; a place may hold another text, which is translated into it.

    Raises UnknownTextError for an id without an entry, KeyError when a place has no value.
    """
    try:
        template = catalogue(language)[text.id]
    except KeyError:
        raise UnknownTextError(text.id) from None
    values = {
        name: translate(value, language) if isinstance(value, Phrase) else value
        for name, value in text.args.items()
    }
    return template.format(**values)


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            entries += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            entries.append((prefix + key, value))
        else:
            raise TypeError(f"{prefix}{key} is not a text")
    return entries
