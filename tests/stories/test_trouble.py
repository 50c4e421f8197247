"""What goes wrong around mxtop costs one part of the screen: no Postfix, other settings, a dead resolver."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.lab import Lab, world
from tests.stories.terminal import BIN, Terminal

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def own_lab() -> Iterator[Lab]:
    with Lab([world.DUAL, world.QUAD]) as lab:
        lab.send("user@dual.example", count=5)
        lab.wait_idle()
        yield lab


def test_without_postfix_the_log_is_shown_and_the_rest_says_why(own_lab: Lab, size: tuple[int, int]) -> None:
    """No postconf on PATH: an empty directory covers those that have it."""
    empty = own_lab.directory / "empty"
    empty.mkdir(exist_ok=True)
    hide = f"mount --bind {empty} /usr/sbin && {BIN}/mxtop --log {own_lab.log_path}; echo ended $?; cat"
    with Terminal(own_lab, ["sh", "-c", hide], *size) as screen:
        screen.wait(r"dual\.example")
        screen.wait(r"✖ settings: postconf: no such command here")
        screen.keys("3")
        screen.wait(r"No Postfix settings could be read")
        screen.keys("4")
        screen.wait(r"No SMTP connection at this moment")
        screen.keys("1", "z")
        screen.wait(r"install it, or add its directory to PATH")
        screen.keys("q")
        screen.wait(r"^ended 0$")


def test_settings_that_change_are_seen_within_seconds(own_lab: Lab, size: tuple[int, int]) -> None:
    own_lab.prefer("any")
    with Terminal(own_lab, ["mxtop"], *size) as screen:
        screen.wait(r"predicted +50% +50%")
        screen.wait("preference any")
        own_lab.prefer("ipv6")
        screen.wait("preference ipv6", 10)
        screen.wait(r"predicted +100% +50%", 10)
        assert "smtp_address_preference = ipv6" in screen.words()


def test_a_dead_resolver_never_blocks_a_key(own_lab: Lab, size: tuple[int, int]) -> None:
    resolv_conf = own_lab.directory / "etc" / "resolv.conf"
    good = resolv_conf.read_text()
    resolv_conf.write_text("nameserver 192.0.2.99\n")
    try:
        with Terminal(own_lab, ["mxtop"], *size) as screen:
            screen.wait(r"dual\.example")
            began = time.monotonic()
            for _ in range(5):
                screen.keys("?")
                screen.wait("Everywhere", 20)
                screen.keys("Escape")
                screen.wait("2 Destinations", 20)
            assert time.monotonic() - began < 20, "ten keys, each far quicker than the resolver gives up"
            screen.keys("3")
            screen.wait(r"✖ .*(timeout|no answer)", 30)
            screen.keys("q")
            assert screen.exit_code(5) == 0
    finally:
        resolv_conf.write_text(good)


def test_a_log_that_goes_away_and_comes_back_is_counted_once(own_lab: Lab) -> None:
    with Terminal(own_lab, ["mxtop"], 100, 30) as screen:
        screen.wait(r"predicted")
        lines = len(own_lab.log_path.read_text().splitlines())
        screen.wait(rf"^ {lines} lines ")
        aside = own_lab.log_path.with_name("aside")
        own_lab.log_path.rename(aside)
        time.sleep(0.5)
        aside.rename(own_lab.log_path)
        own_lab.send("user@dual.example")
        own_lab.wait_idle()
        lines = len(own_lab.log_path.read_text().splitlines())
        screen.wait(rf"^ {lines} lines ")
