"""An editor and `postconf -e` against the swap step, three thousand times: no edit is lost.

The functions of the shipped script are called in a loop, without its last line, on a tmpfs where sync(1)
costs nothing.  A saved edit is a new file renamed over main.cf; asked each time is whether it is there at the
end.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mxtop.change import script

pytestmark = pytest.mark.lab

BEFORE = b"compatibility_level = 3.6\nqueue_directory = /nonexistent\n"
AFTER = BEFORE + b"smtp_address_preference = ipv6\n"

LOOP = """
. "$1/library"
T=$1/txn DIR=$1/etc REAL=$1/etc/main.cf LINK=$1/etc/main.cf ID=T1 SWAP=$3 LIMIT=10
own_name
expected=$(sum "$T/before")
while read -r go; do
  cat "$T/before" >"$REAL.reset"
  mv -T "$REAL.reset" "$REAL"
  echo go
  if [ "$2" = swap ]; then
    cat "$T/after" >"$OWN"
    [ "$SWAP" = rename ] || swap_in "$expected"
    code=$?
    rm -f "$OWN"
  else
    place "$T/after" "$expected"
    code=$?
  fi
  echo "$code"
done
"""


class Worker:
    """The loop in a shell of its own."""

    def __init__(self, directory: Path, what: str, shell: str) -> None:
        self.main = directory / "etc" / "main.cf"
        for name in ("etc", "txn"):
            (directory / name).mkdir(parents=True)
        (directory / "txn" / "before").write_bytes(BEFORE)
        (directory / "txn" / "after").write_bytes(AFTER)
        (directory / "library").write_bytes(script.text().removesuffix(script.LAST_LINE))
        self.process = subprocess.Popen(
            [shell, "-c", LOOP, "loop", str(directory), what, "exchange"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip

    def begin(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(b"\n")
        assert self.process.stdout.readline() == b"go\n"

    def end(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate(timeout=20)

    def save(self, content: bytes) -> None:
        new = self.main.with_name("main.cf~")
        new.write_bytes(content)
        os.rename(new, self.main)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory in memory."""
    path = Path(tempfile.mkdtemp(prefix="mxtop-race-", dir="/dev/shm"))
    yield path
    shutil.rmtree(path)


def editor(worker: Worker, tries: int, seed: int, outcome: dict[str, int]) -> None:
    """One save in a try, or two in a row, somewhere in the time that a swap takes."""
    chance = random.Random(seed)
    longest = 0.03
    for number in range(tries):
        first = BEFORE + b"# edit %d\n" % number
        second = first + b"# once more\n" if number % 3 == 0 else None
        wait = chance.uniform(0, longest)
        pause = chance.uniform(0, longest)
        worker.begin()
        began = time.monotonic()
        time.sleep(wait)
        worker.save(first)
        if second:
            time.sleep(pause)
            worker.save(second)
        code = worker.end()
        longest = 0.9 * longest + 0.1 * min(0.1, time.monotonic() - began)
        found = worker.main.read_bytes()
        if found != (second or first):
            outcome["lost"] += 1
        outcome["refused" if code else "swapped"] += 1


def postconf(worker: Worker, tries: int, seed: int, outcome: dict[str, int]) -> None:
    """`postconf -e` at a random moment of the whole step, Postfix's lock included."""
    chance = random.Random(seed)
    longest = 0.05
    for number in range(tries):
        wait = chance.uniform(0, longest)
        worker.begin()
        began = time.monotonic()
        time.sleep(wait)
        argv = ["postconf", "-c", str(worker.main.parent), "-e", f"mail_name=edit{number}"]
        assert subprocess.run(argv, stdout=subprocess.DEVNULL).returncode == 0
        code = worker.end()
        longest = 0.9 * longest + 0.1 * min(0.2, time.monotonic() - began)
        found = worker.main.read_bytes()
        # ours is in, and theirs on top of it; or ours was refused, and theirs is in alone
        wanted = (BEFORE if code else AFTER) + b"mail_name = edit%d\n" % number
        if found != wanted:
            outcome["lost"] += 1
        outcome["refused" if code else "swapped"] += 1


def test_three_thousand_edits_against_the_swap(memory: Path) -> None:
    """F5, F6: two editors' loops and two of postconf, side by side."""
    work = [
        (editor, "swap", 1350),
        (editor, "swap", 1350),
        (postconf, "place", 150),
        (postconf, "place", 150),
    ]
    outcomes: list[dict[str, int]] = []
    threads = []
    for number, (rival, what, tries) in enumerate(work):
        outcome = {"lost": 0, "refused": 0, "swapped": 0}
        outcomes.append(outcome)
        worker = Worker(memory / str(number), what, ("dash", "bash")[number % 2])

        def run(rival=rival, worker=worker, tries=tries, number=number, outcome=outcome) -> None:  # type: ignore[no-untyped-def]
            rival(worker, tries, number, outcome)
            worker.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for (rival, _, tries), outcome in zip(work, outcomes, strict=True):
        assert outcome["lost"] == 0, outcomes
        assert outcome["refused"] + outcome["swapped"] == tries, outcomes
        if rival is editor:  # it really was a race; postconf waits for the lock, or comes before it
            assert min(outcome["refused"], outcome["swapped"]) > tries / 20, outcomes


CUT = """
. "$1/library"
T=$1/txn DIR=$1/etc REAL=$1/etc/main.cf LINK=$1/etc/main.cf ID=T1 SWAP=exchange LIMIT=10 WHY=
clear_up
"""


@pytest.mark.parametrize(
    ("main", "own", "wanted"),
    [
        (BEFORE, AFTER, BEFORE),  # killed before the exchange
        (AFTER, BEFORE, AFTER),  # killed after it
        (AFTER, BEFORE + b"# edit\n", BEFORE + b"# edit\n"),  # killed with a stranger's edit in hand
        (BEFORE + b"# edit\n", AFTER, BEFORE + b"# edit\n"),  # killed after giving it back
        (AFTER + b"# later\n", BEFORE + b"# edit\n", AFTER + b"# later\n"),  # and somebody else saved since
    ],
)
def test_a_swap_that_was_cut_short(memory: Path, main: bytes, own: bytes, wanted: bytes) -> None:
    """F1: what a kill leaves in hand goes back where it belongs, or is kept aside."""
    worker = Worker(memory, "swap", "dash")
    worker.close()
    digests = [
        subprocess.run(["sha256sum"], input=content, capture_output=True).stdout.split()[0].decode()
        for content in (AFTER, BEFORE)
    ]
    (memory / "txn" / "put").write_text(" ".join(digests) + "\n")
    worker.main.write_bytes(main)
    hand = memory / "etc" / ".main.cf.mxtop-T1"
    hand.write_bytes(own)
    hand.with_name(hand.name + ".new").write_bytes(own[:10])
    done = subprocess.run(["dash", "-c", CUT, "cut", str(memory)], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert worker.main.read_bytes() == wanted
    assert os.listdir(memory / "etc") == ["main.cf"]
    stranger = memory / "txn" / "stranger"
    assert wanted == own or own in (AFTER, BEFORE) or stranger.read_bytes() == own
