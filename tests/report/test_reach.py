"""Commands about a host behind a real sshd: every number as on that host, and what keeps them out.

The host is this machine: its settings and its log are files of the test.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.dns.nsd import nsd
from tests.hosts.sshd import Sshd, free_port, make_key
from tests.ui.terminal import terminal

from mxtop.mail.batch import Batch
from mxtop.recording.file import header, samples

pytestmark = pytest.mark.skipif(
    not (Path("/usr/sbin/sshd").exists() and Path("/usr/sbin/postconf").exists()),
    reason="needs openssh-server and postfix",
)

DATA = Path(__file__).parents[1] / "data" / "logs" / "postfix-3.7.11.long.iso.log.gz"
TOKYO = Path("/usr/share/zoneinfo/Asia/Tokyo")
NAMESERVER = "127.77.0.1"


@dataclass
class Place:
    """A server, an instance there, its log, and the home directory of the operator here."""

    server: Sshd
    instance: Path
    log: Path
    home: Path

    def mxtop(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "mxtop", *words]
        env = {**os.environ, "HOME": str(self.home)}
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=env)

    def same(self, *words: str, host: tuple[str, ...] = ("mx1",), code: int = 0) -> str:
        """What a command prints about the host, which is what it prints there."""
        here, there = self.mxtop(*words), self.mxtop(*words, *host)
        assert there.stderr == here.stderr
        assert (here.returncode, there.returncode) == (code, code), there.stderr
        assert there.stdout == here.stdout
        return there.stdout

    def refused(self, *words: str) -> str:
        done = self.mxtop(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("mxtop: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("reach")
    instance, log, home = directory / "postfix", directory / "log" / "mail.log", directory / "home"
    for each in (instance, log.parent, home / ".ssh", directory / "spool" / "etc"):
        each.mkdir(parents=True)
    lines = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    log.with_name("mail.log.2.gz").write_bytes(gzip.compress(b"".join(lines[:1500])))
    log.with_name("mail.log.1").write_bytes(b"".join(lines[1500:3000]))
    log.write_bytes(b"".join(lines[3000:]) + b"\xff not a log line")
    (directory / "spool" / "etc" / "resolv.conf").write_text(f"nameserver {NAMESERVER}\n")
    (instance / "main.cf").write_text(
        f"myhostname = mx1.sender.example\nqueue_directory = {directory}/spool\n"
        f"maillog_file = {log}\nmaillog_file_prefixes = /var, /tmp, {directory}\ncompatibility_level = 3.6\n"
    )
    (instance / "master.cf").write_text("smtp unix - - y - - smtp\nrelay unix - - y - - smtp\n")
    with Sshd(directory / "mx1", free_port()) as server:
        (home / ".ssh" / "config").write_text(server.client_entry())
        yield Place(server, instance, log, home)


def test_report(place: Place) -> None:
    at = ("--config-dir", str(place.instance))
    found = json.loads(place.same("report", "--json", *at))
    assert (found["host"], found["lines"], found["unparsed"]) == ("mx1.sender.example", 4540, 1)
    assert "mx1.sender.example" in place.same("report", *at)
    place.same("report", "--json", "--log", str(place.log), "--year", "2020")


def recorded(file: Path) -> str:
    return "".join(sample.text for _, sample in samples(file) if isinstance(sample, Batch))


def test_record_goes_on_after_a_lost_connection(place: Place, tmp_path: Path) -> None:
    log, file = tmp_path / "mail.log", tmp_path / "r.mxtop"
    line = "2026-11-23T18:31:36+00:00 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed\n"
    log.write_text(line)
    words = ["record", str(file), "--config-dir", str(place.instance), "--log", str(log), "mx1"]
    env = {**os.environ, "HOME": str(place.home)}
    argv = [sys.executable, "-m", "mxtop", *words]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr
        told = iter(process.stderr.readline, "")
        try:
            assert next(told) == f"mxtop: recording mx1 into {file}; Ctrl-C ends it\n"
            time.sleep(2)
            place.server.stop()
            while "mxtop: log: " not in next(told):
                pass
            with log.open("a") as growing:
                growing.write(line * 2)
            place.server.start()
            while "mxtop: log: back again" not in next(told):
                pass
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            assert re.search(r" 3 lines .*; play it with", process.communicate(timeout=30)[1])
        finally:
            process.kill()
    assert process.returncode == 0
    assert recorded(file) == line * 3
    assert header(file).host == "mx1"


def test_what_keeps_out_ends_a_recording_before_it_begins(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "r.mxtop"
    assert "Connection refused" in place.refused("record", str(file), f"127.0.0.1:{free_port()}")
    assert not file.exists()
    done = place.mxtop("record", str(file), "--log", "/nonexistent/mail.log", "mx1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "/nonexistent/mail.log: no such file; name the log with" in done.stderr.splitlines()[-1]
    assert not file.exists()


def test_report_since_counts_from_now(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text("2001-01-01T00:00:00+00:00 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed\n")
    old = tmp_path / "mail.log.1"
    old.write_text("2000-01-01T00:00:00+00:00 mx1 postfix/qmgr[1]: 4A5B6C7D8F: removed\n")
    os.utime(old, (946684800, 946684800))
    at = ("--config-dir", str(place.instance), "--log", str(log))
    assert json.loads(place.same("report", "--json", "--since", "1h", *at))["lines"] == 0
    assert json.loads(place.same("report", "--json", "--since", "2000w", *at))["lines"] == 2


@pytest.mark.skipif(not TOKYO.exists(), reason="needs tzdata")
def test_a_host_in_another_zone_whose_log_does_not_say_so(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is New York, there Tokyo: each number is what mxtop prints there."""
    log, home = tmp_path / "log" / "mail.log", tmp_path / "home"
    for each in (log.parent, home / ".ssh"):
        each.mkdir(parents=True)
    there = timezone(timedelta(hours=9))
    log.write_text(
        "".join(
            f"{datetime.fromtimestamp(time.time() - age, there):%b %e %H:%M:%S} mx1 "
            f"postfix/qmgr[1]: 4A5B6C7D{age % 97:02d}: removed\n"
            for age in (90_000, 8_000, 1_000, 500)
        )
    )
    at = ("--config-dir", str(place.instance), "--log", str(log))
    with Sshd(tmp_path / "mx1", free_port(), localtime=TOKYO.read_bytes()) as server:
        (home / ".ssh" / "config").write_text(server.client_entry())
        distant = Place(server, place.instance, log, home)
        report = ("report", "--json", "--since")
        for words, lines in (((*report, "1h"), 2), ((*report, "1d"), 3), (("parse",), None)):
            monkeypatch.setenv("TZ", "JST-9")
            as_there = distant.mxtop(*words, *at)
            monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
            from_here = distant.mxtop(*words, *at, "mx1")
            assert (from_here.returncode, from_here.stderr) == (0, "")
            assert from_here.stdout == as_there.stdout
            assert lines is None or json.loads(from_here.stdout)["lines"] == lines


def test_parse(place: Place) -> None:
    printed = place.same("parse", "--config-dir", str(place.instance)).splitlines()
    assert len(printed) == 4540
    assert json.loads(printed[-1])["text"] == "\udcff not a log line"


def test_sockets(place: Place) -> None:
    """A connection to port 25 that this test holds; its owner is nobody's daemon."""
    with socket.create_server(("127.99.0.1", 25)) as server, socket.socket() as client:
        client.bind(("127.99.0.2", 0))
        client.connect(server.getsockname())
        for words in (("sockets", "--json"), ("sockets", "--json", "--filters"), ("sockets",)):
            here, there = place.mxtop(*words), place.mxtop(*words, "mx1")
            assert (here.returncode, there.returncode) == (0, 0), there.stderr
            assert there.stdout == here.stdout
    assert "Traceback" not in there.stderr


def test_dns(place: Place) -> None:
    zone = "dual MX 10 mx.dual\nmx.dual A 192.0.2.1\nmx.dual AAAA 2001:db8::1\nnull MX 0 .\n"
    with nsd(zone, NAMESERVER, 53):
        at = ("--config-dir", str(place.instance), "--json")
        found = json.loads(place.same("dns", "dual.example", *at, host=("--on", "mx1")))[0]
        assert found["viewpoint"] == {"host": "mx1.sender.example", "resolver": NAMESERVER}
        assert [address["address"] for address in found["mx"][0]["addresses"]] == ["192.0.2.1", "2001:db8::1"]
        place.same("dns", "null.example", "dual.example", *at, host=("--on", "mx1"), code=1)


@pytest.mark.parametrize(
    ("forwarding", "way"), [("yes", "through a forwarded connection"), ("no", "asked by a command there")]
)
def test_dns_says_which_way_the_resolver_is_asked(
    place: Place, tmp_path: Path, forwarding: str, way: str
) -> None:
    at = ("dns", "dual.example", "--config-dir", str(place.instance))
    zone = "dual MX 10 mx.dual\nmx.dual A 192.0.2.1\nmx.dual AAAA 2001:db8::1\n"
    (tmp_path / ".ssh").mkdir()
    with (
        nsd(zone, NAMESERVER, 53),
        Sshd(tmp_path / "mx1", free_port(), AllowTcpForwarding=forwarding) as server,
    ):
        (tmp_path / ".ssh" / "config").write_text(server.client_entry())
        there = Place(server, place.instance, place.log, tmp_path)
        said = " ".join(there.mxtop(*at, "--on", "mx1").stdout.split())
        assert f"resolver {NAMESERVER}, {way} MX 10 mx.dual.example" in said
        assert f"resolver {NAMESERVER} MX 10 mx.dual.example" in " ".join(there.mxtop(*at).stdout.split())
        there.same(*at, "--json", host=("--on", "mx1"))


@pytest.mark.parametrize("command", ["report", "sockets"])
def test_by_the_systems_ssh(place: Place, command: str) -> None:
    at = (command, "--config-dir", str(place.instance), "--json")
    done = place.mxtop(*at, "mx1", "--ssh-command", f"ssh -F {place.server.client_config}")
    assert (done.returncode, done.stdout) == (0, place.mxtop(*at).stdout), done.stderr


def test_an_unknown_host_key_is_refused_with_its_fingerprint(place: Place, tmp_path: Path) -> None:
    known = place.server.known_hosts
    kept = known.read_text()
    try:
        known.write_text("")
        for words in (
            ("report", "mx1"),
            ("parse", "mx1"),
            ("sockets", "mx1"),
            ("dns", "a.example", "--on", "mx1"),
        ):
            said = place.refused(*words)
            assert f"not known: ssh-ed25519 {place.server.fingerprint}; " in said
            assert "`ssh mx1`" in said
        assert known.read_text() == ""
        other = make_key(tmp_path / "other")
        known.write_text(f"# a comment\n{place.server.known_as} {Sshd.public(other)}\n")
        said = place.refused("report", "mx1")
        assert "changed" in said
        assert f"{known}:2" in said
    finally:
        known.write_text(kept)


def test_who_is_not_let_in(place: Place) -> None:
    kept = place.server.authorized_keys.read_text()
    try:
        place.server.authorized_keys.write_text("")
        assert "ssh-add" in place.refused("report", "mx1")
    finally:
        place.server.authorized_keys.write_text(kept)


def test_a_host_that_is_down_or_not_there(place: Place) -> None:
    said = place.refused("report", f"127.0.0.1:{free_port()}")
    assert "Connection refused; try `ssh` by hand" in said
    place.refused("parse", "ssh://report")
    assert "; try `ssh` by hand, or write ./mial.log for a log file" in place.refused("report", "mial.log")


def test_a_log_that_is_not_there(place: Place) -> None:
    assert "/no/such.log" in place.refused("report", "mx1", "--log", "/no/such.log")
    assert "no such" in place.refused("report", "mx1", "--config-dir", "/no/such").lower()


def test_an_ssh_library_is_loaded_only_where_a_host_is_named(place: Place) -> None:
    code = (
        "import sys; from mxtop.cli import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "sys.exit('asyncssh' in sys.modules)"
    )
    env = {**os.environ, "HOME": str(place.home)}
    for words, loaded in (
        (("report", "--log", str(place.log)), 0),
        (("sockets",), 0),
        (("report", "--log", str(place.log), "mx1"), 1),
    ):
        argv = [sys.executable, "-c", code, *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=env)
        assert done.returncode == loaded, done.stderr


def screen(place: Place) -> str:
    """What a terminal is to run: the screen on the host."""
    return (
        f"import os; os.environ['HOME'] = {str(place.home)!r}\n"
        f"import sys; sys.argv[1:] = ['mx1', '--config-dir', {str(place.instance)!r}]\n"
        "from mxtop.__main__ import run; sys.exit(run())"
    )


def test_the_screen_asks_about_an_unknown_key_and_cancel_changes_nothing(place: Place) -> None:
    """With the operator's own configuration, HOME included: the page, then all of the host."""
    kept, entry = place.server.known_hosts.read_text(), place.server.client_entry()
    config = place.home / ".ssh" / "config"
    known = place.server.known_hosts
    try:
        known.write_text("")
        config.write_text(entry.replace("StrictHostKeyChecking yes", "HashKnownHosts no"))
        with terminal(screen(place), columns=120, lines=40) as it:
            it.wait_for("Unknown host key")
            it.wait_for(place.server.fingerprint)
            it.press("\r")
            it.wait_for("unknown host key")
            assert known.read_text() == ""
            it.press("q")
            assert it.exit_code() == 0
        with terminal(screen(place), columns=120, lines=40) as it:
            it.wait_for(place.server.fingerprint)
            it.press("\t\r")
            it.wait_for("mx1.sender.example", 30)
            it.wait_for("allfail.example")
            it.press("q")
            assert it.exit_code() == 0
        assert Sshd.public(place.server.host_key) in known.read_text()
    finally:
        known.write_text(kept)
        config.write_text(entry)


def test_the_screen_opens_on_a_host_that_cannot_be_reached_and_says_why(place: Place) -> None:
    with terminal(screen(place).replace("'mx1'", f"'127.0.0.1:{free_port()}'")) as it:
        it.wait_for("Connection refused")
        it.wait_for("next try")
        it.press("q")
        assert it.exit_code() == 0


def test_a_command_on_forty_hosts_behind_one_bastion_with_sshds_defaults(
    place: Place, tmp_path: Path
) -> None:
    """All share one connection to the bastion: each with its own, sshd would drop some (MaxStartups)."""
    names = [f"behind{n}" for n in range(40)]
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    with (
        Sshd(tmp_path / "bastion", free_port(), alias="bastion") as bastion,
        Sshd(tmp_path / "inner", free_port(), alias=" ".join(names)) as inner,
    ):
        (home / ".ssh" / "config").write_text(
            inner.client_entry("ProxyJump bastion") + bastion.client_entry()
        )
        here = Place(inner, place.instance, place.log, home)
        done = here.mxtop("history", "--json", "--config-dir", str(place.instance), *names)
        assert (done.returncode, done.stderr) == (0, "")
        assert isinstance(json.loads(done.stdout), list)
        assert bastion.log.read_text().count("Accepted publickey") == 1
        assert inner.log.read_text().count("Accepted publickey") == 40
