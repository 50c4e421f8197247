"""Commands on a machine behind SSH: the same as here, whatever its login shell, and nothing stays behind."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.hosts.conftest import MakeSshd, host_at
from tests.hosts.sshd import Sshd, free_port

from mxtop.hosts import shell as shells
from mxtop.hosts.base import Host, Reply
from mxtop.hosts.errors import HostDown
from mxtop.hosts.remote import SshHost
from mxtop.mail.errors import CommandFailed

pytestmark = pytest.mark.lab


@pytest.fixture
async def host(sshd: Sshd) -> AsyncIterator[SshHost]:
    async with host_at(sshd) as made:
        yield made


def sessions(server: Sshd) -> list[str]:
    """What runs there beside sshd itself."""
    lines = []
    for pid in server.pids():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        if words[0] and not words[0].startswith(b"sshd"):
            lines.append(b" ".join(words).decode().strip())
    return [line for line in lines if "/usr/sbin/sshd -D" not in line]


async def quiet(server: Sshd, seconds: float = 5.0) -> list[str]:
    """What still runs there when all has had time to end, shells that wait apart."""
    deadline = time.monotonic() + seconds
    while (left := [line for line in sessions(server) if line != "sh"]) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return left


async def test_it_is_a_host(host: SshHost) -> None:
    same: Host = host
    assert same.name == "mx1"


async def test_run(host: SshHost) -> None:
    done = await host.run(["sh", "-c", "cat; echo why >&2; exit 3"], stdin=b"in\xff\0\n")
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"in\xff\0\n", b"why\n")
    assert done.complaint == "why"
    assert 0 < done.seconds < 10


async def test_environment(host: SshHost) -> None:
    text = (await host.run(["env"])).text
    assert "LC_ALL=C\n" in text
    assert "/usr/sbin" in next(line for line in text.split("\n") if line.startswith("PATH="))


async def test_signals_and_codes(host: SshHost) -> None:
    assert (await host.run(["sh", "-c", "kill -9 $$"])).exit_code == -9
    assert (await host.run(["false"])).exit_code == 1


async def test_arguments_arrive_as_they_are(host: SshHost) -> None:
    nasty = ["", "-n", "$(id)", "`id`", "a'b\"c", "*", "a\nb", "\\", "~", "#x", "\udcff", "{a,b}", "!!", "%s"]
    done = await host.run(["printf", "%s\\0", *nasty])
    assert done.stdout == b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in nasty)


async def test_ten_megabytes_of_any_bytes(host: SshHost) -> None:
    data = os.urandom(1024) * 10240
    done = await host.run(["sh", "-c", "cat; echo done >&2"], stdin=data)
    assert done.stdout == data
    assert done.stderr == b"done\n"


async def test_what_cannot_start(host: SshHost) -> None:
    with pytest.raises(CommandFailed, match="no such command on mx1"):
        await host.run(["no-such-command-of-ours"])
    with pytest.raises(CommandFailed, match="no such command"):
        async with host.output(["no-such-command-of-ours"]) as output:
            async for _ in output:
                pass
    assert (await host.run(["printf", "still here"])).stdout == b"still here"


async def test_many_at_once_share_two_shells(host: SshHost, sshd: Sshd) -> None:
    done = await asyncio.gather(*(host.run(["printf", str(n)]) for n in range(60)))
    assert [one.text for one in done] == [str(n) for n in range(60)]
    assert sessions(sshd).count("sh") <= 2


async def test_streams_and_commands_stay_within_max_sessions(make_sshd: MakeSshd) -> None:
    async with host_at(make_sshd()) as host:

        async def stream(n: int) -> bytes:
            async with host.output(["sh", "-c", f"sleep 0.2; echo {n}"]) as output:
                return b"".join([chunk async for chunk in output])

        streams = [stream(n) for n in range(24)]
        commands = [host.run(["sleep", "0.02"]) for _ in range(24)]
        got = await asyncio.gather(*streams, *commands)
        assert got[:24] == [f"{n}\n".encode() for n in range(24)]


async def test_timeout_kills_and_the_next_command_works(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        started = time.monotonic()
        with pytest.raises(CommandFailed, match=r"0\.5 s on mx1"):
            await host.run(["sh", "-c", "sleep 77 & sleep 78"], timeout=0.5)
        assert time.monotonic() - started < 40
        assert await quiet(server) == []
        assert (await host.run(["printf", "x"])).stdout == b"x"


async def test_cancellation_kills(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await host.run(["sleep", "77"])
        assert await quiet(server) == []


async def test_too_much_output(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        with pytest.raises(CommandFailed, match="more than 16 MiB"):
            await host.run(["cat", "/dev/zero"], timeout=30)
        assert await quiet(server) == []


async def test_a_flood_on_stderr_is_no_flood_here(host: SshHost) -> None:
    done = await host.run(["sh", "-c", "head -c 30000000 /dev/zero >&2; echo end"], timeout=60)
    assert done.stdout == b"end\n"
    assert len(done.stderr) <= 64 * 1024


async def test_reading_as_it_comes_and_going_away(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        async with host.output(["sh", "-c", "echo first; exec sleep 77"]) as output:
            async for chunk in output:
                assert chunk == b"first\n"
                break
        assert output.exit_code is None
        assert await quiet(server) == []


async def test_what_streams_dies_with_the_connection(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    host = host_at(server)
    with pytest.raises(HostDown):
        async with host.output(["sh", "-c", "echo first; sleep 77 & exec sleep 78"]) as output:
            async for _ in output:
                while len([line for line in sessions(server) if line.startswith("sleep")]) < 2:
                    await asyncio.sleep(0.02)
                host._wire._connection.abort()  # type: ignore[union-attr]
    assert await quiet(server) == []
    await host.close()


async def test_reading_to_the_end(host: SshHost) -> None:
    async with host.output(["sh", "-c", "head -c 9000000 /dev/zero; echo e >&2; exit 5"]) as output:
        size = sum([len(chunk) async for chunk in output])
    assert (size, output.exit_code, output.stderr) == (9_000_000, 5, b"e\n")


async def test_a_reader_that_does_not_read_holds_the_writer_back(make_sshd: MakeSshd) -> None:
    async with host_at(make_sshd()) as host, host.output(["cat", "/dev/zero"]) as output:
        await asyncio.sleep(1.0)
        waiting = sum(len(chunk) for chunk in output._chunks)  # type: ignore[attr-defined]
        assert 1024 * 1024 < waiting < 5 * 1024 * 1024
        assert (await host.run(["printf", "x"])).stdout == b"x"


async def test_output_has_a_time_limit(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    async with host_at(server) as host:
        with pytest.raises(CommandFailed, match=r"0\.3 s"):
            async with host.output(["sleep", "77"], timeout=0.3) as output:
                async for _ in output:
                    pass
        assert await quiet(server) == []


async def test_converse(host: SshHost) -> None:
    heard: list[bytes] = []

    async def answer(said: bytes) -> Reply:
        heard.append(said)
        return Reply(b"one\n") if said == b"who?" else Reply(b"two\n", last=True)

    script = "printf who? >&2; read a; printf again? >&2; read b; echo $a $b; cat"
    done = await host.converse(["sh", "-c", script], answer)
    assert heard == [b"who?", b"who?again?"]
    assert (done.stdout, done.exit_code) == (b"one two\n", 0)


async def test_last_words_are_heard_too(host: SshHost) -> None:
    """They come while the answer before is thought about, together with the end."""
    heard: list[bytes] = []

    async def answer(said: bytes) -> Reply:
        heard.append(said)
        await asyncio.sleep(0.5)
        return Reply()

    done = await host.converse(["sh", "-c", "printf who? >&2; sleep 0.1; printf bye >&2; exit 3"], answer)
    assert heard == [b"who?", b"who?bye"]
    assert done.exit_code == 3


async def test_the_time_to_think_does_not_count(host: SshHost) -> None:
    async def answer(said: bytes) -> Reply:
        await asyncio.sleep(0.6)
        return Reply(b"x\n", last=True)

    done = await host.converse(["sh", "-c", "printf who? >&2; cat"], answer, timeout=0.5)
    assert done.stdout == b"x\n"


async def test_files(host: SshHost, tmp_path: Path) -> None:
    path = tmp_path / "-f 'q'"
    path.write_bytes(b"0123456789\xff")
    real = path.stat()
    assert await host.read_file(str(path), limit=4) == b"0123"
    found = await host.stat(str(path))
    assert found is not None
    assert (found.size, found.inode, found.device) == (11, real.st_ino, real.st_dev)
    assert (found.mode, found.uid, found.gid) == (real.st_mode, 0, 0)
    assert found.mtime == pytest.approx(real.st_mtime, abs=1e-6)
    assert await host.stat(str(path / "under")) is None
    assert await host.stat(str(tmp_path / "none")) is None
    assert await host.can_read(str(path))
    assert not await host.can_read(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        await host.read_file(str(tmp_path / "none"))
    with pytest.raises(IsADirectoryError):
        await host.read_file(str(tmp_path))


async def test_files_of_others() -> None:
    with TemporaryDirectory(prefix="mxtop-") as name:  # pytest closes its own to other users, at each start
        place = Path(name)
        place.chmod(0o755)
        secret = place / "secret"
        secret.mkdir(mode=0o700)
        (secret / "file").write_text("x")
        with Sshd(place / "mx1", free_port(), user="visitor", uid=12345, gid=12345) as server:
            async with host_at(server) as host:
                assert not await host.can_read(str(secret / "file"))
                with pytest.raises(PermissionError):
                    await host.read_file(str(secret / "file"))
                with pytest.raises(PermissionError):
                    await host.stat(str(secret / "file"))


async def test_streams(make_sshd: MakeSshd) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        await writer.drain()
        writer.close()

    data = os.urandom(1024) * 3000
    async with host_at(make_sshd()) as host, await asyncio.start_server(serve, "127.0.0.1", 0) as there:
        reader, writer = await host.open_stream("127.0.0.1", there.sockets[0].getsockname()[1])
        writer.write(data)
        writer.write_eof()
        assert await reader.read() == data
        writer.close()
        await writer.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await host.open_stream("127.0.0.1", free_port())


async def test_no_streams_where_forwarding_is_forbidden(make_sshd: MakeSshd) -> None:
    async with host_at(make_sshd(AllowTcpForwarding="no")) as host:
        with pytest.raises(PermissionError, match="AllowTcpForwarding"):
            await host.open_stream("127.0.0.1", free_port())
        assert (await host.run(["printf", "x"])).stdout == b"x"


@pytest.mark.parametrize(
    "noise", ["echo hello there", "head -c 200000 /dev/zero", "echo x >&2; printf no-newline"]
)
async def test_a_login_that_prints(make_sshd: MakeSshd, noise: str) -> None:
    server = make_sshd(shell="/bin/bash")
    (server.home / ".bashrc").write_text(f"{noise}\n")
    async with host_at(server) as host:
        assert (await host.run(["printf", "x"])).stdout == b"x"
        async with host.output(["printf", "y"]) as output:
            assert [chunk async for chunk in output] == [b"y"]


@pytest.mark.parametrize("noise", ["yes hello", "yes hello >&2", "cat /dev/zero"])
async def test_a_login_that_floods(make_sshd: MakeSshd, noise: str) -> None:
    server = make_sshd(shell="/bin/bash")
    (server.home / ".bashrc").write_text(f"{noise}\n")
    async with host_at(server) as host:
        with pytest.raises(HostDown, match="floods the login") as caught:
            await host.run(["true"], timeout=300)
        assert ".bashrc" in caught.value.remedy
        assert (host.link.state, host.link.trouble) == ("down", caught.value)
        assert await quiet(server) == []


@pytest.mark.parametrize("noise", ["yes hello", "yes hello >&2"])
async def test_a_login_that_floods_later(make_sshd: MakeSshd, noise: str) -> None:
    """What is connected goes on; what needs a login of its own says why it cannot."""
    server = make_sshd(shell="/bin/bash")
    async with host_at(server) as host:
        await host.run(["true"])
        (server.home / ".bashrc").write_text(f"{noise}\n")
        with pytest.raises(HostDown, match="floods the login"):
            async with host.output(["true"]) as output:
                async for _ in output:
                    pass
        assert (await host.run(["printf", "x"])).stdout == b"x"
        assert host.link.state == "live"


async def test_a_login_that_never_ends_is_quoted(
    make_sshd: MakeSshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shells, "LOGIN_SECONDS", 3.0)
    server = make_sshd(shell="/bin/bash")
    (server.home / ".bashrc").write_text("echo one; echo waiting for the mount; sleep 77\n")
    async with host_at(server) as host:
        with pytest.raises(HostDown, match=r"mx1 starts no shell; its login says: waiting for the mount;"):
            await host.run(["true"])
        assert host.link.state == "down"


@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/rbash", "/bin/false"])
async def test_a_login_that_leads_to_no_shell(make_sshd: MakeSshd, shell: str) -> None:
    async with host_at(make_sshd(shell=shell)) as host:
        with pytest.raises(HostDown) as caught:
            await host.run(["true"], timeout=5)
    assert "sh" in caught.value.remedy


@pytest.mark.parametrize(
    "shell", ["/bin/csh", "/usr/bin/tcsh", "/usr/bin/fish", "/usr/bin/ksh", "/usr/bin/zsh"]
)
async def test_other_login_shells(make_sshd: MakeSshd, shell: str) -> None:
    if not os.path.exists(shell):
        pytest.skip(f"{shell} is not installed")
    async with host_at(make_sshd(shell=shell)) as host:
        assert (await host.run(["printf", "a b'c"])).stdout == b"a b'c"
