"""Events are values: frozen, slotted, compared by what they say."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import pytest

from mxtop.mail.event import KINDS, Delivery, Event, Foreign, Other, as_dict


@pytest.mark.parametrize("cls", KINDS.values(), ids=KINDS)
def test_every_kind_is_a_frozen_slotted_dataclass_of_keywords(cls: type[Event]) -> None:
    event = cls(line=1, text="x")
    assert is_dataclass(event) and not hasattr(event, "__dict__")
    with pytest.raises(FrozenInstanceError):
        event.line = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del event.text
    parameters = inspect.signature(cls).parameters
    assert list(parameters) == [f.name for f in fields(cls)]
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    for f in fields(cls):
        assert getattr(event, f.name) == {"line": 1, "text": "x"}.get(f.name, f.default)


@pytest.mark.parametrize("kind", ["client_connect", "client_disconnect", "client_lost"])
def test_the_events_of_a_client_have_the_same_keys(kind: str) -> None:
    """As the contract names them: together, and every key always."""
    shown = as_dict(KINDS[kind](line=1, text="x"))
    assert (shown["event"], shown["commands"], shown["stage"]) == (kind, None, None)


def test_equal_where_kind_and_fields_are() -> None:
    event = Delivery(line=1, text="x", to="a@b.example")
    assert event == Delivery(line=1, text="x", to="a@b.example")
    assert hash(event) == hash(Delivery(line=1, text="x", to="a@b.example"))
    assert event != replace(event, to=None)
    assert Other(line=1, text="x") != Foreign(line=1, text="x")
    assert event != "x"


def test_copies_and_pickles_are_equal() -> None:
    event = Delivery(line=1, text="x", delays=(0.1, 0.2, 0.3, 0.4))
    assert pickle.loads(pickle.dumps(event)) == event == copy.deepcopy(event)


def test_the_repr_tells_the_fields() -> None:
    assert repr(Other(line=7, text="x")).startswith("Other(line=7, time=None, ")


def test_a_line_and_its_text_are_needed() -> None:
    with pytest.raises(TypeError, match="text"):
        Other(line=1)  # type: ignore[call-arg]


def test_as_dict_has_the_public_names() -> None:
    shown = as_dict(KINDS["queued"](line=1, text="x"))
    assert shown["event"] == "queued" and "from" in shown and "sender" not in shown
