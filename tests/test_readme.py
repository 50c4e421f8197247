"""README keeps its word: its files, its commands and its picture are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from mxtop import config
from mxtop.arguments import PARSERS
from mxtop.ui.keys import KEYS, check
from mxtop.ui.start import demo_recording
from tests.picture import SELECTED, moment, portable, take

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_it_opens_with_the_two_commands() -> None:
    commands = re.findall(r"^make .*?(?=\s+#|$)", README, re.MULTILINE)
    assert commands[:2] == ["make demo", "make deps test"]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for command in commands for word in command.split()[1:]} <= targets


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_it_names_every_command_and_none_that_is_not_built() -> None:
    for name in filter(None, PARSERS):
        assert f"mxtop {name}" in README, name
    typed = "".join(re.findall(r"```\n(.*?)```", README, re.DOTALL))
    for name in re.findall(r"\bmxtop ([a-z]+)(?= |$)", typed, re.MULTILINE):
        assert name in PARSERS, name


def test_its_configuration_is_taken_as_it_stands(tmp_path: Path) -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "mxtop").mkdir()
    path = tmp_path / "mxtop" / "config.toml"
    path.write_text(toml)
    path.chmod(0o600)
    chosen = config.load({"XDG_CONFIG_HOME": str(tmp_path)})
    assert chosen.warnings == ()
    assert (chosen.theme, chosen.interval, chosen.utc) == ("mxtop-deuteranopia", 2.0, True)
    assert check(chosen.keys).problems == ()
    assert set(chosen.keys) <= {key.id for key in KEYS}
    assert (ROOT / "themes" / f"{chosen.theme}.toml").exists()


async def test_its_picture_is_the_screen_and_the_same_each_time() -> None:
    pictures = await take()
    svg = pictures["screen"]
    for words in (SELECTED, "SYN_SENT", "MX", "demo", "smtp_address_preference"):
        assert words in svg, words
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg|https://www\.textualize\.io", "", svg)
    again = await take()
    for name in ("screen", "fix-preview"):  # how far the effect is depends on the machine's speed
        assert pictures[name] == again[name], name
    for name, picture in pictures.items():
        assert (ROOT / "docs" / f"{name}.svg").stat().st_size > len(picture) / 2
        assert f"docs/{name}.svg" in README
    for words in ("Predicted&#160;effect", "Set&#160;smtp_address_preference"):
        assert words in pictures["fix-preview"], words
    for words in ("UNCONFIRMED", "Undo&#160;now", "postfix&#160;-c&#160;/etc/postfix&#160;reload"):
        assert words in pictures["fix-effect"], words


async def test_the_picture_is_of_the_moment_it_says() -> None:
    later, earlier = [(await moment(demo_recording(), seconds)).snapshot for seconds in (90.0, 60.0)]
    assert later.time - earlier.time == 30.0


def test_blanks_become_places() -> None:
    text = '<text class="a" x="12.2" y="1" textLength="61" clip-path="url(#b)">&#160;a&#160;b&#160;</text>'
    assert portable(text) == (
        '<text class="a" x="24.4" y="1" textLength="36.6" clip-path="url(#b)">a&#160;b</text>'
    )
    assert portable(text.replace("a&#160;b", "&#160;")) == ""


def test_make_picture_writes_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "tests.picture", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    for name in ("screen", "fix-preview", "fix-effect"):
        assert (tmp_path / f"{name}.svg").read_text().startswith("<svg")
