"""Values to JSON and back, by the types they declare.

One rule per kind of type: a frozen dataclass is an object with one key per field, an enum its value,
a date its ISO 8601 text, a tuple an array, a mapping an object, None null. Where the reader could not
know the class, at the top and in a union of dataclasses, the object names it: `{"type": "Sample", ...}`.

Reading is strict: every field must be there, nothing else may be, and nothing is coerced, because a
journal that half-fits its types is a damaged journal. Each type is taken apart once, into a chain of
small functions: a start replays the journal of months.
"""

from __future__ import annotations

import datetime as dt
import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Convert: TypeAlias = Callable[[Any], Any]
T = TypeVar("T")

TAG = "type"
_SCALARS = (str, bool, int, float)


class CodecError(ValueError):
    """The data does not fit its type. path: where, for example `samples[3].image.sha256`."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"{path or 'value'}: {problem}")
        self.problem = problem
        self.path = path

    def within(self, place: str) -> CodecError:
        """The same problem, seen from the value that holds `place`: a field's name or `[index]`."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        return CodecError(self.problem, place + joint + self.path)


def to_json(value: object) -> Json:
    """`value` as JSON-able data; a dataclass at the top is tagged with its class name.

    Raises CodecError for a value that does not fit its declared type, TypeError for a type outside
    the kinds above.
    """
    if isinstance(value, tuple):
        return list(_each(to_json, value))
    written = _writer(cast(Any, type(value)))(value)
    return cast(Json, {TAG: type(value).__name__} | written if is_dataclass(value) else written)


def from_json(expected: type[T] | Any, data: object) -> T:
    """The value of type `expected` (a class, `X | None`, `A | B`, `tuple[X, ...]`, `Mapping[str, X]`).

    Raises CodecError naming the path of the first thing that does not fit.
    """
    return cast(T, _reader(cast(Any, expected))(data))


# Writing


@cache
def _writer(expected: Any) -> Convert:
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return _union_writer(expected)
    if origin is tuple:
        return _tuple_converter(expected, _writer, tuple, list)
    if _is_mapping(origin):
        return _mapping_converter(expected, _writer, Mapping, dict)
    if is_dataclass(expected):
        return _dataclass_writer(cast(type, expected))
    if _is_enum(expected):
        return lambda value: _expect(value, expected).value
    if expected in (dt.date, dt.datetime):
        return lambda value: _exactly(value, expected).isoformat()
    return _scalar(expected)


def _union_writer(expected: Any) -> Convert:
    members = _members(expected)
    if len(members) == 1:
        return _optional(_writer(members[0]))

    def write(value: Any) -> Any:
        if type(value) not in members:
            raise CodecError(f"{type(value).__name__} is not one of {_names(members)}")
        written = _writer(cast(Any, type(value)))(value)
        return {TAG: type(value).__name__} | written if is_dataclass(value) else written

    return _optional(write) if types.NoneType in get_args(expected) else write


def _dataclass_writer(expected: type) -> Convert:
    def write(value: Any) -> dict[str, Json]:
        _expect(value, expected)
        written = {}
        for name, hint in _fields(expected).items():
            try:
                written[name] = _writer(hint)(getattr(value, name))
            except CodecError as error:
                raise error.within(name) from None
        return written

    return write


# Reading


@cache
def _reader(expected: Any) -> Convert:
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return _union_reader(expected)
    if origin is tuple:
        return _tuple_converter(expected, _reader, list, tuple)
    if _is_mapping(origin):
        return _mapping_converter(expected, _reader, dict, types.MappingProxyType)
    if is_dataclass(expected):
        return _dataclass_reader(cast(type, expected))
    if _is_enum(expected):
        return _enum_reader(expected)
    if expected in (dt.date, dt.datetime):
        return _date_reader(expected)
    return _scalar(expected)


def _union_reader(expected: Any) -> Convert:
    members = _members(expected)
    if len(members) == 1:
        return _optional(_reader(members[0]))
    by_name = {member.__name__: member for member in members}

    def read_tagged(data: Any) -> Any:
        tag = _expect(data, dict).get(TAG)
        if tag not in by_name:
            raise CodecError(f"{tag!r} is not one of {_names(members)}", TAG)
        return _reader(by_name[tag])(data)

    def read_scalar(data: Any) -> Any:
        if type(data) not in members:
            raise CodecError(f"{type(data).__name__} is not one of {_names(members)}")
        return _scalar(type(data))(data)

    read = read_tagged if is_dataclass(members[0]) else read_scalar
    return _optional(read) if types.NoneType in get_args(expected) else read


def _dataclass_reader(expected: type) -> Convert:
    def read(data: Any) -> Any:
        _expect(data, dict)
        hints = _fields(expected)
        _check_keys(expected.__name__, hints, data)
        values = {}
        for name, hint in hints.items():
            try:
                values[name] = _reader(hint)(data[name])
            except CodecError as error:
                raise error.within(name) from None
        return _parsed(lambda: expected(**values))

    return read


def _check_keys(class_name: str, hints: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    if data.get(TAG, class_name) != class_name:
        raise CodecError(f"expected {class_name!r}, found {data[TAG]!r}", TAG)
    for key in data:
        if key not in hints and key != TAG:
            raise CodecError(f"{class_name} has no such field", str(key))
    for name in hints:
        if name not in data:
            raise CodecError("missing", name)


def _enum_reader(expected: Any) -> Convert:
    kind = str if issubclass(expected, StrEnum) else int
    return lambda data: _parsed(lambda: expected(_exactly(data, kind)))


def _date_reader(expected: Any) -> Convert:
    def read(data: Any) -> Any:
        text = _exactly(data, str)
        moment = _parsed(lambda: expected.fromisoformat(text))
        if moment.isoformat() != text:  # fromisoformat also takes week dates and other spellings
            raise CodecError(f"{text!r} is not written as {moment.isoformat()}")
        return moment

    return read


def _parsed(parse: Callable[[], T]) -> T:
    """What the type itself makes of the data; its ValueError is the data's fault."""
    try:
        return parse()
    except CodecError:
        raise
    except ValueError as error:
        raise CodecError(str(error)) from error


# Both ways


def _tuple_converter(
    expected: Any, converter: Callable[[Any], Convert], source: type, target: Convert
) -> Convert:
    kinds = get_args(expected)
    if kinds[-1:] == (Ellipsis,):
        convert = converter(kinds[0])
        return lambda items: target(_each(convert, _expect(items, source)))

    def convert_each(items: Any) -> Any:
        if len(_expect(items, source)) != len(kinds):
            raise CodecError(f"expected {len(kinds)} items, found {len(items)}")
        pairs = zip(kinds, items, strict=True)
        return target(_each(lambda pair: converter(pair[0])(pair[1]), pairs))

    return convert_each


def _each(convert: Convert, items: Iterable[Any]) -> list[Any]:
    converted = []
    for index, item in enumerate(items):
        try:
            converted.append(convert(item))
        except CodecError as error:
            raise error.within(f"[{index}]") from None
    return converted


def _mapping_converter(
    expected: Any, converter: Callable[[Any], Convert], source: Any, target: Convert
) -> Convert:
    convert_key, convert_item = map(converter, get_args(expected))

    def convert(mapping: Any) -> Any:
        converted = {}
        for key, item in _expect(mapping, source).items():
            try:
                converted[convert_key(key)] = convert_item(item)
            except CodecError as error:
                raise error.within(str(key)) from None
        return target(converted)

    return convert


def _optional(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _scalar(expected: Any) -> Convert:
    if expected is float:
        return _number
    if expected not in _SCALARS and expected is not types.NoneType:
        raise TypeError(f"{expected!r} has no JSON form")
    return lambda value: _exactly(value, expected)


def _number(value: Any) -> float:
    if type(value) is int:  # JSON writers may drop the fraction
        return float(value)
    if not math.isfinite(_exactly(value, float)):
        raise CodecError(f"{value} is not a finite number")
    return cast(float, value)


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


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_enum(expected: Any) -> bool:
    return isinstance(expected, type) and issubclass(expected, (StrEnum, IntEnum))


def _expect(value: Any, expected: Any) -> Any:
    if not isinstance(value, expected):
        raise CodecError(f"expected {_name(expected)}, found {type(value).__name__}")
    return value


def _exactly(value: Any, expected: Any) -> Any:
    """`expected` and no subclass: True is not an int here, nor a datetime a date."""
    if type(value) is not expected:
        raise CodecError(f"expected {_name(expected)}, found {type(value).__name__}")
    return value


def _name(expected: type) -> str:
    return {"dict": "object", "list": "array"}.get(expected.__name__, expected.__name__)


def _names(members: tuple[Any, ...]) -> str:
    return ", ".join(member.__name__ for member in members)
