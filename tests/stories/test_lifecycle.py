"""The screen through a session at the terminal: keys, resizing, the end, and a terminal that is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.lab import Lab
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab


def test_pause_filter_sort_help_and_quit(quiet_lab: Lab, size: tuple[int, int]) -> None:
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        screen.wait(r"predicted")
        screen.wait(r"● live 1s")
        screen.keys("p")
        screen.wait(r"‖ paused since \d\d:\d\d:\d\d")
        screen.keys("Space")
        screen.wait(r"● live 1s")

        screen.keys("/")
        screen.wait("words that must match")
        screen.type("example !dual !quad bounce")
        screen.wait("None of 12 destinations")
        screen.keys("Escape")  # a key that comes in the same read would make it alt and that key
        screen.wait_gone("None of 12 destinations")
        screen.wait_gone("example !dual")

        screen.keys("<")
        screen.wait(r"2 Destinations · by attempts that hang now \(syn_sent\) ▼")
        screen.keys(">")
        screen.wait(r"2 Destinations · by deferred ▼")
        screen.keys("r")
        screen.wait(r"2 Destinations · by deferred ▲")
        screen.keys("s")
        screen.wait("Sort by")
        screen.keys("Down", "Enter")
        screen.wait(r"2 Destinations · by median delay")

        screen.keys("?")
        screen.wait("Everywhere")
        screen.wait(r"q F10 +quit")
        screen.keys("Escape")
        screen.wait("2 Destinations")
        screen.keys("q")
        assert screen.exit_code() == 0


def test_resized_to_almost_nothing_and_back_it_lives(quiet_lab: Lab, size: tuple[int, int]) -> None:
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        screen.wait(r"predicted")
        for small in ((40, 10), (20, 4), (1, 1)):
            screen.resize(*small)
        screen.resize(40, 10)
        screen.wait(r"^╭─ 2 Destin")
        lines = screen.text().rstrip("\n").split("\n")
        assert len(lines) == 10
        assert max(len(line) for line in lines) <= 40
        screen.keys("j", "5")
        screen.wait(r"^╭─ 5 Log")
        screen.resize(*size)
        screen.wait(r"^╭─ 2 Destinations")
        screen.wait(r"^╭─ 5 Log")
        screen.keys("2", "3")
        screen.wait("predicted")
        screen.keys("q")
        assert screen.exit_code() == 0


def test_interrupted_it_ends_and_gives_the_terminal_back(quiet_lab: Lab) -> None:
    with Terminal(
        quiet_lab, ["sh", "-c", "mxtop; echo ended $?; stty -a | grep -o ' echo '; cat"], 80, 24
    ) as s:
        s.wait("predicted")
        s.keys("C-c")
        s.wait(r"^ended 0$")
        s.wait(r"^ echo *$")
        assert "╭" not in s.text()


@pytest.mark.parametrize(
    "shell", ["exec mxtop", "trap '' HUP; exec mxtop"], ids=["hung up", "SIGHUP ignored"]
)
def test_a_lost_terminal_ends_the_process_and_its_children(quiet_lab: Lab, shell: str) -> None:
    before = processes(quiet_lab)
    with Terminal(quiet_lab, ["sh", "-c", shell], 80, 24) as screen:
        screen.wait("predicted")
        pid = screen.pid
        assert pid in processes(quiet_lab)
        screen.kill_server()
        deadline = time.monotonic() + 15
        while (left := mine(processes(quiet_lab) - before)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left


def processes(lab: Lab) -> set[int]:
    return set(lab.namespace.pids())


def mine(pids: set[int]) -> dict[int, str]:
    """Those of them that have to do with mxtop, by command line; Postfix starts its own as it likes."""
    found = {}
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if any(word in words for word in ("mxtop", "tmux", "postqueue", "postconf", "journalctl")):
            found[pid] = words
    return found
