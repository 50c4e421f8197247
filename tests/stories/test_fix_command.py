"""A guided fix by command: foretold, made, seen, kept and taken back to the byte; and what is refused.

Each story is its own: main.cf is the first file to the byte at its end.  mxtop keeps its changes below
/var/lib, which is a directory of the lab's here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Lab, world
from tests.lab.shares import ipv6_count, relays
from tests.stories.terminal import BIN, Terminal

pytestmark = pytest.mark.lab
FIX = ("fix", "address-preference", "--to", "ipv6")
DUALS = (world.DUAL, world.QUAD)

HURRIED = (
    "import sys; from mxtop import arguments; arguments.LEAST = 1; from mxtop.cli import main; "
    "sys.exit(main(sys.argv[1:]))"
)
"""mxtop, with a shorter time to answer than anybody may choose: no test waits for a minute."""


class Place:
    """The lab, and a directory that mxtop there takes for /var/lib."""

    def __init__(self, lab: Lab, state: Path) -> None:
        self.lab = lab
        self._state = state

    def argv(self, words: Sequence[str], command: Sequence[str] = (str(BIN / "mxtop"),)) -> list[str]:
        inside = 'mount --bind "$0" /var/lib && exec "$@"'
        return ["sh", "-c", inside, str(self._state), *command, *words]

    def mxtop(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return self.lab.run(self.argv(words), timeout=timeout)

    def history(self) -> list[dict[str, Any]]:
        done = self.mxtop("history", "--json")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def send(self, count: int) -> None:
        for destination in DUALS:
            self.lab.send(f"user@{destination.domain}", count=count)

    @contextmanager
    def after_reload(self, do: Callable[[], None]) -> Iterator[None]:
        """`do` as soon as Postfix has read its settings again, beside what runs inside."""
        mark = self.lab.mark()

        def wait() -> None:
            self.lab.wait_lines(r"/master\[\d+\]: reload -- version ", since=mark, timeout=60)
            do()

        beside = threading.Thread(target=wait)
        beside.start()
        yield
        beside.join()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Mail to dual-stack destinations under `any`, so that both families are seen."""
    settings = {"smtp_connection_cache_on_demand": "no", "smtp_address_preference": "any"}
    with Lab([*DUALS, world.V4_ONLY], settings=settings) as lab:
        found = Place(lab, tmp_path_factory.mktemp("lib"))
        found.send(40)
        lab.send("user@v4only.example", count=3)
        lab.wait_idle()
        yield found


@pytest.fixture
def first(place: Place) -> Iterator[bytes]:
    """main.cf, which is the same at the end."""
    before = place.lab.main_cf.read_bytes()
    yield before
    assert place.lab.main_cf.read_bytes() == before


def test_any_with_its_mixed_share_becomes_ipv6_and_goes_back_to_the_byte(place: Place, first: bytes) -> None:
    shown = place.mxtop(*FIX, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "-smtp_address_preference = any\n+smtp_address_preference = ipv6\n" in shown.stdout
    assert "quad.example                        40   80%  100%" in shown.stdout
    assert "untouched: v4only.example" in shown.stdout
    assert "Postfix's manual calls it unsafe" in shown.stdout
    assert "will run    postfix -c /etc/postfix reload" in shown.stdout
    assert place.lab.main_cf.read_bytes() == first
    assert place.history() == []

    mark = place.lab.mark()
    with place.after_reload(lambda: place.send(12)):
        done = place.mxtop(*FIX, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    place.lab.wait_idle()
    for destination in DUALS:
        went = relays(place.lab.lines(mark), destination.domain)
        assert (len(went), ipv6_count(went)) == (12, 12)
    change = json.loads(done.stdout)
    assert (change["state"], change["verdict"], change["fix"]) == ("confirmed", "good", "address-preference")
    assert change["settings"] == [
        {"parameter": "smtp_address_preference", "service": None, "before": "any", "after": "ipv6"}
    ]
    assert change["predicted"]["before"] == pytest.approx((40 * 0.5 + 40 * 0.8) / 83)
    assert change["predicted"]["after"] == pytest.approx(80 / 83)
    seen = change["observed"]
    assert seen["before"]["ipv4"] + seen["before"]["ipv6"] == 80
    assert 0 < seen["before"]["share"] < 1
    assert seen["after"]["ipv4"] == 0
    assert seen["after"]["share"] == 1
    ran = [command["argv"] for command in change["commands"] if command["argv"][0] == "postfix"]
    assert [argv[-1] for argv in ran] == ["check", "reload"]
    assert all(command["exit_code"] == 0 for command in change["commands"])

    again = place.mxtop(*FIX, "--yes")
    assert again.returncode == 0  # it is as was asked for
    assert "already" in again.stderr
    (kept,) = place.history()
    assert kept == change
    undone = place.mxtop("undo", "--json")
    assert undone.returncode == 0, undone.stderr
    assert json.loads(undone.stdout)["state"] == "rolled_back"
    assert place.lab.main_cf.read_bytes() == first


def test_without_an_answer_it_goes_back_by_itself(place: Place, first: bytes) -> None:
    hurried = place.argv([*FIX, "--confirm-within", "20"], [sys.executable, "-c", HURRIED])
    with Terminal(place.lab, hurried, 120, 50) as screen:
        screen.wait(r"smtp_address_preference any → ipv6 on \S+ and reload Postfix\? \[y/N\]", timeout=40)
        screen.keys("y", "Enter")
        screen.wait(r"UNCONFIRMED on \S+, goes back in 00:\d\d · \[k\]eep \[u\]ndo", timeout=40)
        assert "postfix -c /etc/postfix reload (exit code 0" in screen.words()
        assert place.lab.main_cf.read_bytes() != first
        busy = place.mxtop("fix", "address-preference", "--to", "ipv4", "--yes")
        assert busy.returncode == 75
        assert "`mxtop confirm` keeps it" in busy.stderr
        assert "waits for its answer: UNCONFIRMED" in place.mxtop("history").stderr
        screen.wait(r"rolled back: not confirmed within 20 s", timeout=60)
        assert screen.exit_code() == 1
    assert place.lab.main_cf.read_bytes() == first
    assert place.history()[-1]["state"] == "rolled_back"


def test_a_person_says_no_then_keeps_then_leaves(place: Place, first: bytes) -> None:
    with Terminal(place.lab, place.argv(FIX), 120, 50) as screen:
        screen.wait(r"\[y/N\]", timeout=40)
        screen.keys("Enter")
        screen.wait("nothing was changed")
        assert screen.exit_code() == 2
    assert place.lab.main_cf.read_bytes() == first
    with Terminal(place.lab, place.argv(FIX), 120, 50) as screen:
        screen.wait(r"\[y/N\]", timeout=40)
        screen.keys("y", "Enter")
        screen.wait(r"goes back in 01:5\d", timeout=40)
        screen.keys("k")
        screen.wait(r": confirmed")
        assert screen.exit_code() == 0
    assert place.mxtop("undo").returncode == 0
    with Terminal(place.lab, place.argv(FIX), 120, 50) as screen:
        screen.wait(r"\[y/N\]", timeout=40)
        screen.keys("y", "Enter")
        screen.wait(r"goes back in 01:5\d", timeout=40)
        screen.keys("C-c")
        screen.wait(r"goes back by itself within 120 s; `mxtop confirm` keeps it")
        assert screen.exit_code() == 130
    assert place.lab.main_cf.read_bytes() != first
    assert place.mxtop("confirm").returncode == 0
    assert place.mxtop("confirm").returncode == 2
    assert place.history()[-1]["state"] == "confirmed"
    assert place.mxtop("undo").returncode == 0


def test_a_bad_effect_is_taken_back(place: Place, first: bytes) -> None:
    for destination in DUALS:
        for ip in destination.ipv6:
            place.lab.sinks.stop(ip)
    try:
        with place.after_reload(lambda: place.send(20)):
            done = place.mxtop(*FIX, "--yes", "--json")
        place.lab.wait_idle()
    finally:
        place.lab.sinks.restore()
    assert done.returncode == 1, done.stderr
    change = json.loads(done.stdout)
    assert (change["state"], change["verdict"]) == ("rolled_back", "bad")
    assert place.lab.main_cf.read_bytes() == first


def test_what_is_refused_changes_nothing(place: Place, first: bytes) -> None:
    for words, why in (
        (("fix", "address-preference", "--to", "ipv5", "--yes"), "any, ipv6, ipv4"),
        (("fix", "address-order", "--to", "ipv6", "--yes"), "no fix is called"),
        (("fix", "address-preference", "--yes"), "--to"),
        (("--read-only", *FIX, "--yes"), "--read-only"),
        (("undo", "--read-only"), "--read-only"),
        (FIX, "add --yes"),
        ((*FIX, "--confirm-within", "59", "--yes"), "60 to 900"),
        ((*FIX, "--confirm-within", "901", "--yes"), "60 to 900"),
        ((*FIX, "./mail.log", "--yes"), "log file"),
        (("undo", "--id", "T0"), "no change T0"),
    ):
        done = place.mxtop(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
    place.lab.postconf_e("inet_protocols=ipv4")
    try:
        done = place.mxtop(*FIX, "--yes", "--json")
    finally:
        place.lab.main_cf.write_bytes(first)
        place.lab.settle()
    assert done.returncode == 2
    assert "inet_protocols = ipv4" in done.stderr
    assert json.loads(done.stdout)["state"] == "refused"
    assert list(json.loads(done.stdout)) == [
        *("id", "host", "instance", "fix", "state", "operator", "time", "settings", "diff"),
        *("warnings", "predicted", "observed", "verdict", "commands"),
    ]


def test_the_fixes_are_listed(place: Place) -> None:
    done = place.mxtop("fix")
    assert done.returncode == 0
    for value in ("any", "ipv4", "ipv6"):
        assert f"mxtop fix address-preference --to {value}" in done.stdout
