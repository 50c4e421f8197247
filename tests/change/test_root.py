"""Root by a real sudo, which asks a real password through PAM."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.change.bench import Bench
from tests.change.sudo import NAME, PASSWORD, Alice

from mxtop.change.model import Edit
from mxtop.change.root import Root
from mxtop.change.transaction import Transactions
from mxtop.change.values import Refused

pytestmark = pytest.mark.lab

COMMAND = ["sh", "-c", "id -u; cat; echo complaint >&2; exit 5"]
IPV6 = (Edit("smtp_address_preference", "ipv6"),)


class Front:
    """A front end with these passwords to give, one after the other."""

    def __init__(self, *passwords: str | None) -> None:
        self._passwords = iter(passwords)
        self.prompts: list[str] = []

    async def __call__(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return next(self._passwords)


def logged(alice: Alice) -> str:
    """sudo's own log, folded lines joined."""
    return alice.log.read_text().replace("\n    ", " ") if alice.log.exists() else ""


def secret_in(root: Path) -> list[Path]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_socket())
    return [path for path in files if PASSWORD.encode() in path.read_bytes()]


def told_to_others() -> Iterator[bytes]:
    """Every command line and environment of the machine."""
    for pid in os.listdir("/proc"):
        for name in ("cmdline", "environ") if pid.isdigit() else ():
            try:
                yield Path("/proc", pid, name).read_bytes()
            except OSError:  # it has just ended
                continue


async def test_one_password_for_a_whole_change(bench: Bench) -> None:
    """Preview, apply, confirm, undo; and the password is nowhere but where it belongs."""
    alice, front = Alice(bench, "ALL=(ALL) ALL", "timestamp_type=global"), Front(PASSWORD)
    directory = str(bench.postfix.config_directory)
    changes = Transactions(alice, config_directory=directory, base=str(bench.base), ask=front)
    seen = 0

    async def look() -> None:
        nonlocal seen
        while True:
            for text in told_to_others():
                assert PASSWORD.encode() not in text
                seen += b"sudo\0-S" in text
            await asyncio.sleep(0.005)

    assert not (await changes.probe()).root
    assert await changes.recover() == ()
    assert front.prompts == []  # looking asks nobody
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(look())
        preview = await changes.preview(IPV6, operator="alice", window=60)
        await changes.apply(preview.change.id)
        assert (await changes.applied(preview.change.id)).state == "applied"
        assert [change.id for change in await changes.recover()] == [preview.change.id]
        assert (await changes.confirm(preview.change.id)).state == "confirmed"
        looking.cancel()
    assert seen
    assert (await changes.undo(preview.change.id)).state == "rolled_back"
    assert front.prompts == ["Password for sudo on mx1"]
    assert not any(PASSWORD in word for argv in alice.argvs for word in argv)
    assert secret_in(bench.root) == []
    assert "incorrect" not in logged(alice)
    with pytest.raises(Refused, match="a password is required"):  # -k: nor does sudo remember it
        await Root(alice).run(COMMAND)
    bench.assert_sound(bench.first)


async def test_what_the_command_is_given_and_gives(bench: Bench) -> None:
    """Its stdin is its own from the first byte to the last, however big; its stderr is without sudo's."""
    for defaults in ((), ("use_pty",), ("passprompt_override",), ("lecture=always",)):
        root = Root(Alice(bench, "ALL=(ALL) ALL", *defaults), Front(PASSWORD))
        given = b"first\n" + b"x" * 300_000 + b"\xff\n"
        done = await root.run(COMMAND, stdin=given)
        assert (done.exit_code, done.stdout, done.stderr) == (5, b"0\n" + given, b"complaint\n")
        assert (await root.run(COMMAND)).stdout == b"0\n"


async def test_each_wrong_password_counts_once(bench: Bench) -> None:
    alice, front = Alice(bench), Front("wrong", "false", PASSWORD)
    assert (await Root(alice, front).run(COMMAND)).exit_code == 5
    assert front.prompts == [
        "Password for sudo on mx1",
        "Not the right password (2 of 3). Password for sudo on mx1",
        "Not the right password (3 of 3). Password for sudo on mx1",
    ]
    assert logged(alice).count("1 incorrect password attempt ;") == 2
    assert "2 incorrect" not in logged(alice)


async def test_three_wrong_ones_are_the_end(bench: Bench) -> None:
    front = Front("a", "b", "c")
    with pytest.raises(Refused, match="took none of 3 passwords"):
        await Root(Alice(bench), front).run(COMMAND)
    assert len(front.prompts) == 3


@pytest.mark.parametrize("given", [None, "two\nlines"])
async def test_no_password_is_given(bench: Bench, given: str | None) -> None:
    alice = Alice(bench)
    with pytest.raises(Refused, match="no password was given"):
        await Root(alice, Front(given)).run(COMMAND)
    assert "incorrect" not in logged(alice)
    with pytest.raises(Refused, match="a password is required; run it as root, or at a terminal"):
        await Root(alice).run(COMMAND)


@pytest.mark.parametrize(
    ("rule", "default", "given", "reason"),
    [
        ("", "lecture=never", PASSWORD, f"{NAME} is not in the sudoers file"),
        (
            "ALL=(ALL) /bin/ls",
            "lecture=never",
            PASSWORD,
            r"not allowed to execute '/usr/bin/sh \.\.\.' as root",
        ),
        ("ALL=(ALL) ALL", "requiretty", None, "you must have a tty"),
        ("ALL=(ALL) ALL", "passwd_tries=1", "wrong", "1 incorrect password attempt"),
    ],
)
async def test_sudo_says_no_and_why(
    bench: Bench, rule: str, default: str, given: str | None, reason: str
) -> None:
    front = Front(*[given] if given else [])
    with pytest.raises(Refused, match=reason) as refused:
        await Root(Alice(bench, rule, default), front).run(COMMAND)
    assert refused.value.title == "changing Postfix needs root"
    assert len(front.prompts) == (given is not None)
    assert PASSWORD not in str(refused.value)


async def test_where_sudo_wants_no_password_nobody_is_asked(bench: Bench) -> None:
    front = Front()
    assert (await Root(Alice(bench, "ALL=(ALL) NOPASSWD: ALL"), front).run(COMMAND)).exit_code == 5
    assert front.prompts == []


async def test_asked_again_where_it_was_changed_or_forgotten(bench: Bench) -> None:
    """And where sudo without a password ends in between."""
    alice, front = Alice(bench, "ALL=(ALL) NOPASSWD: ALL"), Front(PASSWORD, "new one", "new one")
    root = Root(alice, front)
    await root.run(COMMAND)
    alice = Alice(bench)  # the same files: a password from now on
    assert (await root.run(COMMAND, stdin=b"in\n")).stdout == b"0\nin\n"
    assert len(front.prompts) == 1
    alice.set_password("new one")
    assert (await root.run(COMMAND, stdin=b"in\n")).stdout == b"0\nin\n"
    assert len(front.prompts) == 2
    root.forget()
    assert (await root.run(COMMAND)).exit_code == 5
    assert len(front.prompts) == 3


async def test_the_time_to_type_is_not_the_commands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever goes away at the prompt leaves no sudo behind."""
    alice = Alice(bench)

    class Sleepy(Front):
        async def __call__(self, prompt: str) -> str | None:
            await asyncio.sleep(1.0)
            return await super().__call__(prompt)

    root = Root(alice, Sleepy(PASSWORD))
    converse = Alice.converse

    async def hasty(self, argv, answer, *, timeout=30.0):  # type: ignore[no-untyped-def]
        return await converse(self, argv, answer, timeout=0.7)

    monkeypatch.setattr(Alice, "converse", hasty)
    assert (await root.run(COMMAND)).exit_code == 5
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await Root(alice, Sleepy(PASSWORD)).run(COMMAND)
    assert not any(b"sudo\0-S" in text for text in told_to_others())


async def test_without_sudo(bench: Bench) -> None:
    alice, front = Alice(bench), Front()
    alice._inside = lambda argv: (  # type: ignore[method-assign]
        ["no-such-sudo"] if argv[0] == "sudo" else ["echo", "1000"]
    )
    with pytest.raises(Refused, match="needs root; no-such-sudo: no such command"):
        await Root(alice, front).run(COMMAND)
    assert front.prompts == []
