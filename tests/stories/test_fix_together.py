"""One change on two hosts by command: two Postfix behind two real sshds, and traffic on both."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Lab, world
from tests.lab.fleet import Fleet, Member
from tests.stories.terminal import Terminal
from tests.stories.test_fix_command import HURRIED

pytestmark = pytest.mark.lab

FIX = ("fix", "address-preference", "--to", "ipv6")
DUAL = f"user@{world.DUAL.domain}"


@contextmanager
def two_hosts() -> Iterator[Fleet]:
    """mx1 and mx2, mail under `any` on both."""
    settings = {"smtp_connection_cache_on_demand": "no", "smtp_address_preference": "any"}
    with Fleet(*(Member(name, [world.DUAL], settings=settings) for name in ("mx1", "mx2"))) as fleet:
        for lab in fleet.labs:
            lab.send(DUAL, count=60)
        for lab in fleet.labs:
            lab.wait_idle()
        yield fleet


@pytest.fixture(scope="module")
def hosts() -> Iterator[Fleet]:
    with two_hosts() as fleet:
        yield fleet


def files(hosts: Fleet) -> list[bytes]:
    return [lab.main_cf.read_bytes() for lab in hosts.labs]


class Traffic:
    """Mail from each host as soon as its Postfix has read its settings again."""

    def __init__(self, hosts: Fleet) -> None:
        self._waits = [threading.Thread(target=self._send, args=(lab, lab.mark())) for lab in hosts.labs]
        for wait in self._waits:
            wait.start()

    def _send(self, lab: Lab, mark: Any) -> None:
        try:
            lab.wait_lines(r"/master\[\d+\]: reload -- version ", since=mark, timeout=240)
        except TimeoutError:
            return  # the change was never begun there
        lab.send(DUAL, count=40)

    def join(self) -> None:
        for wait in self._waits:
            wait.join()


def documents(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def of(change: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(one[key] for key in keys) for one in change]


def test_previewed_made_on_one_then_the_other_and_undone(hosts: Fleet) -> None:
    first = files(hosts)
    preview = hosts.mxtop(*FIX, "mx2", "mx1", "--dry-run")
    assert preview.returncode == 0, preview.stderr
    assert "mx2 and mx1 (/etc/postfix, Postfix 3." in preview.stdout
    assert preview.stdout.count("+smtp_address_preference = ipv6") == 1
    assert "nobody is there to ask" in hosts.mxtop(*FIX, "mx1", "mx2").stderr
    assert files(hosts) == first

    traffic = Traffic(hosts)
    made = hosts.mxtop(*FIX, "mx2", "mx1", "--canary", "mx1", "--yes", "--json")
    traffic.join()
    assert made.returncode == 0, made.stderr
    changes = documents(made)
    assert of(changes, "host", "state", "verdict") == [
        ("mx2", "confirmed", "good"),
        ("mx1", "confirmed", "good"),
    ]
    assert [one["observed"]["after"]["ipv4"] for one in changes] == [0, 0]
    assert made.stderr.index("mx1: smtp_address_preference any → ipv6: confirmed") < made.stderr.index(
        "mx2: postfix"
    )
    assert all(b"smtp_address_preference = ipv6" in text for text in files(hosts))

    again = hosts.mxtop(*FIX, "mx1", "mx2", "--yes", "--json")
    assert (again.returncode, of(documents(again), "host", "state")) == (
        0,
        [("mx1", "preview"), ("mx2", "preview")],
    )

    undone = hosts.mxtop("undo", "mx1", "mx2", "--json")
    assert undone.returncode == 0, undone.stderr
    assert of(documents(undone), "host", "state") == [("mx1", "rolled_back"), ("mx2", "rolled_back")]
    assert files(hosts) == first
    past = hosts.mxtop("history", "mx2", "mx1", "--json")
    assert sorted(of(documents(past), "host", "state")) == [("mx1", "rolled_back"), ("mx2", "rolled_back")]
    assert hosts.mxtop("confirm", "mx1", "mx2").returncode == 2


def test_a_bad_effect_on_the_first_stops_there(hosts: Fleet) -> None:
    first = files(hosts)
    ill = hosts.labs[1]
    for ip in world.DUAL.ipv6:
        ill.sinks.stop(ip)
    mark = hosts.labs[0].mark()
    try:
        wait = threading.Thread(target=lambda: after_reload(ill, lambda: ill.send(DUAL, count=20)))
        wait.start()
        done = hosts.mxtop(*FIX, "mx1", "mx2", "--canary", "mx2", "--yes", "--json")
        wait.join()
        ill.wait_idle()
    finally:
        ill.sinks.restore()
    assert done.returncode == 1, done.stderr
    changes = documents(done)
    assert of(changes, "host", "state", "verdict") == [
        ("mx1", "refused", None),
        ("mx2", "rolled_back", "bad"),
    ]
    assert "not begun, as it is rolled back on mx2" in changes[0]["warnings"][-1]
    assert changes[0]["diff"]
    assert files(hosts) == first
    assert not [line for line in hosts.labs[0].lines(since=mark) if "reload -- version" in line]


def test_one_that_cannot_be_reached_is_named_and_nothing_is_begun(hosts: Fleet) -> None:
    first = files(hosts)
    nobody = "127.0.0.1:1"
    done = hosts.mxtop(*FIX, "mx1", nobody, "--yes", "--json")
    assert done.returncode == 2
    assert of(documents(done), "host", "state") == [("mx1", "refused"), (nobody, "refused")]
    assert f"nothing was changed, as {nobody} cannot be" in done.stderr
    assert files(hosts) == first
    past = hosts.mxtop("history", "mx1", nobody, "--json")
    assert (past.returncode, {one["host"] for one in documents(past)}) == (2, {"mx1"})
    assert f"{nobody}: " in past.stderr


def test_a_host_cut_off_in_between_decides_by_itself_and_its_true_state_is_told(
    hosts: Fleet, tmp_path: Path
) -> None:
    first = files(hosts)
    there = hosts["mx2"].lab
    hurried = (sys.executable, "-c", HURRIED)
    argv = hosts.argv(
        *FIX, "mx1", "mx2", "--canary", "mx2", "--yes", "--confirm-within", "15", program=hurried
    )
    told = tmp_path / "told"
    with told.open("wb") as stderr:
        run = hosts.popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            until(lambda: b"mx2: IPv6" in told.read_bytes(), told)
            hosts.cut("mx2")
            until(lambda: b"mx2: IPv6" not in told.read_bytes().splitlines()[-1], told)
            until(lambda: there.main_cf.read_bytes() == first[1], told)
            hosts.mend("mx2")
            assert run.wait(100) == 1, told.read_text()
        finally:
            hosts.mend("mx2")
            run.kill()
            run.wait()
    assert (
        "mx2: smtp_address_preference any → ipv6: rolled back: not confirmed within 15 s" in told.read_text()
    )
    assert "not begun, as it is rolled back on mx2" in told.read_text()
    assert files(hosts) == first


def test_a_person_says_go_on_and_leaves_the_second_to_itself(hosts: Fleet) -> None:
    first = files(hosts)
    with Terminal(hosts, hosts.argv(*FIX, "mx1", "mx2"), 120, 60) as screen:
        screen.wait(r"on mx1 first, then on mx2, and reload Postfix\? \[y/N\]", timeout=60)
        screen.keys("y", "Enter")
        screen.wait(r"UNCONFIRMED on mx1, goes back in 01:\d\d", timeout=60)
        assert files(hosts)[1] == first[1]
        screen.keys("k")
        screen.wait(r"mx1: .*: confirmed")
        screen.wait(r"UNCONFIRMED on mx2, goes back in 01:\d\d", timeout=60)
        screen.keys("C-c")
        screen.wait(r"the change on mx2 goes back by itself within 120 s; `mxtop confirm mx2` keeps it")
        screen.wait(r"kept on mx1; `mxtop undo mx1` takes it back there")
        assert screen.exit_code() == 130
    again = hosts.mxtop(*FIX, "mx1", "mx2", "--yes", "--json")
    assert again.returncode == 75
    assert of(documents(again), "host", "state") == [("mx1", "preview"), ("mx2", "refused")]
    assert hosts.mxtop("undo", "mx1", "mx2").returncode == 0
    assert files(hosts) == first


def until(condition: Callable[[], bool], told: Path, timeout: float = 100) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, told.read_text()
        time.sleep(0.05)


def after_reload(lab: Lab, do: Callable[[], None]) -> None:
    lab.wait_lines(r"/master\[\d+\]: reload -- version ", since=lab.mark(), timeout=100)
    do()
