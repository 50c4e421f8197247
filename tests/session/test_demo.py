"""The shipped recording tells its stories: what the screen would show is looked up in the Snapshot."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from tests.lab import demo as world
from tests.lab.shares import binomial_bounds

from mxtop.mail.batch import Batch
from mxtop.mail.sample import SocketSample
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Destination, Snapshot
from mxtop.mail.tracker import Tracker
from mxtop.recording.file import header, samples
from mxtop.recording.fixes import document
from mxtop.session import replay as module
from mxtop.session.core import Core
from mxtop.session.playing import from_document
from mxtop.session.replay import ReplaySession
from mxtop.ui.start import DEMO_SKIP, demo_recording

PATH = demo_recording()


@cache
def played(until: float = 1e9) -> Snapshot:
    """The snapshot of that second."""
    head = header(PATH)
    core = Core(head.host, "demo")
    elapsed = 0.0
    for elapsed, sample in samples(PATH):
        if elapsed > until:
            break
        if isinstance(sample, Settings):
            core.begin(Tracker(sample.syslog_names))
        core.take(sample, head.started + elapsed)
    return core.tick(head.started + elapsed)


def row(snapshot: Snapshot, destination: str) -> Destination:
    return next(row for row in snapshot.destinations if row.destination == destination)


async def test_the_first_snapshot_has_everything() -> None:
    session = ReplaySession(PATH, mode="demo", skip=DEMO_SKIP)
    seen = asyncio.Queue[Snapshot]()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(session.run(seen.put_nowait))
        first = await seen.get()
        task.cancel()
    assert first.host == "mail.sender.example"
    assert first.settings is not None
    assert first.settings.mail_version.startswith("3.")
    assert len(first.destinations) >= 14
    assert sum(d.state != "few" for d in first.destinations) >= 8
    assert first.sent_rate > 1
    assert len(first.history) > 30
    assert len(first.log) > 1000
    assert first.sockets
    assert first.queue is not None
    assert first.queue.deferred
    assert first.outlooks[world.BIG.domain].prediction is not None


def test_traffic_goes_on_to_the_end() -> None:
    batches = [(at, sample) for at, sample in samples(PATH) if isinstance(sample, Batch)]
    minutes = [sum(b.text.count("status=sent") for at, b in batches if at // 60 == m) for m in range(4)]
    assert all(count > 60 for count in minutes)
    assert 240 < batches[-1][0] < 330


def test_a_destination_uses_both_families_as_predicted() -> None:
    snapshot = played()
    big = row(snapshot, world.BIG.domain)
    prediction = snapshot.outlooks[world.BIG.domain].prediction
    assert prediction is not None
    assert prediction.shares.now == prediction.shares.any == 0.5
    assert (prediction.shares.ipv4, prediction.shares.ipv6) == (0.0, 1.0)
    assert "smtp_address_preference = any" in prediction.why
    tries = big.families.ipv4.connections + big.families.ipv6.connections
    low, high = binomial_bounds(tries, 0.5)
    assert big.first_try_ipv6_share is not None
    assert low <= big.first_try_ipv6_share * tries <= high
    assert min(big.families.ipv4.connections, big.families.ipv6.connections) > 50
    assert big.state == "ok"


def test_the_hanging_one_is_seen_in_sockets_and_delays() -> None:
    hanging: set[str] = set()
    moments = [sample for _, sample in samples(PATH) if isinstance(sample, SocketSample)]
    with_syn = 0
    for sample in moments:
        rows = [r for r in sample.rows if r.state == "SYN_SENT"]
        with_syn += bool(rows)
        hanging |= {r.peer_address for r in rows}
    assert hanging == set(world.HANGS.ipv6)
    assert with_syn > len(moments) / 2
    for second in (DEMO_SKIP, 100.0, 150.0, 200.0, 250.0, 1e9):
        snapshot = played(second)
        found = row(snapshot, world.HANGS.domain)
        assert found.state == "slow"
        assert found.families.ipv6.connections == 0
        assert found.families.ipv6.failed_connects > 5
    # The steps of smtp_connect_timeout (10 s): none, one or both of its IPv6 addresses came first.
    lines = [line for line in text().splitlines() if f"@{world.HANGS.domain}>, relay=" in line]
    steps = {round(float(c) / 10) for line in lines for c in re.findall(r"delays=[^/]+/[^/]+/([^/]+)/", line)}
    assert steps == {0, 1, 2}


def test_the_rejecting_one_bounces_over_ipv6_only() -> None:
    for second in (DEMO_SKIP, 1e9):
        found = row(played(second), world.REJECTS.domain)
        assert found.state == "failing"
        assert found.families.ipv6.bounced == found.bounced > 3
        assert found.families.ipv6.sent == found.families.ipv4.bounced == 0
        assert found.families.ipv4.sent == found.sent > 3
        assert found.failures
        assert all(f.address in world.REJECTS.ipv6 and "550" in f.text for f in found.failures)
        assert "does not meet IPv6 sending guidelines" in found.failures[-1].text


def test_a_dead_one_a_greylisting_one_and_one_without_ipv6() -> None:
    assert row(played(), world.DEAD.domain).state == "stuck"
    grey = row(played(), world.GREYLISTS.domain)
    assert grey.deferred > 3 and grey.sent > 3
    ipv4_only = row(played(), "foundry.example")
    assert ipv4_only.first_try_ipv6_share == 0.0
    assert row(played(), world.IPV6_FIRST.domain).first_try_ipv6_share == 1.0


async def test_it_begins_again_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST", 40.0)
    session = ReplaySession(PATH, mode="demo", skip=DEMO_SKIP, speed=400, interval=0.02)
    whole = played().totals.lines
    seen: list[Snapshot] = []
    again = asyncio.Event()

    def publish(snapshot: Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) > 1 and snapshot.totals.lines < seen[-2].totals.lines:
            again.set()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(session.run(publish))
        await again.wait()
        task.cancel()
    assert max(snapshot.totals.lines for snapshot in seen) == whole
    assert seen[-1].log.first == 0


@cache
def text() -> str:
    return "".join(sample.text for _, sample in samples(PATH) if isinstance(sample, Batch))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_nothing_of_the_machine_it_was_made_on_is_in_it() -> None:
    raw = gzip.decompress(PATH.read_bytes()).decode()
    for secret in ("/tmp/", "/work", "/home/", "/root", str(Path(__file__).parents[2]), socket.gethostname()):
        assert secret not in raw, secret
    documentation = [
        ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32", "127.0.0.0/8", "::1")
    ]
    for _, sample in samples(PATH):
        if isinstance(sample, SocketSample):
            for socket_row in sample.rows:
                peer = ip_address(socket_row.peer_address)
                assert any(peer in network for network in documentation), peer
    hosts = set(re.findall(r"(?<=@)[\w.-]+", text())) | set(re.findall(r"(?<=relay=)[\w.-]+(?=\[)", text()))
    assert {host for host in hosts if not host.endswith(".example")} == set()
    assert {line.split(" ")[1] for line in text().splitlines()} == {"mail"}


@pytest.mark.parametrize("value", ["ipv6", "ipv4"])
def test_the_fixes_of_the_demo_foretell_apply_and_show_their_effect(value: str) -> None:
    """Mixed before, every new connection over the family chosen after it, and back as it was."""
    key = ("address-preference", value)
    assert key in header(PATH).fixes
    fix = from_document(document(PATH, key))
    assert f"+smtp_address_preference = {value}\n" in fix.proposal.preview.diff
    told = fix.proposal.forecast
    assert told is not None
    assert told.before is not None and 0.3 < told.before < 0.7
    assert told.after is not None
    assert told.after > 0.8 if value == "ipv6" else told.after < 0.2
    assert {finding.fix for finding in fix.proposal.findings} == {"address-preference"}
    warned = {name for note in told.notes for name in note.destinations}
    assert ({world.HANGS.domain, world.REJECTS.domain} <= warned) is (value == "ipv6")
    phases = [step.change.phase for _, step in fix.steps]
    assert {"installed", "applied"} <= set(phases)
    last = fix.steps[-1][1]
    assert last.observed is not None
    assert last.observed.verdict == "good"
    assert last.observed.before.ipv4 > 100 < last.observed.before.ipv6
    after = last.observed.after
    assert getattr(after, value) > 10 * (after.total - getattr(after, value))
    ran = [command.argv[-1] for command in last.change.commands]
    assert ran[-2:] == ["check", "reload"]
    assert fix.undone.state == "rolled_back"


def test_it_is_small_and_not_parsed_by_chance() -> None:
    assert PATH.stat().st_size < 700_000
    totals = played().totals
    assert totals.lines > 5000
    assert (totals.unparsed, totals.foreign, totals.other_instances) == (0, 0, 0)


def test_it_loads_neither_dnspython_nor_psutil() -> None:
    code = (
        "import asyncio, sys\n"
        "from mxtop import config\n"
        "from mxtop.ui import app, start\n"
        "def run(screen):\n"
        "    async def first():\n"
        "        seen = asyncio.Event()\n"
        "        async with asyncio.TaskGroup() as group:\n"
        "            task = group.create_task(screen.session.run(lambda snapshot: seen.set()))\n"
        "            await seen.wait()\n"
        "            task.cancel()\n"
        "    asyncio.run(first())\n"
        "    return 0\n"
        "app.run_app = run\n"
        "assert start.show(config.load(), demo=True) == 0\n"
        "heavy = {'asyncssh', 'dns', 'psutil'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
