"""The log of commands: every one that ran, with its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT
from tests.ui.fixing import FakeFixing
from tests.ui.harness import hostile_characters, running, screen_text, settle
from tests.ui.test_fix import with_fixing

from mxtop.session.fixing import Ran
from mxtop.ui.screens.page import Page
from mxtop.ui.screens.ran import Commands, folded


def test_the_same_command_over_and_over_is_one_line() -> None:
    one, other = Ran(1.0, ("a",), 0, 0.1), Ran(3.0, ("b",), 0, 0.1)
    again = replace(one, time=2.0)
    assert folded((one, again, other, one)) == [(again, 2), (other, 1), (one, 1)]
    assert folded((one, replace(one, exit_code=1))) == [(one, 1), (replace(one, exit_code=1), 1)]


def text_of(page: Page, width: int) -> str:
    return "\n".join("".join(text for text, _ in line) for line in page.lines(width))


class Ranning(FakeFixing):
    """What it ran is what a test says."""

    def __init__(self, *ran: Ran) -> None:
        super().__init__()
        self.ran = ran

    def commands(self) -> tuple[Ran, ...]:
        return self.ran


async def test_every_end_has_its_sign_and_what_changes_something_is_marked() -> None:
    fixing = Ranning(
        Ran(1_790_000_000.0, ("postconf", "-x"), 0, 0.03),
        Ran(1_790_000_001.0, ("postqueue", "-j"), 69, 0.2),
        Ran(1_790_000_002.0, ("rm", "it's"), None, 30.0, "change"),
    )
    async with running(session=with_fixing(fixing), utc=True) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        text = screen_text(app)
        assert " 14:13:20     0   0.03s    $ postconf -x " in text
        assert " 14:13:21    69   0.20s    $ postqueue -j " in text
        assert " 14:13:22     –     30s  ◆ $ rm " in text
        assert "'it'\"'\"'s'" in text, "as one would type it"


async def test_nothing_was_run_yet() -> None:
    async with running(session=with_fixing(Ranning())) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        assert "mxtop has run no command on this host yet." in screen_text(app)


async def test_it_follows_unless_somebody_reads_further_up() -> None:
    def ran(count: int) -> tuple[Ran, ...]:
        return tuple(Ran(1_790_000_000.0 + n, (f"command-{n}",), 0, 0.1) for n in range(count))

    fixing = Ranning(*ran(100))
    async with running(session=with_fixing(fixing), size=(80, 24)) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        assert "command-99" in screen_text(app)
        fixing.ran = ran(120)
        app.publish(replace(SNAPSHOT, sent_rate=1.0))
        await settle(pilot)
        assert "command-119" in screen_text(app)
        await pilot.press("pageup")
        await settle(pilot)
        seen = screen_text(app)
        fixing.ran = ran(140)
        app.publish(replace(SNAPSHOT, sent_rate=2.0))
        await settle(pilot)
        assert "command-139" not in screen_text(app)
        assert [line[:60] for line in seen.splitlines()][2:20] == [
            line[:60] for line in screen_text(app).splitlines()
        ][2:20]


@pytest.mark.parametrize("argv", [("",), (), ("a" * 5000,), tuple("漢字" * 50), ("\x1b]0;x\x07\n",)])
async def test_any_command_in_a_narrow_terminal(argv: tuple[str, ...]) -> None:
    async with running(session=with_fixing(Ranning(Ran(1.0, argv, 0, 0.1))), size=(40, 10)) as (app, pilot):
        await pilot.press("L")
        await settle(pilot)
        assert isinstance(app.screen, Commands) and not hostile_characters(screen_text(app))
        assert len(text_of(app.screen, 34)) < 40_000
