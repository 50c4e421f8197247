"""Logging in to a real sshd: host keys, identities, jumps; each refusal says why and sends nothing."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.conftest import MakeSshd, host_at
from tests.hosts.sshd import Sshd, free_port, make_key

from mxtop.hosts import trust
from mxtop.hosts.errors import (
    HostDown,
    HostKeyChanged,
    HostKeyRevoked,
    NeedsAuthentication,
    UnknownHostKey,
)
from mxtop.hosts.login import Question
from mxtop.hosts.ssh import Bastions

pytestmark = pytest.mark.lab


async def works(server: Sshd, **options: object) -> bool:
    async with host_at(server, **options) as host:
        return (await host.run(["printf", "yes"])).stdout == b"yes"


async def refused(server: Sshd, **options: object) -> HostDown:
    with pytest.raises(HostDown) as caught:
        await works(server, **options)
    assert "Accepted" not in server.log.read_text()
    return caught.value


async def test_a_known_key_and_an_identity_let_us_in(sshd: Sshd) -> None:
    assert await works(sshd)


async def test_unknown_key_then_consent(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.known_hosts.write_text("")
    error = await refused(server)
    assert isinstance(error, UnknownHostKey)
    assert (error.key_type, error.fingerprint) == ("ssh-ed25519", server.fingerprint)
    trust.accept(error)
    assert await works(server)
    told = subprocess.run(
        ["ssh", "-F", str(server.client_config), "mx1", "echo yes"], capture_output=True, timeout=20
    )
    assert told.stdout == b"yes\n"


async def test_consent_hashes_where_the_config_says_so(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.known_hosts.write_text("")
    server.client_config.write_text(server.client_entry("HashKnownHosts yes"))
    error = await refused(server)
    assert isinstance(error, UnknownHostKey)
    trust.accept(error)
    assert server.known_hosts.read_text().startswith("|1|")
    assert await works(server)


async def test_no_file_means_no_trust(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    text = server.client_entry().replace(
        f"UserKnownHostsFile {server.known_hosts}", "UserKnownHostsFile none"
    )
    server.client_config.write_text(text.replace("StrictHostKeyChecking yes", "StrictHostKeyChecking no"))
    assert isinstance(await refused(server), UnknownHostKey)


async def test_changed_key(make_sshd: MakeSshd, tmp_path: Path) -> None:
    server = make_sshd()
    other = Sshd.public(make_key(tmp_path / "other"))
    server.known_hosts.write_text(f"# mine\n{server.known_as} {other}\n")
    error = await refused(server)
    assert isinstance(error, HostKeyChanged)
    assert error.places == (f"{server.known_hosts}:2",)
    assert f"{server.known_hosts}:2" in error.title
    assert server.fingerprint in error.title


async def test_a_key_of_another_type_is_a_changed_one(make_sshd: MakeSshd, tmp_path: Path) -> None:
    server = make_sshd()
    other = Sshd.public(make_key(tmp_path / "other", kind="ecdsa"))
    server.known_hosts.write_text(f"{server.known_as} {other}\n")
    assert isinstance(await refused(server), HostKeyChanged)


async def test_revoked_key(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    public = Sshd.public(server.host_key)
    server.known_hosts.write_text(f"{server.known_as} {public}\n@revoked * {public}\n")
    error = await refused(server)
    assert isinstance(error, HostKeyRevoked)
    assert error.places == (f"{server.known_hosts}:2",)


async def test_a_key_in_the_list_of_revoked_ones(make_sshd: MakeSshd, tmp_path: Path) -> None:
    server = make_sshd()
    listed = tmp_path / "revoked keys"
    server.client_config.write_text(server.client_entry(f'RevokedHostKeys "{listed}"'))
    other = Sshd.public(make_key(tmp_path / "other"))
    listed.write_text(f"# stolen in March\n{other}\n{Sshd.public(server.host_key)} mx1\n")
    error = await refused(server)
    assert isinstance(error, HostKeyRevoked)
    assert error.places == (f"{listed}:3",)
    assert f"is revoked at {listed}:3" in error.title
    known = server.known_hosts.read_text()
    server.known_hosts.write_text("")
    error = await refused(server)
    assert isinstance(error, HostKeyRevoked), "nobody is asked whether to keep it"
    assert f"is revoked in {listed}" in error.title
    server.known_hosts.write_text(known)
    listed.write_text(f"# stolen in March\n{other}\n")
    assert await works(server)


@pytest.mark.parametrize("case", ["missing", "closed", "list", "garbage"])
async def test_revoked_keys_that_cannot_be_read_let_nobody_be_trusted(
    make_sshd: MakeSshd, tmp_path: Path, case: str
) -> None:
    server = make_sshd()
    listed, other = tmp_path / "revoked", make_key(tmp_path / "other")
    server.client_config.write_text(server.client_entry(f"RevokedHostKeys {listed}"))
    match case:
        case "closed":
            listed.mkdir()
        case "list":
            subprocess.run(["ssh-keygen", "-q", "-k", "-f", listed, f"{other}.pub"], check=True, timeout=20)
        case "garbage":
            listed.write_text(f"{Sshd.public(other)}\nnonsense\n")
    error = await refused(server)
    said = {
        "missing": "cannot be read: No such file or directory",
        "closed": "cannot be read: Is a directory",
        "list": "are a binary list (KRL), which only --ssh-command ssh can read",
        "garbage": "cannot be read at line 2",
    }
    assert f"the revoked keys in {listed} {said[case]}" in error.title
    assert "Accepted" not in server.log.read_text()


async def test_of_several_keys_the_known_one_is_asked_for(make_sshd: MakeSshd) -> None:
    server = make_sshd(host_key="ecdsa")
    ed25519 = make_key(server.directory / "host_ed25519")
    with server.config.open("a") as config:
        config.write(f"HostKey {ed25519}\n")
    server.stop()
    server.start()
    assert await works(server)


async def test_host_certificate_of_a_trusted_authority(make_sshd: MakeSshd, tmp_path: Path) -> None:
    authority = make_key(tmp_path / "ca")
    server = make_sshd()
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority, "-h", "-I", "mx1", "-n", "127.0.0.1", f"{server.host_key}.pub"],
        check=True, timeout=20,
    )  # fmt: skip
    server.restart(HostCertificate=f"{server.host_key}-cert.pub")
    server.known_hosts.write_text(f"@cert-authority {server.known_as} {Sshd.public(authority)}\n")
    assert await works(server)


async def test_user_certificate(make_sshd: MakeSshd, tmp_path: Path) -> None:
    authority = make_key(tmp_path / "ca")
    server = make_sshd()
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", "root", f"{server.key}.pub"],
        check=True, timeout=20,
    )  # fmt: skip
    server.authorized_keys.write_text("")
    server.restart(TrustedUserCAKeys=f"{authority}.pub")
    assert await works(server)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty ssh-agent; its socket."""
    path = str(tmp_path / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    while not os.path.exists(path):
        time.sleep(0.01)
    monkeypatch.setenv("SSH_AUTH_SOCK", path)
    yield path
    process.terminate()
    process.wait()


async def test_identity_in_the_agent_only(make_sshd: MakeSshd, tmp_path: Path, agent: str) -> None:
    server = make_sshd()
    key = make_key(tmp_path / "elsewhere")
    server.authorized_keys.write_text(Path(f"{key}.pub").read_text())
    entry = server.client_entry().replace("IdentityAgent none", f"IdentityAgent {agent}")
    server.client_config.write_text(entry.replace("IdentitiesOnly yes", "IdentitiesOnly no"))
    assert isinstance(await refused(server), NeedsAuthentication)
    subprocess.run(["ssh-add", "-q", str(key)], check=True, timeout=20)
    assert await works(server)


async def test_encrypted_identity(make_sshd: MakeSshd, tmp_path: Path) -> None:
    server = make_sshd()
    key = make_key(tmp_path / "locked", passphrase="correct horse")
    server.authorized_keys.write_text(Path(f"{key}.pub").read_text())
    server.client_config.write_text(server.client_entry().replace(str(server.key), str(key)))
    error = await refused(server)
    assert isinstance(error, NeedsAuthentication)
    assert "ssh-add" in error.remedy
    asked: list[Question] = []

    async def ask(question: Question) -> str | None:
        asked.append(question)
        return "correct horse"

    assert await works(server, ask=ask)
    assert [(question.kind, question.text) for question in asked] == [("passphrase", str(key))]


async def test_password_is_asked_for_and_the_time_to_think_does_not_count(make_sshd: MakeSshd) -> None:
    server = make_sshd(PasswordAuthentication="yes")
    server.password("secret word")
    server.authorized_keys.write_text("")
    answers = ["wrong", "secret word"]

    async def ask(question: Question) -> str | None:
        assert question.kind == "password"
        await asyncio.sleep(0.8)
        return answers.pop(0)

    assert isinstance(await refused(server), NeedsAuthentication)
    assert await works(server, ask=ask, connect_timeout=1.2)
    assert not answers


async def test_alias_through_a_jump_host_which_is_shared(make_sshd: MakeSshd) -> None:
    bastion, server = make_sshd("bastion"), make_sshd("mx1")
    server.client_config.write_text(server.client_entry("ProxyJump bastion") + bastion.client_entry())
    shared = Bastions()
    hosts = [host_at(server, bastions=shared) for _ in range(6)]
    try:
        done = await asyncio.gather(*(host.run(["printf", "yes"]) for host in hosts))
        assert {one.stdout for one in done} == {b"yes"}
        assert bastion.log.read_text().count("Accepted publickey") == 1
        assert server.log.read_text().count("Accepted publickey") == 6
    finally:
        for host in hosts:
            await host.close()
    assert shared.at("bastion").connection is None


async def test_forty_hosts_behind_one_bastion_with_sshds_defaults(make_sshd: MakeSshd) -> None:
    bastion, server = make_sshd("bastion"), make_sshd("mx1")
    server.client_config.write_text(server.client_entry("ProxyJump bastion") + bastion.client_entry())
    shared = Bastions()
    hosts = [host_at(server, bastions=shared) for _ in range(40)]
    try:
        done = await asyncio.gather(*(host.run(["printf", "yes"]) for host in hosts))
        assert [one.stdout for one in done] == [b"yes"] * 40
        assert bastion.log.read_text().count("Accepted publickey") == 1
    finally:
        await asyncio.gather(*(host.close() for host in hosts))


async def test_a_bastion_that_is_cut_is_made_anew(make_sshd: MakeSshd) -> None:
    bastion, server = make_sshd("bastion"), make_sshd("mx1")
    server.client_config.write_text(server.client_entry("ProxyJump bastion") + bastion.client_entry())
    shared = Bastions()
    async with host_at(server, bastions=shared) as one, host_at(server, bastions=shared) as two:
        for host in (one, two):
            await host.run(["true"])
        bastion.cut()
        await asyncio.sleep(0.5)
        for host in (one, two):
            assert (await host.run(["printf", "yes"])).stdout == b"yes"
    assert shared.at("bastion").users == 0
    assert shared.at("bastion").connection is None
    assert bastion.log.read_text().count("Accepted publickey") == 2


async def test_a_list_of_jumps(make_sshd: MakeSshd) -> None:
    one, two, server = make_sshd("one"), make_sshd("two"), make_sshd("mx1")
    entries = server.client_entry("ProxyJump one,two") + one.client_entry() + two.client_entry()
    server.client_config.write_text(entries)
    assert await works(server)
    for jump in (one, two):
        assert jump.log.read_text().count("Accepted publickey") == 1


async def test_jumps_in_a_circle(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.client_config.write_text(server.client_entry("ProxyJump mx1"))
    assert "circle" in (await refused(server)).title


async def test_the_jump_hosts_key_is_checked_too(make_sshd: MakeSshd) -> None:
    bastion, server = make_sshd("bastion"), make_sshd("mx1")
    server.client_config.write_text(server.client_entry("ProxyJump bastion") + bastion.client_entry())
    bastion.known_hosts.write_text("")
    error = await refused(server)
    assert isinstance(error, UnknownHostKey)
    assert error.host == "bastion"


async def test_nobody_listens_and_nobody_answers(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.stop()
    assert "refused" in (await refused(server)).title.lower()
    server.start()
    server.freeze()
    error = await refused(server, connect_timeout=0.5)
    assert "0.5 s" in error.title


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\xff" * 100_000, b"SSH-2.0-x\r\n" + b"\xff" * 99]
)
async def test_a_peer_that_speaks_no_ssh(sshd: Sshd, tmp_path: Path, garbage: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        await asyncio.sleep(5)
        writer.close()

    port = free_port()
    config = tmp_path / "config"
    config.write_text(sshd.client_entry().replace(f"Port {sshd.port}", f"Port {port}"))
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        from mxtop.hosts.connect import ssh_host
        from mxtop.hosts.target import Target

        host = ssh_host(Target("mx1"), config=[str(config)], connect_timeout=1.0)
        with pytest.raises(HostDown):
            await host.run(["true"])
    finally:
        server.close()


async def test_a_banner_of_any_bytes(make_sshd: MakeSshd, tmp_path: Path) -> None:
    banner = tmp_path / "banner"
    banner.write_bytes(b"\xff\xfe \x1b]0;title\x07 welcome\n" * 100)
    assert await works(make_sshd(Banner=banner))


async def test_a_config_that_cannot_be_read_is_told(make_sshd: MakeSshd) -> None:
    server = make_sshd()
    server.client_config.write_text(server.client_entry("Port nonsense"))
    assert "config" in (await refused(server)).remedy
