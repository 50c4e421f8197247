"""A session over a real sshd: every number equals the local one, and stays so when the connection is cut."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.hosts.conftest import host_at
from tests.hosts.sshd import Sshd, free_port

from mxtop.hosts.errors import HostDown
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.tracker import Tracker
from mxtop.session.base import Session
from mxtop.session.local import LocalSession
from mxtop.session.logfeed import LogFeed
from mxtop.session.remote import RemoteSession

pytestmark = pytest.mark.skipif(
    not (Path("/usr/sbin/sshd").exists() and Path("/usr/sbin/postconf").exists()),
    reason="needs openssh-server and postfix",
)

LIMA = Path("/usr/share/zoneinfo/America/Lima")
SENT = "to=<a@b.example>, relay=b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)"
DATA = Path(__file__).parents[1] / "data" / "logs" / "postfix-3.7.11.long.iso.log.gz"


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path / "mx1", free_port()) as server:
        yield server


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return make_instance(tmp_path)


def make_instance(place: Path) -> Path:
    """The settings of an instance that does not run, and its log: 4539 lines, rotated twice."""
    directory = place / "postfix"
    directory.mkdir()
    log = place / "log" / "mail.log"
    log.parent.mkdir()
    lines = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    log.with_name("mail.log.2.gz").write_bytes(gzip.compress(b"".join(lines[:1500])))
    log.with_name("mail.log.1").write_bytes(b"".join(lines[1500:3000]))
    log.write_bytes(b"".join(lines[3000:4400]))
    (place / "rest").write_bytes(b"".join(lines[4400:4539]))
    (directory / "main.cf").write_text(
        f"myhostname = mx1.example\nqueue_directory = {place}/spool\n"
        f"maillog_file = {log}\nmaillog_file_prefixes = /var, /tmp, {place}\ncompatibility_level = 3.6\n"
    )
    (directory / "master.cf").write_text("smtp unix - - n - - smtp\nrelay unix - - n - - smtp\n")
    return directory


def log_of(instance: Path) -> Path:
    return instance.parent / "log" / "mail.log"


class Watched:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.last: Snapshot | None = None
        self.states: set[tuple[str, str]] = set()

    def take(self, snapshot: Snapshot) -> None:
        self.last = snapshot
        self.states |= {(feed.name, feed.state) for feed in snapshot.feeds.values()}

    def state(self, feed: str) -> str:
        return self.last.feeds[feed].state if self.last and feed in self.last.feeds else ""

    def detail(self, feed: str) -> str:
        return self.last.feeds[feed].detail if self.last and feed in self.last.feeds else ""

    @property
    def lines(self) -> int:
        return self.session.core.tracker.totals().lines

    async def until(self, condition: Callable[[], bool], timeout: float = 60) -> None:
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(self.last and dict(self.last.feeds)) from None


@asynccontextmanager
async def watching(session: Session) -> AsyncIterator[Watched]:
    watched = Watched(session)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(session.run(watched.take))
        yield watched
        task.cancel()


def at(server: Sshd, instance: Path) -> RemoteSession:
    return RemoteSession(host_at(server), config_directory=str(instance), interval=0.1)


def numbers(snapshot: Snapshot | None) -> object:
    """All that a log and the settings tell, without the rates and ages of the moment."""
    assert snapshot is not None
    rows = sorted(
        (row.destination, row.sent, row.deferred, row.bounced, row.families) for row in snapshot.destinations
    )
    return snapshot.totals, rows, snapshot.settings, snapshot.host


async def test_every_number_equals_the_local_one_also_after_a_cut(sshd: Sshd, instance: Path) -> None:
    log = log_of(instance)
    local = LocalSession(config_directory=str(instance), interval=0.1)
    async with watching(local) as here, watching(at(sshd, instance)) as there:
        for watched in (here, there):
            await watched.until(lambda w=watched: w.lines == 4400 and w.state("log") == "live")  # type: ignore[misc]
        await asyncio.sleep(0.3)
        assert numbers(there.last) == numbers(here.last)
        await asyncio.to_thread(sshd.stop)
        await there.until(lambda: there.state("log") == "down")
        assert there.last
        assert there.last.totals.lines == 4400, "what was known stays"
        log.with_name("mail.log.2.gz").rename(f"{log}.3.gz")
        log.with_name("mail.log.1").rename(f"{log}.2")
        log.rename(f"{log}.1")
        log.write_bytes((instance.parent / "rest").read_bytes())
        await asyncio.to_thread(sshd.start)
        await there.until(lambda: there.lines == 4539 and there.state("log") == "live", 40)
        await here.until(lambda: here.lines == 4539)
        await asyncio.sleep(0.3)
        assert numbers(there.last) == numbers(here.last)
        await there.until(lambda: there.state("settings") == "live")


def pace(server: Sshd) -> str:
    """The pause that the sampler of sockets on this host was last started with; "" while there is none."""
    for pid in reversed(server.pids()):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"mxtop-sockets" in words:
            return words[words.index(b"mxtop-sockets") + 1].decode()
    return ""


async def test_who_is_not_looked_at_is_sampled_seldom(sshd: Sshd, instance: Path) -> None:
    session = at(sshd, instance)
    session.attend(False)
    async with watching(session) as there:
        await there.until(lambda: pace(sshd) == "5")
        session.attend(True)
        await there.until(lambda: pace(sshd) == "1")
        session.attend(False)
        await there.until(lambda: pace(sshd) == "5")
        assert there.state("sockets") == "live"


@pytest.mark.skipif(not LIMA.exists(), reason="needs tzdata")
async def test_a_log_of_another_zone_has_its_rates_now(tmp_path: Path, instance: Path) -> None:
    def line(number: int, ago: float) -> str:
        then = datetime.fromtimestamp(time.time() - ago, timezone(timedelta(hours=-5)))
        return f"{then:%b %e %H:%M:%S} mx1 postfix/smtp[7]: 4A5B6C{number:04d}: {SENT}\n"

    log = log_of(instance)
    log.with_name("mail.log.1").write_text("".join(line(n, 9_000 - n) for n in range(300)) * 40)
    log.write_text("".join(line(n, 20) for n in range(600)))
    with Sshd(tmp_path / "mx1", free_port(), localtime=LIMA.read_bytes()) as server:
        async with watching(at(server, instance)) as there:
            await there.until(lambda: there.state("log") == "live")
            with log.open("a") as file:
                file.writelines(line(n, 0) for n in range(600))
            await there.until(lambda: there.last is not None and there.last.sent_rate > 1)
            assert there.session.core.zone == "<-05>5"


async def test_a_host_that_is_not_there(tmp_path: Path, instance: Path) -> None:
    server = Sshd(tmp_path / "mx2", free_port(), alias="mx2")
    async with watching(at(server, instance)) as there:
        await there.until(lambda: there.state("log") == "down")
        assert there.last
        assert "refused" in there.last.feeds["log"].detail.lower()
        assert "next try in" in there.last.feeds["log"].remedy


async def test_a_user_who_may_not_read_the_log() -> None:
    with TemporaryDirectory(prefix="mxtop-") as name:  # pytest closes its own to other users, at each start
        Path(name).chmod(0o755)
        instance = make_instance(Path(name))
        log_of(instance).chmod(0o600)
        server = Sshd(Path(name) / "mx3", free_port(), alias="mx3", user="admin", uid=12345, gid=12345)
        with server:
            async with watching(at(server, instance)) as there:
                await there.until(lambda: "may not read" in there.detail("log"))
                assert there.state("log") == "down"
                await there.until(lambda: there.state("sockets") == "live")


async def test_a_lost_host_is_no_reason_to_leave_out_the_older_log() -> None:
    async def reading(names: object, progress: object) -> tuple[Tracker, str]:
        raise HostDown("mx1: the connection was lost")

    feed = LogFeed(lambda _: None, lambda _: None, lambda _: None, "mail.log", reading=reading)
    feed.catch_up()
    with pytest.raises(HostDown):
        await feed.older(None)
    assert not feed.whole
