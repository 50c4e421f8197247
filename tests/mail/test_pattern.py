"""A pattern behaves as re.compile's, and compiles nothing before it is used."""

from __future__ import annotations

import re

import pytest

from mxtop.mail import delivery, queue_lines, server_lines
from mxtop.mail.pattern import pattern


def test_it_matches_as_the_compiled_one() -> None:
    lazy, eager = pattern(r"(\w+)=(\d+)", re.A), re.compile(r"(\w+)=(\d+)", re.A)
    for text in ("a=1", " a=1 ", "ä=1", "a="):
        for method in ("match", "fullmatch", "search"):
            one, other = (getattr(each, method)(text) for each in (lazy, eager))
            assert (one and one.groups()) == (other and other.groups())
    assert lazy.findall("a=1 b=2") == [("a", "1"), ("b", "2")]
    assert lazy.pattern == eager.pattern and lazy.flags == eager.flags


def test_it_is_compiled_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    compile = re.compile
    monkeypatch.setattr(re, "compile", lambda text, flags=0: made.append(text) or compile(text, flags))
    lazy = pattern(r"lazy(\d)")
    assert made == []
    for _ in range(3):
        assert lazy.fullmatch("lazy1")
    assert made == [r"lazy(\d)"]


@pytest.mark.parametrize("module", [delivery, queue_lines, server_lines])
def test_every_pattern_of_the_parser_compiles(module: object) -> None:
    lazy = [each for each in vars(module).values() if type(each).__name__ == "_Pattern"]
    assert len(lazy) > 5
    for each in lazy:
        assert isinstance(each.pattern, str)
