"""A change over a real sshd that is cut off at each of its steps (F11), and an upload cut short (F10).

Where to cut is told by stubs on the login's PATH, which hold a command back for a moment; the shipped script
knows nothing of it.  What was begun goes on in a session of its own, and its watchdog decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.change.bench import LOGGER, Bench
from tests.change.test_kills import on_all
from tests.hosts.conftest import host_at
from tests.hosts.sshd import Sshd, free_port

from mxtop.change import script
from mxtop.change.model import Change, Edit
from mxtop.change.transaction import Transactions
from mxtop.hosts.errors import HostDown
from mxtop.hosts.remote import SshHost
from mxtop.mail.errors import MxtopError

pytestmark = pytest.mark.lab

IPV6 = Edit("smtp_address_preference", "ipv6", None)

GATE = """\
held() {{
  [ ! -e {root}/reached ] || return
  : >{root}/reached
  tries=0
  until [ -e {root}/on ] || [ $tries -ge 70 ]; do tries=$((tries + 1)); sleep 0.05; done
}}
"""
"""The first command that comes here waits for the test; 3.5 s at most, as logger(1) has five."""

STEPS = {
    "armed": ("logger", 'case "$*" in *" state=armed "*) held ;; esac\n' + LOGGER),
    "written": ("sync", 'case "$*" in */.main.cf.mxtop-*.new) held ;; esac\nexec /usr/bin/sync "$@"'),
    "swapped": ("sync", '[ "$*" != {etc} ] || held\nexec /usr/bin/sync "$@"'),
    "installed": ("logger", 'case "$*" in *" state=installed "*) held ;; esac\n' + LOGGER),
    "checked": ("postfix", '[ "$3" != reload ] || held\nexec /usr/sbin/postfix "$@"'),
    "reloaded": (
        "postfix",
        '/usr/sbin/postfix "$@"\ncode=$?\n[ "$3" != reload ] || held\nexit $code',
    ),
    "applied": ("logger", 'case "$*" in *" state=applied "*) held ;; esac\n' + LOGGER),
}
"""Step -> the command during or after which the change is just there, and the stub that stops it."""

MOMENTS = {
    "armed": ("armed", True),
    "written": ("armed", True),
    "swapped": ("armed", False),
    "installed": ("installed", False),
    "checked": ("installed", False),
    "reloaded": ("installed", False),
    "applied": ("applied", False),
}
"""Step -> the state, and whether main.cf is still the old one."""


def changes(bench: Bench, host: SshHost) -> Transactions:
    return Transactions(host, config_directory=str(bench.postfix.config_directory), base=str(bench.base))


def reached(bench: Bench) -> Sshd:
    """The bench's machine as one who logs in finds it: its stubs come first."""
    temporary = bench.root / "tmp"
    temporary.mkdir(exist_ok=True)
    return Sshd(bench.root / "ssh", free_port(), SetEnv=f"PATH={bench.bin}:/usr/bin:/bin TMPDIR={temporary}")


async def until(what: Callable[[], object], timeout: float = 60) -> None:
    async with asyncio.timeout(timeout):
        while not what():
            await asyncio.sleep(0.02)


async def begun(bench: Bench, host: SshHost, window: int) -> None:
    preview = await changes(bench, host).preview([IPV6], operator="tester", window=window)
    bench.id = preview.change.id
    await changes(bench, host).apply(bench.id)


async def ended(bench: Bench, server: Sshd) -> Change:
    """What is told over a connection of its own, once there is nothing to wait for."""
    async with host_at(server) as host:
        last = [now async for now in changes(bench, host).follow(bench.id, 0.1)][-1]
        assert await changes(bench, host).history() == (last,)
        return last


async def _cut(bench: Bench, step: str, how: str, kept: bool) -> None:
    name, body = STEPS[step]
    text = GATE.format(root=bench.root) + body.replace("{etc}", str(bench.main_cf.parent))
    bench.stub(name, text)
    for mark in ("reached", "on"):
        (bench.root / mark).unlink(missing_ok=True)
    with reached(bench) as server:
        async with host_at(server) as host:
            await begun(bench, host, 60 if kept else 1)
            await until((bench.root / "reached").exists)
            assert (bench.state, bench.main_cf.read_bytes() == bench.first) == MOMENTS[step]
            if how == "killed":
                server.drop()
            else:
                host._wire._connection.abort()  # type: ignore[union-attr]
            (bench.root / "on").touch()
        if kept:
            async with host_at(server) as host:
                await changes(bench, host).applied(bench.id)
                await changes(bench, host).confirm(bench.id)
        end = await ended(bench, server)
        assert end.state == ("confirmed" if kept else "rolled_back"), (step, how, bench.detail)
        assert bench.state == ("confirmed" if kept else "rolledback")
        bench.wait_free()
        bench.assert_sound(bench.after if kept else bench.first)


def cut(bench: Bench, step: str, how: str, kept: bool) -> None:
    asyncio.run(_cut(bench, step, how, kept))


def test_cut_at_every_step(benches: list[Bench]) -> None:
    """F11: sshd and session are killed, or the client is gone; nobody answers, or over a new connection."""
    work = [(step, how, False) for step in STEPS for how in ("killed", "aborted")]
    work += [(step, "killed", True) for step in ("armed", "swapped", "applied")]
    on_all(benches, work, cut)


class Relay:
    """Passes bytes on to a server; after `allow` so many of the client's, then both ends are cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._left: int | None = None

    def allow(self, count: int) -> None:
        self._left = count

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)

        async def up() -> None:
            while data := await reader.read(4096):
                if self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                far_writer.write(data)
                await far_writer.drain()
                if self._left == 0:
                    return

        async def down() -> None:
            while data := await far_reader.read(65536):
                writer.write(data)
                await writer.drain()

        tasks = [asyncio.ensure_future(up()), asyncio.ensure_future(down())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._left = None
        for end in (far_writer, writer):
            end.close()


async def test_an_upload_that_is_cut_off_never_acts(bench: Bench) -> None:
    """F10, F11: the connection ends after so many bytes of the script on the wire."""
    whole = len(script.text())
    with reached(bench) as server:
        relay = Relay(server.port)
        async with await asyncio.start_server(relay, "127.0.0.1", 0) as entrance:
            port = entrance.sockets[0].getsockname()[1]
            server.client_config.write_text(
                server.client_entry(f"HostKeyAlias {server.known_as}").replace(
                    f"Port {server.port}", f"Port {port}"
                )
            )
            server.known_hosts.write_text(f"* {Sshd.public(server.host_key)}\n")
            for count in (*range(200, whole, whole // 8), whole - 100):
                async with host_at(server) as host:
                    asked = changes(bench, host)
                    await host.run(["true"])
                    relay.allow(count)
                    with pytest.raises(MxtopError) as caught:
                        await asked._send(["stage", str(bench.base), "X", "/etc", "set - a b"])
                    assert isinstance(caught.value, HostDown)
                await until(lambda: len(server.pids()) == 1)  # the far side has given up, too
                assert not bench.base.exists(), count
            assert bench.main_cf.read_bytes() == bench.first
            server.client_config.write_text(server.client_entry())
            async with host_at(server) as host:
                await begun(bench, host, 1)
        assert (await ended(bench, server)).state == "rolled_back"
    bench.wait_free()
    bench.assert_sound(bench.first)
    assert not list((bench.root / "tmp").iterdir())
