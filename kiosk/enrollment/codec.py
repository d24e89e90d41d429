"""Values to JSON and back, by the types they declare.

One rule per kind of type: a frozen dataclass is an object with one key per field, an enum its value,
a date its ISO 8601 text, a tuple an array, a mapping an object, None null. Where the reader could not
know the class, at the top and in a union of dataclasses, the object names it: `{"type": "Sample", ...}`.

Reading is strict: every field must be there, nothing else may be, and nothing is coerced, because a
journal that half-fits its types is a damaged journal.
"""

from __future__ import annotations

import datetime as dt
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
T = TypeVar("T")

TAG = "type"
_SCALARS = (str, bool, int, float)


class CodecError(ValueError):
    """The data does not fit its type. path: where, for example `samples[3].image.sha256`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'value'}: {problem}")
        self.path = path
        self.problem = problem


def to_json(value: object) -> Json:
    """`value` as JSON-able data; a dataclass at the top is tagged with its class name.

    Raises CodecError for a value that does not fit its declared type, TypeError for a type outside
    the kinds above.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _write_dataclass(value, path="", tagged=True)
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return _write(type(value), value, path="")


def from_json(expected: type[T] | Any, data: object) -> T:
    """The value of type `expected` (a class, `X | None`, `A | B`, `tuple[X, ...]`, `Mapping[str, X]`).

    Raises CodecError naming the path of the first thing that does not fit.
    """
    return cast(T, _read(expected, data, path=""))


# Writing


def _write(expected: Any, value: object, path: str) -> Json:
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return _write_union(expected, value, path)
    if origin is tuple:
        items = _expect(value, tuple, path)
        return [
            _write(item_type, item, f"{path}[{index}]")
            for index, (item_type, item) in enumerate(_pair_items(expected, items, path))
        ]
    if _is_mapping(origin):
        mapping = _expect(value, Mapping, path)  # type: ignore[type-abstract]
        key_type, item_type = get_args(expected)
        return {
            str(_write(key_type, key, path)): _write(item_type, item, _join(path, str(key)))
            for key, item in mapping.items()
        }
    if is_dataclass(expected):
        return _write_dataclass(_expect(value, cast(type, expected), path), path, tagged=False)
    return _write_leaf(expected, value, path)


def _write_union(expected: Any, value: object, path: str) -> Json:
    if value is None and types.NoneType in get_args(expected):
        return None
    members = _members(expected)
    if len(members) == 1:
        return _write(members[0], value, path)
    if type(value) not in members:
        raise CodecError(path, f"{type(value).__name__} is not one of {_names(members)}")
    return (
        _write_dataclass(value, path, tagged=True)
        if is_dataclass(value)
        else _write_leaf(type(value), value, path)
    )


def _write_dataclass(value: Any, path: str, *, tagged: bool) -> dict[str, Json]:
    head: dict[str, Json] = {TAG: type(value).__name__} if tagged else {}
    return head | {
        name: _write(hint, getattr(value, name), _join(path, name))
        for name, hint in _fields(cast(type, type(value))).items()
    }


def _write_leaf(expected: Any, value: object, path: str) -> Json:
    if isinstance(expected, type) and issubclass(expected, (StrEnum, IntEnum)):
        return cast(Json, _expect(value, expected, path).value)
    if expected in (dt.date, dt.datetime):
        return cast(dt.date, _exactly(value, expected, path)).isoformat()
    return _scalar(expected, value, path)


# Reading


def _read(expected: Any, data: object, path: str) -> object:
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return _read_union(expected, data, path)
    if origin is tuple:
        items = _expect(data, list, path)
        return tuple(
            _read(item_type, item, f"{path}[{index}]")
            for index, (item_type, item) in enumerate(_pair_items(expected, items, path))
        )
    if _is_mapping(origin):
        key_type, item_type = get_args(expected)
        return types.MappingProxyType(
            {
                _read(key_type, key, _join(path, str(key))): _read(item_type, item, _join(path, str(key)))
                for key, item in _expect(data, dict, path).items()
            }
        )
    if is_dataclass(expected):
        return _read_dataclass(cast(type, expected), _expect(data, dict, path), path)
    return _read_leaf(expected, data, path)


def _read_union(expected: Any, data: object, path: str) -> object:
    if data is None and types.NoneType in get_args(expected):
        return None
    members = _members(expected)
    if len(members) == 1:
        return _read(members[0], data, path)
    if not is_dataclass(members[0]):
        if type(data) not in members:
            raise CodecError(path, f"{type(data).__name__} is not one of {_names(members)}")
        return _scalar(type(data), data, path)
    tag = _expect(data, dict, path).get(TAG)
    for member in members:
        if member.__name__ == tag:
            return _read(member, data, path)
    raise CodecError(_join(path, TAG), f"{tag!r} is not one of {_names(members)}")


def _read_dataclass(expected: type, data: dict[str, object], path: str) -> object:
    hints = _fields(expected)
    if data.get(TAG, expected.__name__) != expected.__name__:
        raise CodecError(_join(path, TAG), f"expected {expected.__name__!r}, found {data[TAG]!r}")
    for key in data:
        if key not in hints and key != TAG:
            raise CodecError(_join(path, str(key)), f"{expected.__name__} has no such field")
    for name in hints:
        if name not in data:
            raise CodecError(_join(path, name), "missing")
    values = {name: _read(hint, data[name], _join(path, name)) for name, hint in hints.items()}
    try:
        return expected(**values)
    except ValueError as error:
        raise CodecError(path, str(error)) from error


def _read_leaf(expected: Any, data: object, path: str) -> object:
    if isinstance(expected, type) and issubclass(expected, (StrEnum, IntEnum)):
        return _parsed(expected, _exactly(data, str if issubclass(expected, StrEnum) else int, path), path)
    if expected in (dt.date, dt.datetime):
        text = _exactly(data, str, path)
        moment = _parsed(expected.fromisoformat, text, path)
        if moment.isoformat() != text:  # fromisoformat also takes week dates and other spellings
            raise CodecError(path, f"{text!r} is not written as {moment.isoformat()}")
        return moment
    return _scalar(expected, data, path)


def _parsed(parse: Callable[[Any], T], data: object, path: str) -> T:
    try:
        return parse(data)
    except ValueError as error:
        raise CodecError(path, str(error)) from error


# Types


@cache
def _fields(owner: type) -> dict[str, Any]:
    """Field name -> resolved type, in order of definition."""
    hints = get_type_hints(owner)
    names = [field.name for field in fields(owner) if field.init]
    if TAG in names:
        raise TypeError(f"{owner.__name__} has a field named {TAG!r}, which is the tag of unions")
    return {name: hints[name] for name in names}


def _members(union: Any) -> tuple[Any, ...]:
    """The union's members less None: one type, several dataclasses, or several scalars."""
    members = tuple(member for member in get_args(union) if member is not types.NoneType)
    telling = len(members) == 1 or all(map(is_dataclass, members)) or all(m in _SCALARS for m in members)
    if not telling:
        raise TypeError(f"cannot tell the members of {union} apart")
    return members


def _pair_items(expected: Any, items: Any, path: str) -> list[tuple[Any, object]]:
    item_types = get_args(expected)
    if item_types[-1:] == (Ellipsis,):
        return [(item_types[0], item) for item in items]
    if len(items) != len(item_types):
        raise CodecError(path, f"expected {len(item_types)} items, found {len(items)}")
    return list(zip(item_types, items, strict=True))


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _scalar(expected: Any, value: object, path: str) -> Json:
    if expected is types.NoneType and value is None:
        return None
    if expected not in _SCALARS:
        raise TypeError(f"{path or 'value'}: {expected!r} has no JSON form")
    if expected is float and type(value) is int:  # JSON writers may drop the fraction
        return float(value)
    if expected is float and not math.isfinite(_exactly(value, float, path)):
        raise CodecError(path, f"{value} is not a finite number")
    return cast(Json, _exactly(value, expected, path))


def _expect(value: object, expected: type[T], path: str) -> T:
    if not isinstance(value, expected):
        raise CodecError(path, f"expected {_name(expected)}, found {type(value).__name__}")
    return value


def _exactly(value: object, expected: type[T], path: str) -> T:
    """`expected` and no subclass: True is not an int here, nor a datetime a date."""
    if type(value) is not expected:
        raise CodecError(path, f"expected {_name(expected)}, found {type(value).__name__}")
    return value


def _name(expected: type) -> str:
    return {"dict": "object", "list": "array"}.get(expected.__name__, expected.__name__)


def _names(members: tuple[Any, ...]) -> str:
    return ", ".join(member.__name__ for member in members)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
