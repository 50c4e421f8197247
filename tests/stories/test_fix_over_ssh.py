"""Changes on a host behind a real sshd: the story by command, and the connection lost in the middle of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from tests.hosts.sshd import Sshd
from tests.lab import Lab, world
from tests.lab.fleet import Fleet, Member
from tests.stories.terminal import Terminal
from tests.stories.test_fix_command import HURRIED

pytestmark = pytest.mark.lab

DUAL = world.DUAL.domain


@dataclass
class Place:
    """A fleet whose one host is reached as mx1, from where no Postfix is mxtop's."""

    fleet: Fleet

    @property
    def lab(self) -> Lab:
        return self.fleet["mx1"].lab

    @property
    def sshd(self) -> Sshd:
        return self.fleet["mx1"].sshd

    def argv(self, *words: str) -> list[str]:
        return self.fleet.argv(*words, program=[sys.executable, "-c", HURRIED])

    def mxtop(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.fleet.run(self.argv(*words), timeout=200)

    def start(self, *words: str) -> subprocess.Popen[Any]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return self.fleet.popen(self.argv(*words), text=True, start_new_session=True, **pipes)

    @property
    def preference(self) -> str:
        return self.lab.run(["postconf", "-h", "smtp_address_preference"]).stdout.strip()

    def history(self) -> list[dict[str, Any]]:
        done = self.mxtop("history", "mx1", "--json")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


SUDOERS = """\
Defaults !syslog, lecture=never, timestampdir={directory}/ts, lecture_status_dir={directory}/ts
root ALL=(ALL) ALL
mxadmin ALL=(root) ALL
"""
PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
PASSWORD = "correct horse §42"


AHEAD = """\
#!/bin/bash
printf -v now '%(%s)T' -1
format=${{!#}} format=${{format#+}}
TZ=UTC printf "%(${{format/.%N/.000000000}})T\\n" $((now + 3600))
"""
"""date(1) of a host whose clock is an hour ahead; it is the only one there that says so."""


@pytest.fixture(params=["root"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """`root` logs in, or `mxadmin`, whom sudo asks for a password; the log is readable by both.

    `ahead`: root, on a host whose clock is not ours.
    """
    ahead, user = request.param == "ahead", request.param.replace("ahead", "root")
    covers = {"/etc/sudoers": SUDOERS, "/etc/pam.d/sudo": PAM, **({"/usr/bin/date": AHEAD} if ahead else {})}
    settings = {"smtp_connection_cache_on_demand": "no"}
    with Fleet(Member("mx1", [world.DUAL], settings=settings, user=user, covers=covers)) as fleet:
        found = Place(fleet)
        found.lab.send(f"user@{DUAL}", count=120)
        found.lab.wait_idle()
        found.lab.log_path.chmod(0o644)
        if user != "root":
            found.sshd.password(PASSWORD)
        yield found


def until(condition: Callable[[], bool], what: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"no {what} after {timeout} s"
        time.sleep(0.05)


def test_previewed_applied_kept_and_undone(place: Place) -> None:
    first = place.lab.main_cf.read_bytes()
    preview = place.mxtop("fix", "address-preference", "--to", "ipv6", "mx1", "--dry-run", "--json")
    assert preview.returncode == 0, preview.stderr
    shown = json.loads(preview.stdout)
    assert (shown["host"], shown["state"]) == ("mx1", "preview")
    assert shown["predicted"] == {"before": 0.5, "after": 1.0}
    assert place.lab.main_cf.read_bytes() == first

    run = place.start("fix", "address-preference", "--to", "ipv6", "mx1", "--yes", "--json")
    until(lambda: place.preference == "ipv6", "change")
    place.lab.wait_lines(r"/master\[\d+\]: reload -- version ", timeout=60)
    place.lab.send(f"user@{DUAL}", count=40)
    out, err = run.communicate(timeout=150)
    assert run.returncode == 0, err
    told = json.loads(out)
    assert (told["state"], told["verdict"], told["host"]) == ("confirmed", "good", "mx1")
    seen = told["observed"]["after"]  # kept as soon as that is proven: the last of them may come later
    assert (seen["ipv4"], 5 <= seen["ipv6"] <= 40) == (0, True)
    assert told["operator"].endswith(f"@{os.uname().nodename}")

    undone = place.mxtop("undo", "mx1", "--json")
    assert undone.returncode == 0, undone.stderr
    assert place.lab.main_cf.read_bytes() == first
    assert [one["state"] for one in place.history()] == ["rolled_back"]
    assert place.mxtop("confirm", "mx1").returncode == 2, "nothing waits"


def test_cut_off_in_the_middle_the_host_takes_it_back_and_who_watched_is_told(place: Place) -> None:
    """F11: sessions killed, the server away for longer than the window."""
    first = place.lab.main_cf.read_bytes()
    run = place.start("fix", "address-preference", "--to", "ipv6", "mx1", "--yes", "--confirm-within", "22")
    until(lambda: place.preference == "ipv6", "change")
    until(lambda: b'"applied"' in audit(place), "applied")
    with place.sshd.away():
        until(lambda: place.lab.main_cf.read_bytes() == first, "end by the watchdog", 120)
    _, err = run.communicate(timeout=150)
    assert run.returncode == 1, err
    assert "rolled back" in err
    assert [one["state"] for one in place.history()] == ["rolled_back"]


@pytest.mark.parametrize("place", ["mxadmin"], indirect=True)
def test_the_screen_over_ssh_tells_the_story_and_asks_sudo_s_password_once(place: Place) -> None:
    lab, first = place.lab, place.lab.main_cf.read_bytes()
    shown = ""
    with Terminal(place.fleet, place.argv("mx1"), 100, 30) as screen:
        screen.wait(rf"▲ Mail goes over both families by chance · {re.escape(DUAL)}", 40)
        screen.wait(r"predicted +50%")
        screen.keys("x")
        screen.wait("Password for sudo on mx1")
        screen.type(PASSWORD)
        shown += screen.text()
        screen.keys("Enter")
        screen.wait(r"\[▸Cancel \]  \[ Set smtp_address_preference = ipv6 on mx1 \]", 40)
        shown += screen.text()
        assert lab.main_cf.read_bytes() == first
        screen.keys("Tab", "Enter")
        screen.wait(r"UNCONFIRMED on mx1, goes back in \d\d:\d\d", 60)
        screen.wait(r"Keep smtp_address_preference = ipv6")
        lab.send(f"user@{DUAL}", count=40)
        screen.wait(r"● good", 60)
        screen.keys("Tab", "Enter")
        screen.wait(r"● smtp_address_preference = ipv6: kept", 40)
        assert place.preference == "ipv6"
        screen.keys("Escape")
        screen.wait(r"2 Destinations")
        screen.keys("H")
        screen.wait(r"▸.*● confirmed", 40)
        screen.keys("Enter")
        screen.wait(r"\[▸Cancel \]  \[ Undo smtp_address_preference = ipv6 on mx1 \]", 40)
        screen.keys("Tab", "Enter")
        screen.wait(r"◀ smtp_address_preference = ipv6: taken back", 60)
        assert lab.main_cf.read_bytes() == first
        screen.keys("Escape")
        screen.wait(r"▸.*◀ rolled back")
        screen.keys("L")
        screen.wait("Commands · mx1")
        shown += screen.text()
    assert PASSWORD not in shown
    files = [path for path in lab.directory.rglob("*") if path.is_file()]
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize("place", ["ahead"], indirect=True)
def test_mxtop_is_killed_and_the_next_one_sees_the_change_go_back(place: Place) -> None:
    """F11, F27: nobody is left here who knows of it; there, the window is as long as it was."""
    first = place.lab.main_cf.read_bytes()
    run = place.start("fix", "address-preference", "--to", "ipv6", "mx1", "--yes", "--confirm-within", "40")
    until(lambda: b'"applied"' in audit(place), "applied")
    began = time.monotonic()
    run.kill()
    run.communicate(timeout=60)
    with Terminal(place.fleet, place.argv("mx1"), 100, 30) as screen:
        screen.wait(r"UNCONFIRMED on mx1, goes back in 00:[0-3]\d", 35)
        assert place.preference == "ipv6"
        screen.wait_gone("UNCONFIRMED", 120)
        assert time.monotonic() - began > 35
        screen.keys("H")
        screen.wait(r"▸.*◀ rolled back", 60)
    assert place.lab.main_cf.read_bytes() == first
    assert place.preference == "any"
    (past,) = place.history()
    assert past["state"] == "rolled_back"
    assert datetime.fromisoformat(past["time"]).timestamp() > time.time() + 3000, "as its own clock has it"


def audit(place: Place) -> bytes:
    path = place.fleet["mx1"].state / "audit.jsonl"
    return path.read_bytes() if path.exists() else b""
