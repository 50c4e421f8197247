"""The fleet: who reaches whom, what each host has of its own, and that nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import world
from tests.lab.fleet import Fleet, Member
from tests.lab.test_lab import traces

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]
OWNER = """
import time
from tests.lab.fleet import Fleet, Member
with Fleet(Member("mx1"), Member("mx2", behind=True)) as fleet:
    print(fleet.directory.name, flush=True)
    time.sleep(60)
"""


def said(fleet: Fleet, name: str, *command: str) -> str:
    """What a command prints there, by the operator's own ssh(1)."""
    words = ["ssh", "-F", str(fleet.home / ".ssh" / "config"), "-oConnectTimeout=5", name, *command]
    return fleet.run(words, timeout=60).stdout


def test_each_is_its_own_and_all_are_reached() -> None:
    members = (
        Member("mx1", [world.V4_ONLY], settings={"mail_name": "First"}),
        Member("mx2", user="mxadmin", group="adm", covers={"/etc/issue": "of {directory}\n"}),
        Member("mx3", behind=True),
    )
    with Fleet(*members) as fleet:
        names = [fleet.directory.name, fleet["mx1"].directory.name]
        assert said(fleet, "mx1", "/usr/sbin/postconf", "-h", "mail_name") == "First\n"
        assert said(fleet, "mx2", "id", "-Gn; cat /etc/issue").split("\n")[:2] == [
            "adm",
            f"of {fleet['mx2'].directory}",
        ]
        said(fleet, "mx3", "touch", "/var/lib/mark")
        assert [path.name for path in fleet["mx3"].state.parent.iterdir()] == ["mark"]
        assert "unreachable" in fleet.run(["ip", "route", "get", fleet["mx3"].sshd.address]).stderr
        fleet.cut("mx2")
        assert said(fleet, "mx2", "echo", "yes") == ""
        assert said(fleet, "mx1", "echo", "yes") == "yes\n"
        fleet.mend("mx2")
        assert said(fleet, "mx2", "echo", "yes") == "yes\n"
    assert [traces(name) for name in names] == [[], []]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_goes_with_its_owner(number: signal.Signals) -> None:
    """At once; after SIGKILL when the next one comes."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as owner:
        assert owner.stdout is not None
        name = owner.stdout.readline().strip()
        assert len(traces(name)) > 6
        owner.send_signal(number)
        assert owner.wait(30) == -number
    if number == signal.SIGKILL:
        with Fleet():
            pass
    assert traces(name) == []


def test_one_that_cannot_start_leaves_nothing() -> None:
    fleet = Fleet(Member("mx1", NoSuchKeyword="yes"))
    with pytest.raises(RuntimeError, match="sshd does not start"):
        fleet.__enter__()
    assert traces(fleet.directory.name) == []
