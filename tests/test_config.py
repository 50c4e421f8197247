"""config.toml, environment and flags joined."""

from __future__ import annotations

from pathlib import Path

import pytest

from mxtop.config import Config, load


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mxtop").mkdir()
    return tmp_path


def write(home: Path, text: str) -> dict[str, str]:
    (home / "mxtop" / "config.toml").write_text(text)
    return {"XDG_CONFIG_HOME": str(home)}


def test_nothing_said_is_the_default(home: Path) -> None:
    config = load({"XDG_CONFIG_HOME": str(home)})
    assert config == Config(directory=home / "mxtop")


def test_flag_beats_environment_beats_file(home: Path) -> None:
    environ = write(home, 'theme = "a"\ninterval = 2\nutc = true\n')
    assert load(environ).theme == "a"
    environ["MXTOP_THEME"] = "b"
    assert load(environ).theme == "b"
    assert load(environ, theme="c").theme == "c"
    config = load(environ, theme=None)
    assert (config.theme, config.interval, config.utc) == ("b", 2.0, True)


def test_unknown_key_is_told_with_the_nearest(home: Path) -> None:
    config = load(write(home, 'tehme = "a"\n'))
    assert config.theme == "mxtop-dark"
    assert config.warnings == ("config.toml: unknown key 'tehme'; did you mean theme?",)


@pytest.mark.parametrize(
    "text",
    ["interval = 0", "interval = true", 'interval = "x"', "theme = 1", 'keys = "q"', "[keys]\nquit = 1"],
)
def test_a_bad_value_keeps_the_default_and_warns(home: Path, text: str) -> None:
    config = load(write(home, text))
    assert (config.interval, config.theme, config.keys) == (1.0, "mxtop-dark", {})
    assert len(config.warnings) == 1


def test_broken_toml_and_bytes_degrade_to_defaults(home: Path) -> None:
    assert "is not read" in load(write(home, "theme = ")).warnings[0]
    (home / "mxtop" / "config.toml").write_bytes(b'theme = "\xff"')
    assert "is not read" in load({"XDG_CONFIG_HOME": str(home)}).warnings[0]


def test_a_file_that_others_may_write_is_not_read(home: Path) -> None:
    environ = write(home, 'theme = "a"\n')
    (home / "mxtop" / "config.toml").chmod(0o666)
    config = load(environ)
    assert config.theme == "mxtop-dark"
    assert "others may write it" in config.warnings[0]


def test_keys_are_taken(home: Path) -> None:
    assert load(write(home, '[keys]\nquit = "f10"\n')).keys == {"quit": "f10"}


def test_groups_of_hosts(home: Path) -> None:
    environ = write(
        home,
        """
        [group.edge]
        hosts = ["mx1", "admin@mx2:2222"]
        [group.empty]
        hosts = []
        [group.odd]
        hosts = ["mx1"]
        user = "x"
    """,
    )
    found = load(environ)
    assert found.groups == {"edge": ("mx1", "admin@mx2:2222")}
    assert [warning.split()[1] for warning in found.warnings] == ["[group.empty]", "[group.odd]"]
