"""The fix, from the finding to the end, as an admin sees it: kept and undone, forgotten, cut off.

Each story is its own: main.cf is the first file to the byte at its end.  mxtop keeps its changes below
/var/lib, which is a directory of the lab's here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.stories.count import count
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab

SIZES = [(80, 24), (120, 36)]
DUAL = world.DUAL.domain
HOST = "mx1"
WATCHED = (world.DUAL, world.V4_ONLY)


@pytest.fixture
def mixed_lab() -> Iterator[Lab]:
    """Mail to a dual-stack destination under `any`, which no line of main.cf names.

    Each story has its own: what one sent over IPv6 must not count as the next one's time before, nor one
    that fails leave its change to the others.  120 draws are never so uneven that 40 of one family tell
    nothing.
    """
    with Lab(WATCHED, settings={"smtp_connection_cache_on_demand": "no"}) as lab:
        lab.send(f"user@{DUAL}", count=120)
        lab.send(f"user@{world.V4_ONLY.domain}", count=3)
        lab.wait_idle()
        yield lab


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


def mxtop(lab: Lab) -> list[str]:
    """mxtop on a host of a short name, with a /var/lib of its own."""
    state = Path(lab.directory) / "lib"
    state.mkdir(mode=0o755, exist_ok=True)
    inside = 'hostname "$0" && mount --bind "$1" /var/lib && exec mxtop'
    return ["unshare", "--uts", "--mount", "sh", "-c", inside, HOST, str(state)]


def preference(lab: Lab) -> str:
    return lab.run(["postconf", "-h", "smtp_address_preference"]).stdout.strip()


def apply(screen: Terminal) -> None:
    """From the main screen to a change that is applied and unconfirmed."""
    screen.wait(rf"▲ Mail goes over both families by chance · {re.escape(DUAL)}")
    screen.wait(r"predicted +50%")
    screen.keys("x")
    screen.wait(rf"\[▸Cancel \]  \[ Set smtp_address_preference = ipv6 on {HOST} \]")


def say_yes(screen: Terminal) -> None:
    screen.keys("Tab", "Enter")
    screen.wait(rf"UNCONFIRMED on {HOST}, goes back in \d\d:\d\d", 40)


def test_previewed_applied_watched_kept_and_undone(mixed_lab: Lab, size: tuple[int, int]) -> None:
    lab, first = mixed_lab, mixed_lab.main_cf.read_bytes()
    before = len(list(lab.lines()))
    with Terminal(lab, mxtop(lab), *size) as screen:
        screen.wait(r"predicted")
        screen.keys("j")
        screen.wait(rf"MX · {re.escape(world.V4_ONLY.domain)} ")
        screen.wait(r"predicted +0%")
        screen.keys("k")
        apply(screen)
        seen = screen.words()
        for _ in range(6):
            screen.keys("PageDown")
            time.sleep(0.2)
            seen += " " + screen.words()
        for words in (
            "Postfix draws lots for each connection",
            "not set → ipv6",
            "any → ipv6",
            "+smtp_address_preference = ipv6",
            "untouched (v4only.example)",
            "ipv6 is unsafe",
            "$ postfix -c /etc/postfix check",
            "$ postfix -c /etc/postfix reload",
        ):
            assert words in seen, seen
        assert lab.main_cf.read_bytes() == first, "nothing live was touched"

        say_yes(screen)
        screen.wait(r"Keep smtp_address_preference = ipv6")
        assert preference(lab) == "ipv6"
        lab.send(f"user@{DUAL}", count=40)
        lab.wait_idle()
        screen.wait(r"after +v4 +0 .* 40 v6 +100%", 30)
        screen.wait(r"● good", 30)
        families = count(list(lab.lines())[before:]).destinations[DUAL].families
        assert (families["ipv4"]["connections"], families["ipv6"]["connections"]) == (0, 40)

        screen.keys("Escape")
        screen.wait(r"2 Destinations")
        screen.wait(rf"UNCONFIRMED on {HOST}, goes back in")
        screen.keys("x")
        screen.wait(r"Keep smtp_address_preference = ipv6")
        screen.keys("Tab", "Enter")
        screen.wait(r"● smtp_address_preference = ipv6: kept")
        screen.wait_gone("UNCONFIRMED")
        assert preference(lab) == "ipv6"

        screen.keys("Escape")
        screen.wait(r"2 Destinations")
        screen.keys("H")
        screen.wait(r"▸.*● confirmed")
        screen.keys("Enter")
        screen.wait(rf"\[▸Cancel \]  \[ Undo smtp_address_preference = ipv6 on {HOST} \]")
        screen.keys("Tab", "Enter")
        screen.wait(r"◀ smtp_address_preference = ipv6: taken back", 40)
        assert lab.main_cf.read_bytes() == first
        assert preference(lab) == "any"
        screen.keys("Escape")
        screen.wait(r"▸.*◀ rolled back")
        screen.keys("L")
        screen.wait(r"Commands · mx1")


def test_nobody_answers_the_terminal_is_closed_and_it_goes_back_by_itself(mixed_lab: Lab) -> None:
    """With the shortest window that the screen offers; the next mxtop sees it to its end."""
    lab, first = mixed_lab, mixed_lab.main_cf.read_bytes()
    with Terminal(lab, mxtop(lab), 80, 24) as screen:
        apply(screen)
        screen.keys("t", "t", "t")  # from 2 min on, round to 1 min
        screen.wait(r"\(●\) 1 min")
        screen.wait_for(lambda text: "after 1 min." in text or screen.keys("G"), "preview with that window")
        say_yes(screen)
        applied = time.monotonic()
        screen.kill_server()
    assert lab.main_cf.read_bytes() != first
    with Terminal(lab, mxtop(lab), 80, 24) as screen:
        screen.wait(rf"UNCONFIRMED on {HOST}, goes back in 00:[2-5]\d")
        assert preference(lab) == "ipv6"
        screen.wait_gone("UNCONFIRMED", 90)
        assert time.monotonic() - applied > 50
        screen.wait_for(lambda _: "taken back" in screen.words(), "word of its end")
        assert lab.main_cf.read_bytes() == first
        assert preference(lab) == "any"


def test_taken_back_at_once_and_who_quits_is_warned(mixed_lab: Lab) -> None:
    lab, first = mixed_lab, mixed_lab.main_cf.read_bytes()
    with Terminal(lab, mxtop(lab), 120, 36) as screen:
        apply(screen)
        say_yes(screen)
        screen.wait(r"\[ Undo now \]")
        assert lab.main_cf.read_bytes() != first
        screen.keys("q")
        screen.wait(r"is not confirmed")
        screen.keys("Right", "Right", "Enter")
        screen.wait(r"◀ smtp_address_preference = ipv6: taken back", 40)
        assert lab.main_cf.read_bytes() == first
        screen.keys("q")
        assert screen.exit_code() == 0
