"""Frozen dataclasses to JSON and back, by their type hints.

Promises that `decode(type(value), encode(value)) == value` for the values of `mail`.  A key that
a newer version wrote is ignored, one that an older version lacks takes its default.
"""

from __future__ import annotations

import collections.abc
import types
from collections.abc import Callable
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


def decode(hint: type[T], data: Any) -> T:
    """The value of that type; ValueError where the data does not fit it."""
    return cast(T, _decoder(cast(Any, hint))(data))


@cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    """How data of one type is read; found out once, as a recording holds thousands of each."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        known = _decoder(next(arg for arg in args if arg is not type(None)))
        return lambda data: None if data is None else known(data)
    if origin is Literal:
        return lambda data: _one_of(args, data)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        each = _decoder(args[0])
        return lambda data: tuple(map(each, data))
    if origin is tuple:
        fixed = [_decoder(arg) for arg in args]
        return lambda data: tuple(one(item) for one, item in zip(fixed, data, strict=True))
    if origin is frozenset:
        each = _decoder(args[0])
        return lambda data: frozenset(map(each, data))
    if origin is collections.abc.Mapping:
        each = _decoder(args[1])
        return lambda data: {key: each(item) for key, item in data.items()}
    if is_dataclass(hint):
        return lambda data: _made(hint, data)
    if hint is float:
        return lambda data: float(_instance((int, float), data))
    return lambda data: _instance(hint, data)


@cache
def _fields(cls: Any) -> dict[str, Callable[[Any], Any]]:
    """The decoder of each field; asked for when there is data, as a class may hold others of its kind."""
    return {name: _decoder(hint) for name, hint in get_type_hints(cls).items()}


def _made(cls: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"an object was expected, not {data!r}")
    known = _fields(cls)
    return cls(**{name: known[name](item) for name, item in data.items() if name in known})


def _one_of(allowed: tuple[Any, ...], data: Any) -> Any:
    if data not in allowed:
        raise ValueError(f"{data!r} is none of {allowed}")
    return data


def _instance(of: Any, data: Any) -> Any:
    if not isinstance(data, of):
        raise ValueError(f"{of} was expected, not {data!r}")
    return data
