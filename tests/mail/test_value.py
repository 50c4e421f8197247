"""Values behave as frozen, slotted dataclasses do, and compile nothing until they are made."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from mxtop.mail.value import named, value

T = TypeVar("T")


@value
class Point:
    """A place."""

    kind: ClassVar[str] = "point"
    x: int
    y: int = 2
    seen: Mapping[str, int] = field(default_factory=dict)

    @property
    def both(self) -> int:
        return self.x + self.y


@named
class Named(Point):
    name: str = ""


@named
class Empty:
    pass


@value
class Box(Generic[T]):
    content: T


@dataclass(frozen=True, slots=True)
class Twin:
    x: int
    y: int = 2


def test_fields_are_given_by_place_or_name_and_have_their_defaults() -> None:
    assert (Point(1).x, Point(1).y, Point(1).seen, Point(1).both) == (1, 2, {}, 3)
    assert Point(1, 5, {"a": 1}) == Point(y=5, x=1, seen={"a": 1})
    assert Point.kind == "point" and is_dataclass(Point)
    assert [f.name for f in fields(Point)] == ["x", "y", "seen"]
    assert Point(1).seen is not Point(1).seen  # each its own
    assert Box[int](3).content == 3


@pytest.mark.parametrize("wrong", [((), {}), ((1, 2, {}, 4), {}), ((1,), {"z": 1}), ((1,), {"x": 1})])
def test_wrong_arguments_are_refused_the_first_time_and_later(wrong: tuple[Any, Any]) -> None:
    args, kwargs = wrong

    @value
    class Fresh:
        x: int
        y: int = 2
        seen: Mapping[str, int] = field(default_factory=dict)

    for cls in (Fresh, Fresh, Point):
        with pytest.raises(TypeError):
            cls(*args, **kwargs)


def test_named_ones_take_names_only() -> None:
    with pytest.raises(TypeError):

        @named
        class Only:
            x: int

        Only(1)  # type: ignore[misc]
    assert Named(x=1, name="a") == Named(name="a", x=1) != Named(x=1, name="b")
    assert Empty() == Empty() and hash(Empty()) == hash(Empty())


def test_frozen_and_slotted() -> None:
    point = Point(1)
    assert not hasattr(point, "__dict__")
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises(FrozenInstanceError):
        point.other = 1  # type: ignore[attr-defined]
    assert point.x == 1


def test_equal_by_class_and_fields_as_a_dataclass() -> None:
    @value
    class Other:
        x: int
        y: int = 2

    assert Other(1) == Other(1) and hash(Other(1)) == hash(Other(1))
    assert Other(1) != Other(2) and Other(1) != Twin(1) and Other(1) != (1, 2)
    assert {Other(1): "a"}[Other(1)] == "a" and Box((1, 2)) == Box((1, 2))
    assert hash(Box(7)) == hash(Box(7)) and Box(7) != Box(8)
    assert Named(x=1) != Point(1)
    with pytest.raises(TypeError):
        hash(Point(1))  # a dict is in it
    assert repr(Box(7)) == "Box(content=7)" and repr(Twin(1)) == "Twin(x=1, y=2)"


def test_matched_by_place() -> None:
    match Point(4, 5):
        case Point(x, y):
            assert (x, y) == (4, 5)
        case _:
            pytest.fail("no match")


def test_replaced_copied_and_pickled() -> None:
    point = Point(1, seen={"a": 1})
    assert replace(point, x=9) == Point(9, seen={"a": 1})
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == copy.copy(point) == point


def test_a_method_of_its_own_wins() -> None:
    @value
    class Told:
        x: int

        def __repr__(self) -> str:
            return "told"

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert repr(Told(1)) == "told" and Told(1) == Told(2)


def test_nothing_is_compiled_before_the_first_one() -> None:
    @value
    class Fresh:
        x: int

    stub = Fresh.__init__
    Fresh(1)
    assert Fresh.__init__ is not stub and Fresh.__init__.__code__.co_varnames == ("self", "x")
