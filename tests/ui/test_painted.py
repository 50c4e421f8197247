"""Lines of SafeText: cut and wrapped by cells, painted by role, and only what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size
from tests.ui.harness import running, settle

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.details import Details
from mxtop.ui.widgets import painted
from mxtop.ui.widgets.painted import ROLES, Text, fit, width_of, wrap

texts = st.text(st.sampled_from("ab 中é.…-"), max_size=60).map(SafeText)
any_text = st.text(max_size=200).map(clean)
marked = st.text(st.sampled_from("a中\u0301\u0308 "), max_size=60).map(clean)


@given(texts | any_text, st.integers(0, 40), st.booleans())
def test_what_is_fitted_has_exactly_that_width(text: SafeText, width: int, right: bool) -> None:
    shown = fit(text, width, right=right)
    assert cell_len(shown) == width
    if cell_len(text) <= width:
        assert shown == (
            " " * (width - cell_len(text)) + text if right else text + " " * (width - cell_len(text))
        )
    elif width:
        assert shown.endswith("…")
        assert text.startswith(shown[:-1].rstrip(" "))  # half of a wide character is a blank


def test_nothing_has_room_in_no_cell() -> None:
    assert fit(literal("abc"), 0) == ""
    assert fit(literal("abc"), 1) == "…"
    assert fit(literal("abc"), 3) == "abc"
    assert fit(literal("中文"), 3) == "中…"


@given(texts | marked, st.integers(2, 40), st.integers(0, 6))
def test_what_is_wrapped_is_all_there_and_no_line_too_long(text: SafeText, width: int, indent: int) -> None:
    lines = wrap(text, width + indent, "ok", indent)
    shown = ["".join(part for part, _ in line) for line in lines]
    assert all(cell_len(line) <= width + indent for line in shown)
    assert all(line.startswith(" " * indent) for line in shown)
    assert "".join(shown).replace(" ", "") == text.replace(" ", "")
    assert {role for line in lines for _, role in line} <= {"ok"}


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("one two three", 13, ["one two three"]),
        ("a veryverylong b", 5, ["a", "veryv", "erylo", "ng b"]),
        ("", 10, []),
        ("中文中文", 3, ["中", "文", "中", "文"]),
    ],
)
def test_lines_break_between_words_where_there_are_any(text: str, width: int, lines: list[str]) -> None:
    assert [line[0][0] for line in wrap(SafeText(text), width)] == lines


def test_no_room_at_all_is_still_no_loop() -> None:
    assert [line[0][0] for line in wrap(literal("ab"), 1)] == ["a", "b"]
    assert len(wrap(literal("ab"), 0)) == len(wrap(literal("ab"), 3, indent=9)) == 2


@pytest.mark.parametrize(
    "text", ["中" * 8000, "x" * 8000, "e\u0301" * 4000], ids=["wide", "narrow", "marked"]
)
def test_a_word_without_an_end_is_measured_a_few_times_over_and_not_once_for_each_line(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply of a server may be one: it is wrapped anew at every tick."""
    measured = 0

    def measure(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return cell_len(text)

    def cut(text: str, width: int) -> str:
        nonlocal measured
        measured += len(text)
        return set_cell_size(text, width)

    monkeypatch.setattr(painted, "cell_len", measure)
    monkeypatch.setattr(painted, "set_cell_size", cut)
    assert len(wrap(clean(text), 34)) > 100
    assert measured < 30 * len(text)


def test_the_width_of_pieces_counts_cells() -> None:
    assert width_of([(literal("ab"), "ok"), (SafeText("中"), "bad")]) == 4


async def test_only_the_lines_that_changed_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, Details)
        text = Text()
        await app.screen.mount(text)
        lines = [((clean(f"line {i}"), "text"),) for i in range(3)]
        text.show_lines(lines)
        await settle(pilot)
        painted: list[int] = []
        monkeypatch.setattr(text, "refresh_line", painted.append)
        text.show_lines(list(lines))
        assert painted == []
        text.show_lines([lines[0], ((clean("LINE 1"), "text"),), lines[2]])
        assert painted == [1]
        assert text.plain() == "line 0\nLINE 1\nline 2"


async def test_every_role_has_a_style_in_the_theme_and_another_theme_another() -> None:
    async with running() as (app, pilot):
        text = app.screen.query(Text).first()
        before = {role: text.style(role) for role in ROLES}
        assert all(style.color is not None for style in before.values())
        assert before["bad"].bold and not before["ok"].bold
        app.theme = "mxtop-light"
        await settle(pilot)
        assert {role for role in ROLES if text.style(role) == before[role]} == set()
