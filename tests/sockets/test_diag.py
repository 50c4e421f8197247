"""Real sockets in several states, as psutil and /proc tell them too; and answers that are none."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from mxtop.sockets import diag, table
from mxtop.sockets.diag import _answers, messages
from mxtop.sockets.table import Connection

Ends = tuple[str, str, int, str, int]


@contextmanager
def opened(address: str, listen: str) -> Iterator[dict[socket.socket, str]]:
    """Sockets and the state that each of them is in, towards a listener at `listen`."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with ExitStack() as stack:

        def client() -> socket.socket:
            return stack.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))

        server = stack.enter_context(socket.socket(family))
        server.bind((listen, 0))
        server.listen(0)
        there = (address, server.getsockname()[1])
        states = {server: "LISTEN"}

        def connected() -> tuple[socket.socket, socket.socket]:
            near = client()
            near.connect(there)
            return near, stack.enter_context(server.accept()[0])

        states |= dict.fromkeys(connected(), "ESTABLISHED")
        shut, left = connected()
        shut.shutdown(socket.SHUT_WR)
        states |= {shut: "FIN_WAIT2", left: "CLOSE_WAIT"}
        for end in connected():
            end.close()  # the first of the two is in TIME_WAIT
        waiting, hanging = client(), client()  # there is room for one that waits to be accepted
        waiting.connect(there)
        hanging.setblocking(False)
        with pytest.raises(BlockingIOError):
            hanging.connect(there)
        yield states | {waiting: "ESTABLISHED", hanging: "SYN_SENT"}


def at(found: table.Table, port: int) -> set[Connection]:
    return {c for c in found.connections if port in (c.local_port, c.peer_port)}


def ends(connections: set[Connection]) -> set[Ends]:
    return {(c.state, c.local_address, c.local_port, c.peer_address, c.peer_port) for c in connections}


def by_psutil(port: int) -> set[Ends]:
    return {
        (c.status, *_plain(c.laddr), *_plain(c.raddr))
        for c in psutil.net_connections("tcp")
        if c.raddr and port in (c.laddr.port, c.raddr.port) and c.status != psutil.CONN_TIME_WAIT
    }


def _plain(end: tuple[str, int]) -> tuple[str, int]:
    return end[0].removeprefix("::ffff:"), end[1]


@pytest.mark.parametrize(
    ("address", "listen", "family"),
    [
        ("127.0.0.95", "127.0.0.95", "ipv4"),
        ("::1", "::1", "ipv6"),
        ("127.0.0.96", "::", "ipv4"),
        ("::ffff:127.0.0.97", "::", "ipv4"),
    ],
)
def test_the_rows_of_psutil_and_of_proc(address: str, listen: str, family: str) -> None:
    with opened(address, listen) as states:
        server = next(iter(states))
        port = server.getsockname()[1]
        wanted = {
            (state, *_plain(end.getsockname()[:2])) for end, state in states.items() if end is not server
        }
        deadline = time.monotonic() + 30
        while not wanted <= {each[:3] for each in by_psutil(port)}:
            assert time.monotonic() < deadline, by_psutil(port)
            time.sleep(0.01)
        found = diag.read()
        assert port in found.listening
        assert ends(at(found, port)) == by_psutil(port)
        assert at(found, port) == at(table.read(), port)
        assert {c.family for c in at(found, port)} == {family}
        held = {os.fstat(end.fileno()).st_ino for end in states if end is not server}
        assert held <= {c.inode for c in at(found, port)}


def message(kind: int, body: bytes, *, flags: int = 0, number: int = 1) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, number, 0) + body


class Kernel:
    """Answers what it is told to; (bytes, flags, port of the sender) each."""

    def __init__(self, *answers: tuple[bytes, int, int]) -> None:
        self._answers = iter(answers)

    def recvmsg(self, size: int) -> tuple[bytes, list[object], int, tuple[int, int]]:
        data, flags, sender = next(self._answers)
        assert len(data) <= size
        return data, [], flags, (sender, 0)


ROW = 20
DONE = message(3, struct.pack("=i", 0))


def rows(*answers: tuple[bytes, int, int]) -> list[bytes]:
    return list(_answers(Kernel(*answers), 1))  # type: ignore[arg-type]


def test_only_what_the_kernel_answers_to_this_question() -> None:
    assert rows(
        (message(ROW, b"mine") + message(ROW, b"late", number=7) + message(1, b"noop"), 0, 0),
        (message(ROW, b"lies") + DONE, 0, 4711),
        (message(ROW, b"odd", number=1) + b"\0" + message(ROW, b"last") + DONE, 0, 0),
    ) == [b"mine", b"odd", b"last"]


def test_a_refusal() -> None:
    with pytest.raises(PermissionError) as caught:
        rows((message(2, struct.pack("=i", -errno.EPERM)), 0, 0))
    assert caught.value.errno == errno.EPERM
    with pytest.raises(FileNotFoundError):  # a kernel without tcp_diag, at the end of an empty list
        rows((message(3, struct.pack("=i", -errno.ENOENT)), 0, 0))


def test_a_list_that_changed_meanwhile() -> None:
    with pytest.raises(InterruptedError):
        rows((message(ROW, b"half", flags=0x10), 0, 0), (DONE, 0, 0))


def test_what_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="longer"):
        rows((message(ROW, b"half"), socket.MSG_TRUNC, 0))
    with pytest.raises(OSError, match="understands"):
        list(messages(bytes(16)))
    monkeypatch.setattr(diag, "_answers", lambda kernel, number: iter([b"short"]))
    with pytest.raises(OSError, match="understands"):
        diag.read()
