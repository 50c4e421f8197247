"""Samples of real sockets on loopback, owned by processes that are named as Postfix's are."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from tests.sockets.conftest import Start

from mxtop.mail.settings import Settings, Transport
from mxtop.mail.sockets import SocketRow
from mxtop.sockets import owners, sampler
from mxtop.sockets.sampler import LATELY, QUICK, Sampler, relay_ports
from mxtop.sockets.table import Table

root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to see whose a socket is")


class Server:
    """Listens on a loopback address, and accepts nothing by itself."""

    def __init__(self, address: str = "127.0.0.91", port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.listen(4096)
        self.address, self.port = self.socket.getsockname()[:2]

    def connect(self) -> str:
        """Code that holds one connection to here."""
        return f"held.append(socket.create_connection(({self.address!r}, {self.port})))"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.socket.close()


def to(rows: tuple[SocketRow, ...], server: Server) -> list[SocketRow]:
    return [row for row in rows if (row.peer_address, row.peer_port) == (server.address, server.port)]


@root
@pytest.mark.parametrize("address", ["127.0.0.92", "::1"])
def test_an_outgoing_connection(daemons: Start, address: str) -> None:
    server = Server(address)
    daemons(
        ("smtp", server.connect(), ["-t", "unix", "-u", "-c"]),
        ("smtp", server.connect(), ["-n", "relay", "-t", "unix", "-u", "-o", "syslog_name=postfix/relay"]),
        ("lmtp", server.connect(), ["-t", "unix", "-u"]),
        ("scache", server.connect(), ["-l", "-t", "unix", "-u"]),
        ("tlsproxy", server.connect(), ["-t", "unix", "-u"]),
        ("proxymap", server.connect(), ["-t", "unix", "-u"]),
    )
    sampler = Sampler()
    rows = to(sampler.sample(known={address: "example.org"}), server)
    assert sorted((row.daemon, row.service) for row in rows) == [
        ("lmtp", "lmtp"),
        ("scache", "scache"),
        ("smtp", "relay"),
        ("smtp", "smtp"),
        ("tlsproxy", "tlsproxy"),
    ]
    accepted = {server.socket.accept()[1][:2] for _ in range(6)}
    for row in rows:
        assert row.direction == "out" and row.state == "ESTABLISHED"
        assert row.family == ("ipv6" if ":" in address else "ipv4")
        assert (row.local_address, row.local_port) in accepted
        assert row.destination == "example.org"
        assert row.filter_hop and row.age is None
        assert row.pid is not None and psutil.Process(row.pid).name() == row.daemon
    server.socket.close()


@root
@pytest.mark.parametrize("listen", ["127.0.0.93", "::"])
def test_an_incoming_connection(daemons: Start, listen: str) -> None:
    """IPv4 that came to an IPv6 socket is IPv4; what smtpd asks of a policy server is no mail."""
    policy = Server("127.0.0.94")
    code = f"""
server = socket.socket({"socket.AF_INET6" if ":" in listen else "socket.AF_INET"})
server.bind(({listen!r}, 0)); server.listen()
port = server.getsockname()[1]
client = socket.create_connection(("127.0.0.1" if {listen!r} == "::" else {listen!r}, port))
held += [server, server.accept()[0], client]
{policy.connect()}
"""
    daemons(("smtpd", code, ["-n", "submission", "-t", "inet", "-u", "-c", "-o", "stress="]))
    rows = [row for row in Sampler().sample() if row.daemon == "smtpd"]
    assert len(rows) == 1
    assert (rows[0].direction, rows[0].family, rows[0].service) == ("in", "ipv4", "submission")
    assert rows[0].peer_address.startswith("127.") and rows[0].destination is None
    policy.socket.close()


@root
def test_only_under_a_master(server: Server, daemons: Start) -> None:
    """Another program that happens to be called smtp."""
    client = socket.create_connection((server.address, server.port))
    daemons(("qmgr", "", ["-l"]))
    assert to(Sampler().sample(), server) == []
    sampler = Sampler()
    rows = to(sampler.sample(ports={server.port}), server)
    assert [(row.daemon, row.service, row.pid) for row in rows] == [(None, None, None)]
    assert "belong" in sampler.note
    client.close()


@root
def test_one_instance_of_two(server: Server, daemons: Start, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        daemons(("smtp", server.connect(), ["-n", name]), cwd=tmp_path / name)
    assert sorted(str(row.service) for row in to(Sampler().sample(), server)) == ["first", "second"]
    rows = to(Sampler(str(tmp_path / "second")).sample(), server)
    assert [row.service for row in rows] == ["second"]


@root
def test_age_and_owner_over_samples(server: Server, daemons: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "LOOK_FOR_MASTERS", 0.3)
    sampler = Sampler()
    daemons(("smtp", server.connect(), []))
    assert [row.age for row in to(sampler.sample(), server)] == [None]
    time.sleep(0.3)
    (row,) = to(sampler.sample(), server)
    assert row.age is not None and 0.3 <= row.age < 2
    daemons(("smtp", server.connect(), ["-n", "slow"]))
    time.sleep(owners.LOOK_FOR_MASTERS)  # a second master is not looked for at each sample
    later = {row.service: row for row in to(sampler.sample(), server)}
    assert later["slow"].age == 0.0
    assert later["smtp"].age is not None and later["smtp"].age > row.age


@root
def test_an_owner_that_hands_its_socket_on(server: Server, daemons: Start, tmp_path: Path) -> None:
    """As smtp(8) does with scache(8): same socket, other process."""
    channel, go = tmp_path / "channel", tmp_path / "go"
    send = f"""
{server.connect()}
def hand_on():
    while not os.path.exists({str(go)!r}): time.sleep(0.01)
    channel = socket.socket(socket.AF_UNIX); channel.connect({str(channel)!r})
    socket.send_fds(channel, [b"x"], [held[0].fileno()])
    held.pop().close()
import threading
threading.Thread(target=hand_on, daemon=True).start()
"""
    receive = f"""
listener = socket.socket(socket.AF_UNIX); listener.bind({str(channel)!r}); listener.listen()
def receive(): held.append(socket.recv_fds(listener.accept()[0], 1, 1))
import threading
threading.Thread(target=receive, daemon=True).start()
"""
    daemons(("smtp", send, []), ("scache", receive, ["-l"]))
    sampler = Sampler()
    assert [row.daemon for row in to(sampler.sample(), server)] == ["smtp"]
    go.touch()
    deadline = time.monotonic() + 5
    while [row.daemon for row in to(sampler.sample(), server)] != ["scache"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


NOBODY = """
import json, os, sys
from mxtop.sockets import owners
from mxtop.sockets.sampler import Sampler
from mxtop.report.sockets import document
sampler = Sampler()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
rows = sampler.sample(ports=[int(sys.argv[1])])
print(json.dumps([document(rows), sampler.note]))
"""


@root
def test_without_root_the_rows_are_there_and_the_reason_is_said(server: Server, daemons: Start) -> None:
    daemons(("smtp", server.connect(), []))
    argv = [sys.executable, "-c", NOBODY, str(server.port)]
    said = subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=20).stdout
    rows, note = json.loads(said)
    rows = [row for row in rows if row["peer_port"] == server.port]
    assert [(row["daemon"], row["service"], row["pid"]) for row in rows] == [(None, None, None)]
    assert "only root" in note and "sudo mxtop" in note


@root
def test_two_thousand_sockets(server: Server, daemons: Start) -> None:
    """Twenty daemons with a hundred connections each, and their other ends: below 100 ms of CPU a sample."""
    code = f"for _ in range(100): {server.connect()}"
    daemons(*[("smtp", code, ["-n", "bulk", "-t", "unix"])] * 20)
    sampler = Sampler()
    taken = []
    for _ in range(5):
        begun = time.process_time()
        rows = to(sampler.sample(), server)
        taken.append(time.process_time() - begun)
        assert len(rows) == 2000 and {row.service for row in rows} == {"bulk"}
    assert min(taken) < 0.1


@root
def test_costs_next_to_nothing_at_rest(daemons: Start) -> None:
    """Our own part: the kernel's, a walk through its hash table, grows with the machine's memory."""
    daemons(*[("smtp", "", [])] * 5)
    sampler = Sampler()
    sampler.sample()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for _ in range(100):
        sampler.sample()
    each = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - before) / 100
    assert each < 0.002


def test_relay_ports() -> None:
    settings = Settings(
        values={"relayhost": "[mx.example]:2525", "default_transport": "smtp:[gate.example]:submission"},
        transports={
            "smtp": Transport(smtp_tcp_port="smtp", smtp_fallback_relay="[a.example]:26, b.example"),
            "slow": Transport(smtp_tcp_port="1025"),
        },
    )
    assert relay_ports(settings) == {2525, 587, 26, 25, 1025}
    assert relay_ports(Settings(values={"default_transport": "smtp"})) == frozenset()


def test_it_is_quick_once_the_last_samples_all_were(monkeypatch: pytest.MonkeyPatch) -> None:
    now, cost = 100.0, QUICK / 2

    def look() -> Table:
        nonlocal now
        now += cost
        return Table((), frozenset())

    monkeypatch.setattr(sampler, "time", SimpleNamespace(perf_counter=lambda: now, monotonic=lambda: now))
    found = Sampler(look=look)
    assert not found.quick, "nobody knows yet"
    for _ in range(LATELY):
        found.sample()
    assert found.quick
    cost = QUICK * 2
    found.sample()
    cost = 0.0
    for _ in range(LATELY):
        assert not found.quick, "now and then one is dear"
        found.sample()
    assert found.quick
