"""What mxtop is for, over SSH: two hosts on one screen, and the whole story on one of them.

From the log to the fix to the undo; then again with the connection cut in the middle of it.  The other host
stays as it was, and on the screen.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from tests.lab import Lab, world
from tests.lab.fleet import MXTOP, Fleet, Member
from tests.stories.count import count
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab

DUAL = world.DUAL.domain
UNANSWERED = r"UNCONFIRMED on mx1, goes back in \d\d:\d\d"
RELOAD = r"/master\[\d+\]: reload -- version "


def member(name: str) -> Member:
    settings = {"smtp_connection_cache_on_demand": "no", "myhostname": f"{name}.sender.example"}
    return Member(name, [world.DUAL, world.V4_ONLY], settings=settings)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Mail under `any`, which no line of main.cf names; 120 draws are never too uneven to tell."""
    with Fleet(member("mx1"), member("mx2")) as fleet:
        for lab in fleet.labs:
            lab.send(f"user@{DUAL}", count=120)
            lab.send(f"user@{world.V4_ONLY.domain}", count=3)
        for lab in fleet.labs:
            lab.wait_idle()
        yield fleet


def preference(lab: Lab) -> str:
    return lab.run(["postconf", "-h", "smtp_address_preference"]).stdout.strip()


def preview(screen: Terminal) -> None:
    """From the main screen of mx1 to what would be done."""
    screen.wait(rf"▲ Mail goes over both families by chance · {re.escape(DUAL)}", 60)
    screen.wait(r"predicted +50%", 60)
    screen.keys("x")
    screen.wait(r"\[▸Cancel \]  \[ Set smtp_address_preference = ipv6 on mx1 \]", 60)


def say_yes(screen: Terminal) -> None:
    screen.keys("Tab", "Enter")
    screen.wait(UNANSWERED, 90)
    screen.wait(r"Keep smtp_address_preference = ipv6", 30)


def observed(lab: Lab) -> str:
    """The MX panel's line, by a count of the log that is none of mxtop's."""
    families = count(lab.lines()).destinations[DUAL].families
    return rf"connections +v4 {families['ipv4']['connections']} v6 {families['ipv6']['connections']}\b"


def assert_the_same_here_and_there(fleet: Fleet, name: str) -> None:
    there = fleet.mxtop("report", name, "--json")
    here = fleet[name].lab.run([*MXTOP, "report", "--json"], timeout=120)
    assert (there.returncode, here.returncode) == (0, 0), there.stderr
    assert json.loads(there.stdout) == json.loads(here.stdout)


def test_the_story_on_one_of_two_hosts(fleet: Fleet) -> None:
    lab, other = fleet.labs
    first, others_first = lab.main_cf.read_bytes(), other.main_cf.read_bytes()
    others_mark = other.mark()
    for name in ("mx1", "mx2"):
        assert_the_same_here_and_there(fleet, name)
    with Terminal(fleet, fleet.argv("mx1", "mx2"), 120, 36) as screen:
        for name in ("mx1", "mx2"):
            screen.wait(rf"^│.▲ finding +{name} .*4▇+▁+6", 90)
        screen.keys("]")
        screen.wait(observed(lab), 60)
        kept_and_undone(screen, lab)
        assert lab.main_cf.read_bytes() == first

        other.send(f"user@{DUAL}", count=20)
        other.wait_idle()
        screen.keys("]")
        screen.wait(r"^ mx2.sender.example +postfix .* preference any", 30)
        screen.wait(observed(other), 60)
        screen.keys("[")

        screen.wait(r"^ mx1.sender.example +postfix .* preference any", 30)
        cut_off_and_taken_back(screen, fleet)
        assert (lab.main_cf.read_bytes(), preference(lab)) == (first, "any")
        screen.wait(observed(lab), 60)
        screen.keys("q")
        assert screen.exit_code() == 0
    assert other.main_cf.read_bytes() == others_first
    assert not [line for line in other.lines(others_mark) if re.search(RELOAD, line)]
    assert not fleet["mx2"].state.exists()
    for name in ("mx1", "mx2"):
        assert_the_same_here_and_there(fleet, name)
    past = json.loads(fleet.mxtop("history", "mx1", "--json").stdout)
    assert [one["state"] for one in past] == ["rolled_back", "rolled_back"]


def kept_and_undone(screen: Terminal, lab: Lab) -> None:
    first, before = lab.main_cf.read_bytes(), len(lab.lines())
    preview(screen)
    seen = screen.words()
    for words in ("not set → ipv6", "any → ipv6", "+smtp_address_preference = ipv6"):
        assert words in seen, seen
    assert lab.main_cf.read_bytes() == first, "nothing live was touched"
    say_yes(screen)
    assert preference(lab) == "ipv6"
    lab.send(f"user@{DUAL}", count=40)
    lab.wait_idle()
    screen.wait(r"after +v4 +0 .* 40 v6 +100%", 60)
    screen.wait(r"● good", 60)
    families = count(lab.lines()[before:]).destinations[DUAL].families
    assert (families["ipv4"]["connections"], families["ipv6"]["connections"]) == (0, 40)
    screen.keys("Tab", "Enter")
    screen.wait(r"● smtp_address_preference = ipv6: kept", 60)
    assert preference(lab) == "ipv6"
    screen.keys("Escape")
    screen.wait(r"2 Destinations")
    screen.wait(observed(lab), 60)
    screen.keys("H")
    screen.wait(r"▸.*● confirmed", 60)
    screen.keys("Enter")
    screen.wait(r"\[▸Cancel \]  \[ Undo smtp_address_preference = ipv6 on mx1 \]", 60)
    screen.keys("Tab", "Enter")
    screen.wait(r"◀ smtp_address_preference = ipv6: taken back", 90)
    screen.keys("Escape")
    screen.wait(r"▸.*◀ rolled back")
    screen.keys("Escape")
    screen.wait(r"2 Destinations")


def cut_off_and_taken_back(screen: Terminal, fleet: Fleet) -> None:
    """With the shortest window that the screen offers; the host is away until it has decided."""
    lab = fleet["mx1"].lab
    first = lab.main_cf.read_bytes()
    preview(screen)
    screen.keys("t", "t", "t")  # from 2 min on, round to 1 min
    screen.wait(r"\(●\) 1 min")
    screen.wait_for(lambda text: "after 1 min." in text or screen.keys("G"), "preview with that window", 60)
    say_yes(screen)
    applied = time.monotonic()
    fleet.cut("mx1")
    assert lab.main_cf.read_bytes() != first
    screen.keys("Escape")
    screen.wait(r"▲ stale \d+s|✖ down \d+s  next try \d+s", 60)
    screen.wait(r"▲ \d+s old ─", 30)
    screen.wait(r"UNCONFIRMED on mx1, .* connection lost", 60)
    screen.wait(r"✖ down \d+s +next try \d+s", 90)
    screen.keys("[")
    screen.wait(r"^│.▲ UNCONFIRMED +mx1 ", 30)
    screen.wait(r"^│.▲ finding +mx2 ", 30)
    deadline = time.monotonic() + 200
    while lab.main_cf.read_bytes() != first:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert time.monotonic() - applied > 50
    lab.wait_lines(RELOAD, count=4, timeout=60)
    fleet.mend("mx1")
    screen.keys("]", "R")
    screen.wait(r"● live \d", 120)
    screen.wait_gone("UNCONFIRMED", 60)
    screen.keys("H")
    screen.wait_for(lambda text: text.count("◀ rolled back") == 2, "both changes", 60)
    screen.keys("Escape")
    screen.wait("2 Destinations")
