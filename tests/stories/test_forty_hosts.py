"""Forty hosts behind one bastion, each with an sshd of its own, all of them at their defaults."""

from __future__ import annotations

import re

import pytest
from tests.lab.fleet import BASTION, Fleet, Member
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab

COUNT = 40
LOG = "/var/lib/mail.log"
SENT = (
    "2026-09-21T14:13:05.000000+02:00 {0} postfix/smtp[4711]: 4B81ABC0D1: to=<user@dual.example>, "
    "relay=mx.dual.example[2001:db8::1]:25, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 Ok)\n"
)


def test_all_are_reached_over_one_connection_to_the_bastion_and_none_is_refused() -> None:
    names = [f"mx{number:02}" for number in range(1, COUNT + 1)]
    with Fleet(*(Member(name, behind=True) for name in names)) as fleet:
        for name in names:
            (fleet[name].directory / "lib" / "mail.log").write_text(SENT.format(name))
        listed = fleet.directory / "hosts"
        listed.write_text("".join(f"{name}\n" for name in names))
        with Terminal(fleet, fleet.argv("--hosts", str(listed), "--log", LOG), 120, 120) as screen:
            screen.wait_for(
                lambda text: set(re.findall(r"^│.● live +(mx\d\d) ", text, re.M)) == set(names),
                "list of all hosts, live",
                240,
            )
            screen.wait(rf"dual\.example +{COUNT} .*6 +0 +0 +{COUNT}\b", 120)
            screen.keys("q")
            assert screen.exit_code(60) == 0
        told = fleet[BASTION].sshd.log.read_text()
        assert told.count("Accepted publickey") == 1
        for name in (BASTION, *names):
            assert not re.search(
                r"drop connection|MaxStartups|no more sessions", fleet[name].sshd.log.read_text()
            )
