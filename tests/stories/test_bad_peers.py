"""Hosts that freeze, flood, answer garbage or come back with another key: the screen and the others go on."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sshd import make_key
from tests.lab.fleet import Fleet, Member
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab

DATA = Path(__file__).parents[1] / "data" / "logs" / "postfix-3.7.11.long.iso.log.gz"
LOG = "/var/lib/mail.log"
"""On every host another file."""

MIB = 1024 * 1024
ROOM = 200 * MIB
"""More memory than this is not taken by all that the bad ones send."""


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    bad = {"floods": "cat /dev/zero", "garbage": "head -c 3000 /dev/urandom; exec sleep 60"}
    members = [
        *(Member(name) for name in ("good", "frozen", "noisy")),
        *(Member(name, ForceCommand=command) for name, command in bad.items()),
    ]
    with Fleet(*members) as fleet:
        for member in members:
            log(member).write_bytes(lines()[0])
        yield fleet


def log(member: Member) -> Path:
    return member.directory / "lib" / "mail.log"


def lines() -> tuple[bytes, bytes]:
    """The log so far, and what comes later."""
    text = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    return b"".join(text[:3000]), b"".join(text[3000:])


def most_memory(screen: Terminal) -> int:
    """Of the process so far (proc(5), VmHWM), in bytes."""
    (line,) = [line for line in Path(f"/proc/{screen.pid}/status").read_text().split("\n") if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def test_each_is_told_and_none_holds_up_the_others(fleet: Fleet) -> None:
    good, frozen, noisy = (fleet[name] for name in ("good", "frozen", "noisy"))
    argv = fleet.argv("good", "frozen", "noisy", "floods", "garbage", "--log", LOG)
    with Terminal(fleet, argv, 140, 40) as screen:
        for name in ("good", "frozen", "noisy"):
            screen.wait(rf"^│.▲ (stuck|finding) +{name} .*4▇+▁+6", 90)
        screen.wait(r"^│.✖ down +floods ", 90)
        screen.wait(r"^│.✖ down +garbage ", 90)
        before = most_memory(screen)

        tells_of_the_flood(fleet, screen)
        with log(noisy).open("ab") as file:
            for _ in range(8):
                file.write(os.urandom(MIB) + b"\n")
                file.write(lines()[1])
            file.write(b"x" * 64 * MIB)
        frozen.sshd.freeze()
        screen.wait(r"^│.▲ stale +frozen ", 60)
        with log(good).open("ab") as file:
            file.write(lines()[1])
        screen.keys("]")
        screen.wait(r"^ good .* ● live \d", 30)
        screen.keys("1", "z")
        screen.wait(r"^ lines +4,539", 60)
        screen.keys("z", "[")
        screen.wait(r"^│.✖ down +frozen +\d+s ", 90)
        screen.wait(r"^│.▲ (stuck|finding) +noisy ", 60)
        assert most_memory(screen) < before + ROOM

        frozen.sshd.thaw()
        screen.wait(r"^│.▲ (stuck|finding) +frozen ", 120)
        comes_back_as_another(screen, frozen)
        screen.wait(r"^ all .* good (stuck|finding) .* ✖ frozen host key changed ", 60)
        screen.keys("q")
        assert screen.exit_code() == 0


def tells_of_the_flood(fleet: Fleet, screen: Terminal) -> None:
    """What is wrong there and what helps, on its own page and from a command."""
    screen.keys("[", "[")
    screen.wait(r"^ floods .* ✖ down ", 30)
    screen.wait(r"floods the login with output, so that nothing can be run there", 60)
    screen.wait(r"mend what runs there at login \(~/\.bashrc, ~/\.ssh/rc, a ForceCommand\)", 60)
    screen.keys("]", "]")
    screen.wait(r"^│.✖ down +floods ", 30)
    done = fleet.mxtop("report", "floods", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "floods the login with output" in done.stderr
    assert "~/.bashrc" in done.stderr


def comes_back_as_another(screen: Terminal, member: Member) -> None:
    """A new host key between two connections is no reason to go on."""
    sshd = member.sshd
    sshd.stop()
    sshd.host_key.unlink()
    make_key(sshd.host_key)
    sshd.start()
    screen.wait(rf"^│.✖ host key.* +{member.name} ", 120)
    screen.keys("]", "]")
    screen.wait(rf"{member.name} · host key changed", 30)
    words = screen.words()
    assert sshd.fingerprint in words
    assert f"{sshd.known_hosts}:1" in words
    assert "It is not tried again by itself." in words
    assert "[ Try again ]" in words
    assert "Accepted" not in sshd.log.read_text().rpartition("Server listening")[2]
    screen.keys("Escape")
    screen.wait(rf"^ {member.name} .* ✖ host key changed", 30)
