"""Which way the sockets are looked at, and that it is remembered."""

from __future__ import annotations

import pytest

from mxtop.sockets import diag, table
from mxtop.sockets.look import Look
from mxtop.sockets.table import Table

BY_KERNEL, BY_PROC = Table((), frozenset({1})), Table((), frozenset({2}))


class Ways:
    """Both ways, and how often the kernel was asked; `errors` are what it says first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: OSError) -> None:
        self.asked = 0
        self._errors = list(errors)
        monkeypatch.setattr(diag, "read", self._ask)
        monkeypatch.setattr(table, "read", lambda: BY_PROC)

    def _ask(self) -> Table:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)
        return BY_KERNEL


def test_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ways, look = Ways(monkeypatch), Look()
    assert [look(), look()] == [BY_KERNEL, BY_KERNEL]
    assert ways.asked == 2


def test_a_kernel_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (PermissionError(1, "seccomp"), FileNotFoundError(2, "no tcp_diag"), TimeoutError()):
        ways, look = Ways(monkeypatch, error), Look()
        assert [look(), look()] == [BY_PROC, BY_PROC]
        assert ways.asked == 1


def test_an_interrupted_look_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    Ways(monkeypatch, InterruptedError())
    look = Look()
    assert [look(), look()] == [BY_PROC, BY_KERNEL]


def test_a_process_without_netlink(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under systemd's RestrictAddressFamilies= without AF_NETLINK."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(diag.socket, "socket", refused)
    assert isinstance(Look()(), Table)
