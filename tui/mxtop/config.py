"""The user's choices: config.toml, environment and flags joined into one frozen Config.

Flags win over `MXTOP_*`, which win over the file, which wins over the defaults.  The
file is never written.  Imports nothing of ours, so that every room may be told a
value without knowing where it came from.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

INTERVALS: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between two snapshots that the screen offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`keys` maps binding ids to keys, `groups` names to hosts; `warnings` are for the screen and stderr."""

    theme: str = "mxtop-dark"
    interval: float = 1.0
    utc: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    directory: Path = Path()
    warnings: tuple[str, ...] = ()


_TYPES: Final[dict[str, type]] = {"theme": str, "utc": bool}


def config_directory(environ: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/mxtop`, else `~/.config/mxtop`."""
    base = environ.get("XDG_CONFIG_HOME") or ""
    return (Path(base) if base.startswith("/") else Path("~/.config").expanduser()) / "mxtop"


def load(environ: Mapping[str, str] | None = None, **flags: Any) -> Config:
    """Read config.toml and the environment; flags that are not None win.  Never raises: a bad
    value is left at its default and told in `warnings`.
    """
    environ = os.environ if environ is None else environ
    directory = config_directory(environ)
    warnings: list[str] = []
    values = _read(directory / "config.toml", warnings)
    groups = _groups(values.pop("group", {}), warnings)
    for name in ("theme", "interval", "utc"):
        text = environ.get(f"MXTOP_{name.upper()}")
        if text is not None:
            values[name] = _from_text(name, text)
    values.update({name: value for name, value in flags.items() if value is not None})
    config = Config(directory=directory, groups=groups)
    known = {f.name for f in fields(Config)} - {"directory", "groups", "warnings"}
    for name, value in values.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warnings.append(f"config.toml: unknown key {name!r}{hint}")
            continue
        problem = _problem(name, value)
        if problem:
            warnings.append(f"{name}: {problem}")
        else:
            chosen: dict[str, Any] = {name: float(value) if name == "interval" else value}
            config = replace(config, **chosen)
    return replace(config, warnings=tuple(warnings))


def _groups(value: Any, warnings: list[str]) -> dict[str, tuple[str, ...]]:
    """`[group.NAME]` with `hosts = ["mx1", …]`; one that is anything else is left out and told."""
    found: dict[str, tuple[str, ...]] = {}
    for name, group in value.items() if isinstance(value, dict) else [("", value)]:
        hosts = group.get("hosts") if isinstance(group, dict) and set(group) == {"hosts"} else None
        if isinstance(hosts, list) and hosts and all(isinstance(host, str) and host for host in hosts):
            found[name] = tuple(hosts)
        else:
            warnings.append(f'config.toml: [group.{name}] takes hosts = ["mx1", "mx2"], and nothing else')
    return found


def _read(path: Path, warnings: list[str]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            info = os.fstat(file.fileno())
            # A root session must not be steered by a file that somebody else may write.
            if info.st_uid not in (os.geteuid(), 0) or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                warnings.append(f"{path} is not read: others may write it (chmod go-w, or chown)")
                return {}
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        warnings.append(f"{path} is not read: {error}")
        return {}


def _from_text(name: str, text: str) -> Any:
    if name == "interval":
        try:
            return float(text)
        except ValueError:
            return text
    if name == "utc":
        return text.lower() in ("1", "yes", "true", "on")
    return text


def _problem(name: str, value: Any) -> str:
    """What is wrong with a value, or an empty string."""
    if name == "interval":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"a number of seconds is expected, not {value!r}"
        return "" if 0.1 <= value <= 60 else f"{value} is not within 0.1 to 60 seconds"
    if name == "keys":
        if isinstance(value, dict) and all(isinstance(key, str) for key in value.values()):
            return ""
        return '[keys] maps binding ids to keys, such as quit = "q,f10"'
    expected = _TYPES[name]
    if not isinstance(value, expected):
        return f"{expected.__name__} expected, not {value!r}"
    return ""
