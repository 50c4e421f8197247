"""Themes: every role there, everything readable, and a broken one is only told."""

from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from tests.ui.harness import running, screen_text
from textual.color import Color

from mxtop.ui import theme

SHIPPED = sorted(theme.theme_directory().glob("*.toml"))
GOOD = (theme.theme_directory() / "mxtop-dark.toml").read_text()


def document(path: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads(path.read_text())


def test_shipped() -> None:
    names = {path.stem for path in SHIPPED}
    assert {"mxtop-dark", "mxtop-light", "mxtop-deuteranopia", "mxtop-contrast"} <= names
    loaded = theme.load([theme.theme_directory()])
    assert loaded.problems == () and {t.name for t in loaded.themes} == names


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_contrast(path: Path) -> None:
    """WCAG 2.2 AA for text on every background that it stands on; AAA in the contrast theme."""
    least = 7.0 if path.stem == "mxtop-contrast" else 4.5
    colours, roles = document(path)["colours"], document(path)["roles"]
    assert set(colours) == set(theme.COLOURS) and set(roles) == set(theme.ROLES)
    texts = {role: roles[role] for role in theme.ROLES if not role.startswith("cursor")}
    texts |= {name: colours[name] for name in ("foreground", "accent", "primary")}
    for name, text in texts.items():
        for background in ("background", "surface", "panel"):
            assert theme.contrast(text, colours[background]) >= least, (name, background)
    assert theme.contrast(roles["cursor-text"], roles["cursor"]) >= least


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def deuteranope(colour: str) -> tuple[float, float, float]:
    """How the colour looks without green cones (Viénot, Brettel, Mollon 1999), linear light."""
    r, g, b = (c**2.2 for c in Color.parse(colour).normalized)
    mixed = 0.29275 * r + 0.70725 * g
    return mixed, mixed, -0.02234 * r + 0.02234 * g + b


def test_the_states_differ_without_green_cones() -> None:
    roles = document(theme.theme_directory() / "mxtop-deuteranopia.toml")["roles"]
    seen = [deuteranope(roles[role]) for role in ("ok", "slow", "bad")]
    for one, other in combinations(seen, 2):
        assert sum((x - y) ** 2 for x, y in zip(one, other, strict=True)) ** 0.5 > 0.25


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.toml", "dark = ", "Invalid value"),
        ("b.toml", GOOD.replace("dark = true", ""), "dark = true or false is missing"),
        ("c.toml", GOOD.replace('bad = "#', 'bad = "red #'), "roles.bad is no colour"),
        ("d.toml", GOOD.replace("v6 =", "v7 ="), "roles.v6 is missing"),
        ("e.toml", GOOD + '\nblink = "#000000"', "roles.blink is unknown"),
        ("F G.toml", GOOD, "file name"),
        ("g.toml", "x = 1\n" + GOOD, "unknown key 'x'"),
        ("h.toml", "dark = true", "the table [colours] is missing"),
    ],
)
def test_a_broken_theme_is_told_in_one_line(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "mine.toml").write_text(GOOD)
    loaded = theme.load([tmp_path])
    assert [t.name for t in loaded.themes] == ["mine"]
    (line,) = loaded.problems
    assert problem in line and name in line


def test_not_utf8_and_not_readable(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"dark = \xff")
    (tmp_path / "b.toml").mkdir()
    assert len(theme.load([tmp_path, tmp_path / "none"]).problems) == 2


async def test_user_themes_and_one_notice_for_all_failures(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace("#0f1419", "#000011"))
    (tmp_path / "bad.toml").write_text("x")
    (tmp_path / "worse.toml").write_text("[/red]")
    async with running(theme_directories=[tmp_path], theme_name="mine") as (app, _):
        assert app.theme == "mine" and app.current_theme.background == "#000011"
        assert len(app._notifications) == 1
        assert "bad.toml" in screen_text(app) and "worse.toml" in screen_text(app)
