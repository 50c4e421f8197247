"""Without root: what can be seen is seen, and what cannot says why and what would help."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]

AS_NOBODY = """\
set -e
mkdir -p "$0/checkout" "$0/venv"
mount --bind {root} "$0/checkout"
mount --bind {venv} "$0/venv"
export PYTHONPATH="$0/checkout/tui" PYTHONDONTWRITEBYTECODE=1 HOME=/nonexistent
unset XDG_CONFIG_HOME
user="--reuid nobody --regid nogroup --clear-groups --inh-caps=-all"
exec setpriv $user -- "$0/venv/bin/python" -m mxtop "$@"
"""


@pytest.fixture(scope="module")
def hidden_lab() -> Iterator[Lab]:
    """Its log is as Debian's: root and adm may read it."""
    with Lab([world.DUAL, world.BLACK_HOLE], settings={"smtp_connect_timeout": "8s"}) as lab:
        lab.prefer("ipv6")
        lab.send("user@dual.example")
        lab.wait_idle()
        lab.log_path.chmod(0o640)
        shutil.chown(lab.log_path, group="adm")
        yield lab


def as_nobody(lab: Lab, *words: str) -> list[str]:
    """mxtop run by nobody, wherever the checkout lies: it is mounted where everybody may look."""
    script = AS_NOBODY.format(root=ROOT, venv=sys.prefix)
    return ["sh", "-c", script, str(lab.directory), *words]


def test_sockets_are_shown_with_unknown_owners(hidden_lab: Lab) -> None:
    hidden_lab.send("user@blackhole.example")
    hidden_lab.wait_lines(r"qmgr\[\d+\]: \w+: from=<sender@sender\.example>")
    rows: list[dict[str, object]] = []
    for _ in range(20):
        done = hidden_lab.run(as_nobody(hidden_lab, "sockets", "--json"))
        assert done.returncode == 0, done.stderr
        if rows := [row for row in json.loads(done.stdout) if row["state"] == "SYN_SENT"]:
            break
    (row,) = rows
    assert (row["local_address"], row["peer_port"], row["family"]) == ("2001:db8::25", 25, "ipv6")
    assert (row["daemon"], row["service"], row["pid"]) == (None, None, None)
    assert "root" in done.stderr or "sudo" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["report"], ["report", "--json"], ["parse"]])
def test_an_unreadable_log_is_not_done_and_says_what_helps(hidden_lab: Lab, command: list[str]) -> None:
    done = hidden_lab.run(as_nobody(hidden_lab, *command))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"mxtop: {hidden_lab.log_path}: this user may not read it; run `sudo mxtop`, or join the group that "
        "may read it (`sudo usermod -aG adm nobody`) and log in again\n"
    )


def test_a_named_log_that_may_not_be_read(hidden_lab: Lab) -> None:
    done = hidden_lab.run(as_nobody(hidden_lab, "report", str(hidden_lab.log_path)))
    assert (done.returncode, done.stdout) == (2, "")
    assert "permission denied" in done.stderr
    assert "sudo usermod -aG adm nobody" in done.stderr


def test_the_screen_shows_the_rest_and_the_remedy(hidden_lab: Lab, size: tuple[int, int]) -> None:
    shell = ["sh", "-c", '"$@"; echo ended $?; cat', "sh", *as_nobody(hidden_lab)]
    with Terminal(hidden_lab, shell, *size) as screen:
        screen.wait(r"✖ log down")
        screen.wait(r"What helps:")
        words = screen.words()
        assert f"{hidden_lab.log_path}: this user may not read it" in words
        assert "sudo mxtop" in words
        screen.wait("preference ipv6")
        hidden_lab.send("user@blackhole.example")
        screen.keys("4", "z")
        screen.wait(r"SYN_SENT hangs +v6 +2001:db8::25")
        screen.wait(r"owner")
        screen.keys("z", "1", "z")
        screen.wait_for(lambda _: "(`sudo usermod -aG adm nobody`)" in screen.words(), "remedy")
        screen.keys("q")
        screen.wait(r"^ended 0$")
