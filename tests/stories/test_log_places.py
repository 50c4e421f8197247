"""The log where Debian has it, rotated while mxtop looks; and in the systemd journal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.stories.count import count
from tests.stories.terminal import BIN, Terminal

pytestmark = pytest.mark.lab


@pytest.fixture
def debian_lab() -> Iterator[Lab]:
    """rsyslogd writes /var/log/mail.log; without the connection cache every message is a connection."""
    with Lab([world.DUAL], syslog="iso", settings={"smtp_connection_cache_on_demand": "no"}) as lab:
        yield lab


def test_rotation_under_the_screen_loses_and_doubles_nothing(debian_lab: Lab) -> None:
    lab = debian_lab
    lab.send("user@dual.example", count=20)
    lab.wait_idle()
    with Terminal(lab, ["mxtop"], 100, 30) as screen:
        screen.wait(r"/var/log/mail\.log")
        screen.wait("predicted")
        lab.send("user@dual.example", count=30)
        lab.syslog.rotate()
        lab.send("user@dual.example", count=30)
        lab.wait_idle()
        texts = [lab.log_path.with_name("mail.log.1").read_text(), lab.log_path.read_text()]
        lines = "".join(texts).splitlines()
        counted = count(lines)
        assert counted.whole.statuses["sent"] == 80
        families = counted.destinations["dual.example"].families
        screen.keys("Enter")
        screen.wait(r"sent 80 +deferred 0 +bounced 0")
        for label, family in (("v4", "ipv4"), ("v6", "ipv6")):
            sent, new = families[family]["sent"], families[family]["connections"]
            screen.wait(rf"^│ {label} +{new} +0 +0 +{sent} +0 +0 ")
        screen.keys("Escape")
        screen.wait("2 Destinations")
        screen.keys("1", "z")
        screen.wait(rf"^ lines +{len(lines)} *$")
    report = json.loads(lab.run([str(BIN / "mxtop"), "report", "--json"]).stdout)
    assert (report["lines"], report["deliveries"]) == (len(lines), {"sent": 80})


REMOTE = Path("/lib/systemd/systemd-journal-remote")
MACHINE_ID = Path("/etc/machine-id")
BEGIN = 1_795_458_696_000_000  # microseconds since 1970: 2026-11-23


@pytest.mark.skipif(
    shutil.which("journalctl") is None or not (REMOTE.exists() and MACHINE_ID.exists()),
    reason="no systemd-journal-remote",
)
def test_the_journal_says_what_the_file_says(debian_lab: Lab, tmp_path: Path) -> None:
    """The lab's own lines, put where journald has its journal, and read by the real journalctl."""
    lab = debian_lab
    lab.send("user@dual.example", count=10)
    lab.wait_idle()
    machine = MACHINE_ID.read_text().strip()
    entries = []
    for n, line in enumerate(lab.lines()):
        _, host, tag, text = line.split(" ", 3)
        name, pid = tag.rstrip("]:").split("[")
        entries.append(
            f"__REALTIME_TIMESTAMP={BEGIN + n}\n__MONOTONIC_TIMESTAMP={n}\n_BOOT_ID={'0' * 31}1\n"
            f"_MACHINE_ID={machine}\n_HOSTNAME={host}\nSYSLOG_FACILITY=2\nPRIORITY=6\n"
            f"SYSLOG_IDENTIFIER={name}\nSYSLOG_PID={pid}\n_PID={pid}\nMESSAGE={text}\n"
        )
    exported = tmp_path / "export"
    exported.write_text("\n".join(entries) + "\n")
    journal = lab.log_path.parent / "journal" / machine / "system.journal"
    journal.parent.mkdir(parents=True)
    made = lab.run([str(REMOTE), f"--output={journal}", str(exported)])
    assert made.returncode == 0, made.stderr

    mxtop = str(BIN / "mxtop")
    of_file, of_journal = (
        json.loads(lab.run([mxtop, "report", "--json", *words]).stdout)
        for words in ([], ["--log", "journal"])
    )
    for name in ("lines", "messages", "deliveries", "families", "reasons"):
        assert of_journal[name] == of_file[name]
    with Terminal(lab, ["mxtop", "--log", "journal"], 100, 30) as screen:
        screen.wait(r"understood +journal")
        screen.wait(r"dual\.example")
        screen.keys("Enter")
        screen.wait(r"sent 10 +deferred 0")
