"""`confirm`, `undo` and `history` against a scripted host: which change, which exit code, what is said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.report.test_fixing import change

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.report import changes
from mxtop.report.where import HERE, Instance
from mxtop.session.local import LocalSession

DIFF = "--- a\n+++ b\n-x\n+y\x1b\n"


class Past:
    """Changes by id and phase; an answer leads to `then`, or is refused where that is an error."""

    def __init__(self, then: str | Refused = "confirmed", **phases: str) -> None:
        self._begun = tuple(replace(change(phase), id=name) for name, phase in phases.items())
        self._then = then
        self.asked: list[str] = []

    async def waiting(self) -> tuple[Change, ...]:
        return tuple(one for one in self._begun if one.phase == "applied")

    async def history(self) -> tuple[Change, ...]:
        return self._begun

    async def diff(self, one: Change) -> str:
        return DIFF

    async def confirm(self, name: str) -> Change:
        return await self.undo(name)

    async def undo(self, name: str) -> Change:
        self.asked.append(name)
        if isinstance(self._then, Refused):
            raise self._then
        return replace(change(self._then, detail="why\x1b"), id=name)

    def forget(self) -> None:
        self.asked.append("forget")


def where(monkeypatch: pytest.MonkeyPatch, past: Past, *, as_json: bool = False) -> Instance:
    session = cast(LocalSession, SimpleNamespace(live_fixing=past, host="mx1"))

    @asynccontextmanager
    async def opened(instance: Instance) -> AsyncIterator[LocalSession]:
        yield session
        past.forget()

    monkeypatch.setattr(changes, "_session", opened)
    return Instance(HERE, None, None, as_json)


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("confirmed", 0),
        ("rolledback", 1),
        ("conflict", 3),
        (Refused("busy", code=75), 75),
        (Refused("no"), 2),
    ],
)
def test_confirm_tells_the_true_state(monkeypatch: pytest.MonkeyPatch, then: Any, code: int) -> None:
    past = Past(then, A="confirmed", B="applied")
    assert changes.confirm(where(monkeypatch, past)) == code
    assert past.asked == ["B", "forget"]


def test_nothing_to_confirm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.confirm(where(monkeypatch, Past(A="rolledback"))) == 2
    assert "the last, A, is rolled back" in capsys.readouterr().err
    assert changes.confirm(where(monkeypatch, Past())) == 2


@pytest.mark.parametrize(
    ("name", "chosen"), [(None, "B"), ("a", "A"), ("A", "A"), ("C", "C"), ("D", None), ("E", None)]
)
def test_undo_takes_the_last_that_is_not_back_yet_or_the_one_named(
    monkeypatch: pytest.MonkeyPatch, name: str | None, chosen: str | None
) -> None:
    past = Past("rolledback", A="confirmed", B="confirmed", C="rolledback", D="failed")
    assert changes.undo(where(monkeypatch, past), name) == (0 if chosen else 2)
    assert past.asked[:-1] == ([chosen] if chosen else [])


def test_undo_stops_with_the_diff(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert changes.undo(where(monkeypatch, Past("conflict", A="confirmed")), None) == 3
    told = capsys.readouterr()
    assert told.out == "--- a\n+++ b\n-x\n+y␛\n"
    assert told.err == "mx1: smtp_address_preference – → ipv6: conflict: why␛\n"
    assert changes.undo(where(monkeypatch, Past("conflict", A="confirmed"), as_json=True), None) == 3
    assert json.loads(capsys.readouterr().out)["diff"] == DIFF


def test_history_is_an_array_oldest_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    past = Past(A="rolledback", B="applied")
    assert changes.history(where(monkeypatch, past, as_json=True)) == 0
    told = capsys.readouterr()
    assert [(one["id"], one["state"]) for one in json.loads(told.out)] == [
        ("A", "rolled_back"),
        ("B", "applied"),
    ]
    assert "change B waits for its answer" in told.err
    assert changes.history(where(monkeypatch, past)) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["A", "B"]


def test_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.catalogue(Instance(HERE, None, None, True)) == 0
    (fix,) = json.loads(capsys.readouterr().out)
    assert fix["fix"] == "address-preference"
    assert [(one["value"], one["safe"]) for one in fix["values"]] == [
        ("any", True),
        ("ipv6", False),
        ("ipv4", False),
    ]
