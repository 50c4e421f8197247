"""Themes: one TOML file each, with every colour the screen uses by the name of its role.

A file that is broken is left out and told in one notice; it never takes the screen down.
Textual's own themes stay selectable: `role_defaults` gives them our roles.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from mxtop.mail.text import clean
from mxtop.mail.value import value

DEFAULT: Final = "mxtop-dark"

COLOURS: Final = ("background", "surface", "panel", "foreground", "primary", "accent")
"""Surfaces and frames: `surface` is behind text, `panel` behind heads, `primary` frames the focus."""

ROLES: Final = ("ok", "slow", "bad", "v4", "v6", "muted", "heading", "cursor", "cursor-text")
"""What a text means.  `cursor` is a background, with `cursor-text` on it."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


@value
class Themes:
    """What could be loaded, and one line for each file that could not."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...] = ()


def theme_directory() -> Path:
    """Where the shipped themes lie: inside the package in a wheel, beside it in a source tree."""
    packaged = Path(__file__).parents[1] / "themes"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "themes"


def load(directories: Iterable[Path], only: str | None = None) -> Themes:
    """Every theme of these directories, or `only` one; a later one of the same name wins.  Raises nothing."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for directory in directories:
        for path in _files(directory, problems):
            if only not in (None, path.stem):
                continue
            try:
                with path.open("rb") as file:
                    theme = read(path.stem, tomllib.load(file))
            except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
                problems.append(f"{path.name}: {error}")
            else:
                found[theme.name] = theme
    return Themes(tuple(found.values()), tuple(clean(problem, 200) for problem in problems))


def _files(directory: Path, problems: list[str]) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(f"{directory}: {error.strerror}")
        return []


def read(name: str, document: Mapping[str, Any]) -> Theme:
    """The theme of one file: `dark` and the tables `colours` and `roles`, complete and nothing else.

    ValueError says what is wrong.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a theme's file name is small letters, digits and hyphens")
    if unknown := set(document) - {"dark", "colours", "roles"}:
        raise ValueError(f"unknown key {min(unknown)!r}")
    if not isinstance(document.get("dark"), bool):
        raise ValueError("dark = true or false is missing")
    colours = _table(document, "colours", COLOURS)
    roles = _table(document, "roles", ROLES)
    return Theme(
        name=name,
        primary=colours["primary"],
        secondary=roles["heading"],
        accent=colours["accent"],
        success=roles["ok"],
        warning=roles["slow"],
        error=roles["bad"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        dark=document["dark"],
        variables={f"role-{role}": colour for role, colour in roles.items()},
    )


def _table(document: Mapping[str, Any], name: str, expected: tuple[str, ...]) -> dict[str, str]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise ValueError(f"the table [{name}] is missing")
    for key in expected:
        if key not in table:
            raise ValueError(f"{name}.{key} is missing")
        if not (isinstance(table[key], str) and _COLOUR.fullmatch(table[key])):
            raise ValueError(f"{name}.{key} is no colour such as #1a2b3c")
    if unknown := set(table) - set(expected):
        raise ValueError(f"{name}.{min(unknown)} is unknown")
    return dict(table)


def role_defaults(theme: Theme) -> dict[str, str]:
    """Our roles in a theme that does not name them, such as Textual's own."""
    colours = theme.to_color_system().generate()
    return {
        "role-ok": colours["text-success"],
        "role-slow": colours["text-warning"],
        "role-bad": colours["text-error"],
        "role-v4": colours["text-accent"],
        "role-v6": colours["text-primary"],
        "role-muted": colours["foreground-muted"],
        "role-heading": colours["text-primary"],
        "role-cursor": colours["block-cursor-background"],
        "role-cursor-text": colours["block-cursor-foreground"],
    }


def role_style(variables: Mapping[str, str], fore: str, back: str | None, *, bold: bool) -> Style:
    """The style of theme variables, to be added to a widget's own.

    Textual's own themes hold values that only its CSS knows: `auto 87%` is black or white, whatever
    can be read on the background; `ansi_default 50%` and `transparent` are left to the terminal.
    """
    behind = variables.get(back or "surface", "transparent")
    background = _parsed(behind)
    value = variables[fore]
    if value.startswith("auto"):
        colour: Color | None = background.get_contrast_text(1.0) if background else None
    else:
        colour = _parsed(value)
    if colour is not None and colour.ansi is None and background is not None and background.ansi is None:
        colour = background + colour
    return Style(
        color=colour.rich_color if colour else None,
        bgcolor=background.rich_color if back and background else None,
        bold=bold or None,
    )


def _parsed(value: str) -> Color | None:
    try:
        colour = Color.parse(value.split(" ")[0])
    except ColorParseError:
        return None
    return None if colour.is_transparent else colour


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _luminance(colour: str) -> float:
    channels = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in Color.parse(colour).normalized
    )
    red, green, blue = channels
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
