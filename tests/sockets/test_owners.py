"""How often the processes are looked through, and that whom they hold is found all the same."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.sockets.conftest import Start

from mxtop.sockets import diag, owners
from mxtop.sockets.owners import LOOKS, Owner, Owners

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to see whose a socket is")


class Counted(Owners):
    """Counts its looks."""

    looks = 0

    def _open_sockets(self) -> Iterator[tuple[int, str, Owner]]:
        self.looks += 1
        return super()._open_sockets()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.98", 0)) as made:
        yield made


def connect(server: socket.socket) -> str:
    """Code that holds one connection to there."""
    return f"held.append(socket.create_connection({server.getsockname()!r}))"


def inodes(server: socket.socket) -> set[int]:
    """Of the connections to there."""
    there = server.getsockname()
    found = (c for c in diag.read().connections if (c.peer_address, c.peer_port) == there)
    return {c.inode for c in found}


def test_a_socket_of_others_is_looked_for_a_few_times(
    server: socket.socket, daemons: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "LOOK_FOR_MASTERS", 3600.0)
    daemons(("smtp", connect(server), []))
    with socket.create_connection(server.getsockname()) as ours:
        found = Counted()
        for _ in range(LOOKS + 3):
            assert [owner.daemon for owner in found.of(inodes(server)).values()] == ["smtp"]
        assert found.looks == LOOKS
        with socket.create_connection(server.getsockname()):
            assert len(found.of(inodes(server))) == 1
        assert found.looks == LOOKS + 1, "a new socket is looked for"
        assert found.of({os.fstat(ours.fileno()).st_ino}) == {}


def test_nothing_is_looked_through_where_all_owners_are_known(server: socket.socket, daemons: Start) -> None:
    daemons(("smtp", connect(server), []), ("smtp", connect(server), []))
    found = Counted()
    for _ in range(5):
        assert len(found.of(inodes(server))) == 2
    assert found.looks == 1


def test_a_postfix_that_was_started_later(
    server: socket.socket, daemons: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "LOOK_FOR_MASTERS", 3600.0)
    found = Counted()
    assert found.of({1}) == {}
    daemons(("smtp", connect(server), ["-n", "relay"]))
    for _ in range(LOOKS + 1):
        assert found.of(inodes(server)) == {}
    monkeypatch.setattr(owners, "LOOK_FOR_MASTERS", 0.0)
    assert [owner.service for owner in found.of(inodes(server)).values()] == ["relay"]


def written_down(queue_directory: Path, text: str) -> None:
    """As master(8) writes its pid (Postfix src/master/master.c)."""
    (queue_directory / "pid").mkdir()
    (queue_directory / "pid" / "master.pid").write_text(text)


def test_a_master_that_has_written_itself_down_spares_reading_every_process(
    server: socket.socket, daemons: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = daemons(("smtp", connect(server), []), cwd=tmp_path)
    written_down(tmp_path, f"{tree.pid:>11}\n")
    monkeypatch.setattr(psutil, "process_iter", lambda: pytest.fail("every process is read"))
    found = Owners(str(tmp_path))
    assert [owner.daemon for owner in found.of(inodes(server)).values()] == ["smtp"]
    assert found.running


@pytest.mark.parametrize("text", ["", "master", "-1", "0", "1", "4194304", "9" * 30])
def test_what_is_written_there_is_believed_of_a_master_alone(
    server: socket.socket, daemons: Start, tmp_path: Path, text: str
) -> None:
    daemons(("smtp", connect(server), []), cwd=tmp_path)
    written_down(tmp_path, text)
    assert [owner.daemon for owner in Owners(str(tmp_path)).of(inodes(server)).values()] == ["smtp"]


def test_a_master_of_another_instance_is_not_taken_for_this_one(
    server: socket.socket, daemons: Start, tmp_path: Path
) -> None:
    tree = daemons(("smtp", connect(server), []))
    written_down(tmp_path, f"{tree.pid}\n")
    assert Owners(str(tmp_path)).of(inodes(server)) == {}
