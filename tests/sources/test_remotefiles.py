"""Which log files another machine has, as its commands tell, and what of them is to be read first."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.sources.helpers import append, numbered

from mxtop.hosts.base import Completed
from mxtop.hosts.errors import HostDown
from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import LogUnreadable
from mxtop.sources import remotefiles, rotation
from mxtop.sources.remotefiles import cursor_of, head_of, line_start, listing, plan, recognise, whole
from mxtop.sources.rotation import HEAD, Cursor, LogFile


class Host(LocalHost):
    """This machine, where each call may be preceded by an accident."""

    def __init__(self, before: Callable[[str], None] = lambda call: None) -> None:
        super().__init__()
        self.before = before
        self.ran: list[tuple[str, ...]] = []

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        self.ran.append(tuple(argv))
        self.before(argv[0])
        return await super().run(argv, stdin=stdin, timeout=timeout)

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        self.before(path)
        return await super().read_file(path, limit=limit)

    async def can_read(self, path: str) -> bool:
        return not path.endswith("secret.log") and await super().can_read(path)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    append(path, range(1, 11))
    return path


def path_of(file: LogFile | None) -> Path | None:
    return file.path if file else None


def names(files: Sequence[LogFile]) -> list[str]:
    return [file.path.name for file in files]


def age(path: Path, seconds: float) -> None:
    moment = path.stat().st_mtime - seconds
    os.utime(path, (moment, moment))


# -- which files there are -----------------------------------------------------------------


async def test_the_listing_is_that_of_a_log_of_this_machine(log: Path) -> None:
    for n, suffix in enumerate((".4", ".3.gz", ".2.xz", ".1", "-20260101", ".1.bz2", ".old", ".tmp.1")):
        append(log.with_name(log.name + suffix), [n])
    append(log.with_name("mail.err"), [1])
    append(log.with_name("mail-20260102.log"), [1])
    for n, path in enumerate(sorted(log.parent.iterdir())):
        os.utime(path, (1_790_000_000 + n, 1_790_000_000 + n))  # whole seconds, as stat(1) tells them
    found = await listing(Host(), str(log))
    assert found.siblings == rotation.rotated(log)
    assert found.log == rotation.look(log)
    assert found.all == (*found.siblings, found.log)
    assert "mail.log.1.bz2" not in names(found.siblings), "it is being packed just now"
    assert found.now > 1_700_000_000


async def test_names_that_find_takes_for_patterns(tmp_path: Path) -> None:
    log = tmp_path / "a[b]*.log"
    append(log, [1])
    append(tmp_path / "a[b]*.log.1", [2])
    append(tmp_path / "ab.log.2", [3])
    assert names((await listing(Host(), str(log))).all) == ["a[b]*.log.1", "a[b]*.log"]


@pytest.mark.parametrize("name", ["-delete", "mail log", "a'b\"c", "$(id)", "x\\y", "!", "(", "é.log"])
async def test_names_that_find_or_a_shell_might_take_for_words(tmp_path: Path, name: str) -> None:
    log = tmp_path / name
    append(log, [1])
    append(tmp_path / f"{name}.1", [2])
    assert names((await listing(Host(), str(log))).all) == [f"{name}.1", name]


async def test_a_log_without_a_directory_is_that_of_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert names((await listing(Host(), "mail.log")).all) == ["mail.log"]
    (tmp_path / "-x").mkdir()
    for name in ("mail.log", "mail.log.1"):
        append(tmp_path / "-x" / name, [1])
    assert names((await listing(Host(), "-x/mail.log")).all) == ["mail.log.1", "mail.log"]


async def test_a_file_that_is_named_like_an_answer_is_only_a_file(log: Path) -> None:
    """Names may hold newlines: a line of our own form within one is no other file."""
    log.with_name("mail.log.9\n1 2 3 4 mail.log.1").touch()
    log.with_name("mail.log.8\n1 2 3 4 mail.log").touch()
    found = await listing(Host(), str(log))
    assert found.log is not None and found.log.identity == rotation.look(log).identity
    assert all(file.identity != (1, 2) for file in found.all)


@pytest.mark.parametrize("name", ["none.log", "none/mail.log"])
async def test_no_log_is_a_listing_without_one(tmp_path: Path, name: str) -> None:
    found = await listing(Host(), str(tmp_path / name))
    assert (found.log, found.all) == (None, ())


async def test_a_log_that_is_a_link_is_the_file_it_leads_to(tmp_path: Path, log: Path) -> None:
    link = tmp_path / "link.log"
    link.symlink_to(log)
    found = (await listing(Host(), str(link))).log
    assert found is not None
    assert (found.identity, found.path) == (rotation.look(log).identity, link)


async def test_a_rotation_between_two_looks_is_waited_for(log: Path) -> None:
    looks = 0

    def rotate(call: str) -> None:
        nonlocal looks
        looks += call == "find"
        if call == "find" and looks == 2:
            log.rename(f"{log}.1")
            append(log, [11])

    host = Host(rotate)
    found = await listing(host, str(log))
    assert names(found.all) == ["mail.log.1", "mail.log"]
    assert looks == 3


async def test_a_directory_that_never_rests_is_not_looked_at_for_ever(log: Path) -> None:
    def rename(call: str) -> None:
        if call == "find":
            log.replace(log.with_name("x"))
            append(log, [1])

    host = Host(rename)
    assert (await listing(host, str(log))).log is not None
    assert len(host.ran) < 20


async def test_a_host_that_is_lost_is_no_host_without_a_log(log: Path) -> None:
    def lost(call: str) -> None:
        raise HostDown("mx1: connection lost")

    for ask in (listing(Host(lost), str(log)), plan(Host(lost), str(log), 1), head_of(Host(lost), str(log))):
        with pytest.raises(HostDown):
            await ask  # type: ignore[misc]


# -- the first bytes, and whose they are ------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress), ("", bytes)]
)
async def test_the_head_of_a_packed_log_is_that_of_its_content(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    text = os.urandom(200) + numbered(range(20_000)).encode()
    path = tmp_path / f"mail.log.1{suffix}"
    path.write_bytes(pack(text))
    assert await head_of(Host(), str(path)) == text[:HEAD]
    assert await head_of(Host(), str(path), 3) == text[:3]


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".bz2"])
@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"\x1f\x8b", b"no packed file", b"BZh9\xff", None])
async def test_what_is_damaged_empty_or_no_file_harms_nothing(
    tmp_path: Path, suffix: str, content: bytes | None
) -> None:
    path = tmp_path / f"mail.log.1{suffix}"
    path.mkdir() if content is None else path.write_bytes(content)
    head = await head_of(Host(), str(path))
    assert head == ((content or b"") if not suffix else b"")
    assert await head_of(Host(), str(tmp_path / "none")) == b""


async def test_a_small_file_that_holds_very_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(b"x" * 300_000_000, 1))
    assert await head_of(Host(), str(path)) == b"x" * HEAD


async def test_the_cursor_s_file_by_inode_then_by_its_first_bytes(log: Path, tmp_path: Path) -> None:
    host = Host()
    cursor = await cursor_of(host, rotation.look(log), 77)
    assert (cursor.offset, cursor.head) == (77, log.read_bytes()[:HEAD])
    moved = log.rename(f"{log}.1")
    append(log, range(100, 120))
    found = await listing(host, str(log))
    assert path_of(await recognise(host, found.all, cursor)) == moved
    packed = Path(f"{log}.2.gz")
    packed.write_bytes(gzip.compress(moved.read_bytes()))
    moved.unlink()
    found = await listing(host, str(log))
    assert path_of(await recognise(host, found.all, cursor)) == packed
    packed.unlink()
    assert await recognise(host, (await listing(host, str(log))).all, cursor) is None


async def test_of_two_that_begin_alike_the_newest_is_taken(log: Path) -> None:
    """A log that was copied before it was packed, say: what was written last is in the newest."""
    cursor = Cursor(1, 2, 0, log.read_bytes()[:HEAD])
    copy = Path(f"{log}.1")
    copy.write_bytes(log.read_bytes())
    assert path_of(await recognise(Host(), [rotation.look(copy), rotation.look(log)], cursor)) == log


async def test_an_inode_that_is_used_again_is_not_the_cursor_s(log: Path) -> None:
    now = rotation.look(log)
    other = Cursor(now.device, now.inode, 5, b"quite another beginning")
    assert await recognise(Host(), [now], other) is None
    unread = Cursor(now.device, now.inode, 0, b"")
    assert await recognise(Host(), [now], unread) == now, "empty when it was looked at: the inode alone tells"
    assert await recognise(Host(), [now], Cursor(1, 2, 0, b"")) is None


@pytest.mark.parametrize("offset", [0, 1, 65_535, 65_536, 65_537, 200_000, 10_000_000])
async def test_a_line_begins_where_it_is_said_to(tmp_path: Path, offset: int) -> None:
    log = tmp_path / "mail.log"
    append(log, range(5000))
    text = log.read_bytes()
    start = await line_start(Host(), str(log), min(offset, len(text) - 1))
    assert start == 0 or text[start - 1 : start] == b"\n"
    assert offset - 65_536 - 200 < start <= offset + 200 or offset > len(text)


# -- what is read, and in which order ----------------------------------------------------------


@pytest.mark.parametrize("ask", [lambda host, path: plan(host, path, 10), whole])
async def test_a_log_that_is_not_there_or_not_ours_names_the_next_step(
    tmp_path: Path, ask: Callable[..., object]
) -> None:
    with pytest.raises(LogUnreadable, match="no such file") as caught:
        await ask(Host(), str(tmp_path / "none.log"))  # type: ignore[misc]
    assert "--log" in caught.value.remedy
    append(tmp_path / "secret.log", [1])
    with pytest.raises(LogUnreadable, match="permission denied") as caught:
        await ask(Host(), str(tmp_path / "secret.log"))  # type: ignore[misc]
    assert caught.value.remedy


@pytest.mark.parametrize("newest", [0, 1, 1000, 3000, 10**9])
async def test_start_and_older_are_every_byte_once(log: Path, newest: int) -> None:
    for n in (3, 2, 1):
        append(Path(f"{log}.{n}"), range(n * 100, n * 100 + 30))
        age(Path(f"{log}.{n}"), n * 3600)
    found = await listing(Host(), str(log))
    sizes = {file.identity: file.size for file in found.all}
    divided = await plan(Host(), str(log), newest)
    (start,) = divided.start
    order = [file.identity for file in found.all]
    begun = order.index((start.device, start.inode))
    older = [(piece.cursor.device, piece.cursor.inode) for piece in divided.older]
    assert older == order[: begun + bool(start.offset)], "oldest first, up to where the follower starts"
    if start.offset:
        assert divided.older[-1].end == start.offset
    assert all(piece.end is None for piece in divided.older[:begun])
    assert divided.size == sum(sizes[one] for one in order[:begun]) + start.offset
    assert sum(sizes[one] for one in order[begun + 1 :]) < max(1, newest), "no further back than needed"
    reached = sum(sizes[one] for one in order[begun:]) - start.offset
    assert reached >= min(newest, sum(sizes.values()))


async def test_packed_files_are_never_where_a_follower_starts(log: Path) -> None:
    Path(f"{log}.1.gz").write_bytes(gzip.compress(numbered(range(100)).encode()))
    divided = await plan(Host(), str(log), 10**9)
    assert divided.start[0].inode == log.stat().st_ino
    assert names_of(divided.older) == [Path(f"{log}.1.gz").stat().st_ino]


def names_of(pieces: Sequence[remotefiles.RemotePiece]) -> list[int]:
    return [piece.cursor.inode for piece in pieces]


async def test_what_was_not_written_to_for_so_long_is_left_out(log: Path) -> None:
    for n, hours in ((1, 1), (2, 5), (3, 50)):
        append(Path(f"{log}.{n}"), [n])
        age(Path(f"{log}.{n}"), hours * 3600)

    def inodes(*numbers: str) -> list[int]:
        return [Path(f"{log}{n}").stat().st_ino for n in numbers]

    assert names_of(await whole(Host(), str(log))) == inodes(".3", ".2", ".1", "")
    assert names_of(await whole(Host(), str(log), since=6 * 3600)) == inodes(".2", ".1", "")
    assert names_of(await whole(Host(), str(log), since=3600 - 30)) == inodes(".1", ""), (
        "clocks differ a little"
    )
    age(log, 10**6)
    assert names_of(await whole(Host(), str(log), since=1)) == inodes(""), "the log itself is always read"


async def test_without_the_host_s_clock_nothing_is_left_out(log: Path) -> None:
    class Clockless(Host):
        async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
            if argv[0] == "date":
                return Completed(tuple(argv), 1, b"date: what\n", b"", 0.0)
            return await super().run(argv, stdin=stdin, timeout=timeout)

    append(Path(f"{log}.1"), [1])
    age(Path(f"{log}.1"), 10**6)
    assert len(await whole(Clockless(), str(log), since=1)) == 2


def test_a_reader_that_ended_early_is_a_lost_connection() -> None:
    assert isinstance(remotefiles.lost("/var/log/mail.log"), HostDown)
    assert "/var/log/mail.log" in remotefiles.lost("/var/log/mail.log").title
