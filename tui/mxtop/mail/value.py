"""A frozen, slotted dataclass at a tenth of the cost, so that a program made of values starts at once.

`dataclass(frozen=True, slots=True)` compiles six functions for each class when it is defined, which was a
fifth of the time to the first screen; here what can be shared is shared, and `__init__` is compiled when it
is first called.  `fields`, `replace`, equality, hash, repr and pickling work as with `dataclass`.  Promises
no `__post_init__`, no order, no signature to look into, and of field() only a default or its factory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: _Class) -> _Class:
    """A frozen, slotted dataclass whose arguments may be given by position."""
    return _value(cls, kw_only=False)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def named(cls: _Class) -> _Class:
    """A frozen, slotted dataclass whose arguments are given by name only."""
    return _value(cls, kw_only=True)


def _value(cls: _Class, *, kw_only: bool) -> _Class:
    own = vars(cls)
    cls.__doc__ = cls.__doc__ or cls.__name__  # else dataclass works out a signature to put there
    shared = {name: method for name, method in _SHARED.items() if name not in own}
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    for name, method in shared.items():
        setattr(made, name, method)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _init(made)
        made.__init__(self, *args, **kwargs)

    made.__init__ = __init__
    names = [f.name for f in fields(made)]
    made._values = staticmethod(attrgetter(*names) if names else _nothing)
    return cast(_Class, made)


def _init(cls: Any) -> Callable[..., None]:
    """An `__init__` that stores through the slots: `object.__setattr__` would look each one up again."""
    space: dict[str, Any] = {"MISSING": MISSING}
    first, only_named, stores = ["self"], list[str](), list[str]()
    for f in fields(cls):
        space[f"set_{f.name}"] = getattr(cls, f.name).__set__
        stored, parameter = f.name, f.name
        if f.default_factory is not MISSING:
            space[f"make_{f.name}"] = f.default_factory
            stored = f"make_{f.name}() if {f.name} is MISSING else {f.name}"
            parameter = f"{f.name}=MISSING"
        elif f.default is not MISSING:
            space[f"default_{f.name}"] = f.default
            parameter = f"{f.name}=default_{f.name}"
        (only_named if f.kw_only else first).append(parameter)
        stores.append(f"\n    set_{f.name}(self, {stored})")
    parameters = [*first, *(["*", *only_named] if only_named else [])]
    exec(f"def __init__({', '.join(parameters)}):{''.join(stores) or ' pass'}", space)  # noqa: S102  our names
    made: Callable[..., None] = space["__init__"]
    return made


# -- what all values share -----------------------------------------------------


def _nothing(_: Any) -> tuple[()]:
    return ()


def _setattr(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _eq(self: Any, other: Any) -> Any:
    alike = type(other) is type(self)
    return self._values(self) == self._values(other) if alike else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._values(self))


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _reduce(self: Any) -> tuple[Any, ...]:
    return _remade, (type(self), {f.name: getattr(self, f.name) for f in fields(self)})


def _remade(cls: Any, named: dict[str, Any]) -> Any:
    return cls(**named)


_SHARED = {
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__reduce__": _reduce,
}
