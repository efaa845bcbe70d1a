"""Frozen dataclasses to and from plain JSON values, camelCase outside and snake_case inside.

Fields that still have their default are left out, so stored documents stay small and a new field
needs no
migration. A key that is not a field is refused: a document never silently loses what it holds.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Json = dict[str, Any]
Decoder = Callable[[Any], Any]


def instant(text: str) -> datetime:
    """An ISO 8601 time as an aware UTC `datetime`; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """A UTC time as fixed-width ISO 8601 with milliseconds, so that text order is time order."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def camel(name: str) -> str:
    """`line_no` -> `lineNo`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def encode(value: Any) -> Any:
    """JSON value of a dataclass, enum, time, tuple or mapping."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        return [encode(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            key: encode(item)
            for key, item, default in _present(value)
            if item != default or default is MISSING
        }
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def decode(kind: type[T], data: Any) -> T:
    """The `kind` that `data` describes; raises ValueError or TypeError where it does not fit."""
    return _decode(kind, data)  # type: ignore[no-any-return]


def _present(value: Any) -> list[tuple[str, Any, Any]]:
    return [(key, getattr(value, name), default) for name, key, default in _layout(value.__class__)]


@cache
def _layout(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    return tuple((f.name, camel(f.name), _default(f)) for f in fields(kind))


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _decode(kind: Any, data: Any) -> Any:
    return _decoder(kind)(data)


@cache
def _decoder(kind: Any) -> Decoder:
    """What reads one kind of value; made once, since a large record holds many of each."""
    if kind is Any:
        return _as_it_is
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = _decoder(_required(kind))
        return lambda data: None if data is None else inner(data)
    if origin is tuple:
        inner = _decoder(get_args(kind)[0])
        return lambda data: tuple(map(inner, data))
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        inner = _decoder(get_args(kind)[1])
        return lambda data: {key: inner(item) for key, item in data.items()}
    if kind is datetime:
        return lambda data: data if isinstance(data, datetime) else instant(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _record(kind) if is_dataclass(kind) else partial(_plain, kind)


def _record(kind: Any) -> Decoder:
    """A dataclass; what its fields need is looked up with the first one, for it may hold itself."""

    @cache
    def readers() -> dict[str, tuple[str, Decoder]]:
        hints = get_type_hints(kind)
        return {camel(f.name): (f.name, _decoder(hints[f.name])) for f in fields(kind)}

    def read(data: Any) -> Any:
        known, values = readers(), {}
        for key, item in data.items():
            name, inner = known[key]
            values[name] = inner(item)
        return kind(**values)

    return read


def _as_it_is(data: Any) -> Any:
    return data


def _plain(kind: Any, data: Any) -> Any:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise TypeError(f"{kind.__name__} expected, {type(data).__name__} found")
    return data


@cache
def _required(kind: Any) -> Any:
    return next(arg for arg in get_args(kind) if arg is not type(None))
