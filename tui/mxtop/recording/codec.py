"""Frozen dataclasses to JSON and back, by their type hints.

Promises that `decode(type(value), encode(value)) == value` for the values of `mail`.  A key that
a newer version wrote is ignored, one that an older version lacks takes its default.
"""

from __future__ import annotations

import collections.abc
import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """A JSON value; fields that hold their default are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: encode(getattr(value, f.name))
            for f in fields(value)
            if getattr(value, f.name) != f.default
        }
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(encode(item) for item in value)
    if isinstance(value, collections.abc.Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def decode(hint: type[T], data: Any) -> T:
    """The value of that type; ValueError where the data does not fit it."""
    return cast(T, _decode(hint, data))


def _decode(hint: Any, data: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if data is None:
            return None
        return _decode(next(arg for arg in get_args(hint) if arg is not type(None)), data)
    if origin is Literal:
        if data not in get_args(hint):
            raise ValueError(f"{data!r} is none of {get_args(hint)}")
        return data
    if origin is tuple:
        args = get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_decode(args[0], item) for item in data)
        return tuple(_decode(arg, item) for arg, item in zip(args, data, strict=True))
    if origin is frozenset:
        return frozenset(_decode(get_args(hint)[0], item) for item in data)
    if origin is collections.abc.Mapping:
        return {key: _decode(get_args(hint)[1], item) for key, item in data.items()}
    if is_dataclass(hint):
        if not isinstance(data, dict):
            raise ValueError(f"an object was expected, not {data!r}")
        hints = _hints(cast(type, hint))
        return cast(Any, hint)(
            **{name: _decode(hints[name], item) for name, item in data.items() if name in hints}
        )
    if hint is float and isinstance(data, int | float):
        return float(data)
    if not isinstance(data, hint):
        raise ValueError(f"{hint} was expected, not {data!r}")
    return data
