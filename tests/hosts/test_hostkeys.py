"""What asyncssh is told to trust, and what is said of a key that it does not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import asyncssh
import pytest
from tests.hosts.sshd import make_key

from mxtop.hosts import hostkeys, trust
from mxtop.hosts.errors import HostKeyChanged, HostKeyRevoked, HostKeyTrouble, UnknownHostKey

KEYS = {kind: asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")}
RSA = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
KEY = KEYS["ssh-ed25519"]
OTHER = asyncssh.generate_private_key("ssh-ed25519")


def entry(key: asyncssh.SSHKey, place: str = "/k:1") -> trust.Entry:
    return trust.Entry(key, place)


def distrusted(
    key: asyncssh.SSHKey | None,
    known: trust.Known,
    files: tuple[str, ...] = ("/k",),
    reason: str = "not verifiable",
    strict: bool = True,
) -> HostKeyTrouble:
    return hostkeys.distrust(
        "mx1", "[mx1]:2222", key, known, files, hashed=True, strict=strict, reason=reason
    )


async def options(tmp_path: Path, *lines: str) -> asyncssh.SSHClientConnectionOptions:
    config = tmp_path / "config"
    config.write_text("".join(f"{line}\n" for line in lines))
    return await asyncssh.SSHClientConnectionOptions.construct(config=[str(config)], host="mx1")


# -- which files ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "own", "others"),
    [
        ((), trust.DEFAULT_FILES[:2], trust.DEFAULT_FILES[2:]),
        (("UserKnownHostsFile /a /b",), ["/a", "/b"], trust.DEFAULT_FILES[2:]),
        (("GlobalKnownHostsFile /g",), trust.DEFAULT_FILES[:2], ["/g"]),
        (("UserKnownHostsFile none", "GlobalKnownHostsFile None"), [], []),
        (("UserKnownHostsFile none", "GlobalKnownHostsFile /g"), [], ["/g"]),
    ],
)
async def test_the_files_as_ssh_has_them(
    tmp_path: Path, lines: tuple[str, ...], own: list[str], others: list[str]
) -> None:
    made = await options(tmp_path, *lines)
    assert hostkeys.own_files(made) == list(own)
    assert hostkeys.files_of(made) == [*own, *others]


# -- whom asyncssh may trust -----------------------------------------------------------


def test_asyncssh_is_told_what_is_known_and_no_certificate_of_x509() -> None:
    known = trust.Known((entry(KEY),), (entry(OTHER),), (entry(RSA),))
    assert hostkeys.trusted(known) == ([KEY], [OTHER], [RSA], [], [], [], [])


def test_nothing_known_is_nobody_trusted_rather_than_no_check() -> None:
    """None would be asyncssh's word for no check at all."""
    assert hostkeys.trusted(trust.Known()) == ([], [], [], [], [], [], [])


@pytest.mark.parametrize("kind", list(KEYS))
def test_the_known_type_is_asked_for_first(kind: str) -> None:
    names = hostkeys.algorithms(trust.Known((entry(KEYS[kind]),)))
    assert names[0] == kind
    assert sorted(names) == sorted(hostkeys.ALGORITHMS), "each once, none left out"


def test_a_known_rsa_key_never_brings_sha_1_back() -> None:
    names = hostkeys.algorithms(trust.Known((entry(RSA),)))
    assert set(names[:2]) == {"rsa-sha2-256", "rsa-sha2-512"}
    assert "ssh-rsa" not in names
    assert not any("sha224" in name or "sha384" in name or name.startswith("ssh-rsa-") for name in names)


def test_an_authority_puts_certificates_first_and_keeps_plain_keys() -> None:
    names = hostkeys.algorithms(trust.Known((entry(KEY),), (entry(OTHER),)))
    assert names[0] == "ssh-ed25519-cert-v01@openssh.com"
    assert [name for name in names if "-cert-" not in name] == hostkeys.algorithms(trust.Known((entry(KEY),)))


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh here")
def test_every_algorithm_is_one_that_ssh_has() -> None:
    told = subprocess.run(["ssh", "-Q", "HostKeyAlgorithms"], capture_output=True, text=True, timeout=60)
    assert set(hostkeys.algorithms(trust.Known((), (entry(KEY),)))) <= set(told.stdout.split())


# -- why it did not trust ---------------------------------------------------------------


def test_an_unknown_key_has_all_that_a_person_and_known_hosts_need(tmp_path: Path) -> None:
    made = make_key(tmp_path / "k", comment="a comment of the machine's own")
    error = distrusted(asyncssh.read_public_key(f"{made}.pub"), trust.Known(), ("/first", "/second"))
    assert isinstance(error, UnknownHostKey)
    told = subprocess.run(["ssh-keygen", "-lf", str(made)], capture_output=True, text=True, timeout=60).stdout
    assert (error.key_type, error.fingerprint) == ("ssh-ed25519", told.split()[1])
    assert error.fingerprint in error.title
    assert error.public_key == " ".join(Path(f"{made}.pub").read_text().split()[:2]), "no comment"
    assert (error.host, error.known_as, error.file) == ("mx1", "[mx1]:2222", "/first")
    assert (error.hashed, error.strict) == (True, True)


@pytest.mark.parametrize("strict", [True, False])
def test_without_a_file_of_their_own_nobody_is_asked_for_what_nothing_could_keep(strict: bool) -> None:
    error = distrusted(KEY, trust.Known(), (), strict=strict)
    assert isinstance(error, UnknownHostKey)
    assert (error.file, error.strict) == ("", True)
    assert "UserKnownHostsFile" in error.remedy
    kept = distrusted(KEY, trust.Known(), ("/k",), strict=strict)
    assert isinstance(kept, UnknownHostKey)
    assert kept.strict == strict


def test_another_key_than_the_known_one_is_a_changed_one_at_each_place() -> None:
    error = distrusted(KEY, trust.Known((entry(OTHER, "/k:7"), entry(RSA, "/l:1"))))
    assert type(error) is HostKeyChanged
    assert error.places == ("/k:7", "/l:1")
    assert "/k:7" in error.title and error.fingerprint in error.title


def test_another_type_of_key_is_no_way_round_a_known_one() -> None:
    assert type(distrusted(KEY, trust.Known((entry(RSA),)))) is HostKeyChanged


def test_a_changed_key_is_changed_also_where_another_is_revoked() -> None:
    known = trust.Known((entry(OTHER),), (), (entry(RSA, "/k:9"),))
    assert type(distrusted(KEY, known)) is HostKeyChanged


def test_a_revoked_key_says_where_and_that_nobody_should_go_on() -> None:
    known = trust.Known((entry(KEY),), (), (entry(KEY, "/k:3"),))
    error = distrusted(None, known, reason="Host key is revoked")
    assert isinstance(error, HostKeyRevoked)
    assert error.places == ("/k:3",)
    assert "/k:3" in error.title and error.remedy.startswith("do not connect")


def test_a_certificate_that_does_not_hold_is_told_with_its_reason() -> None:
    error = distrusted(None, trust.Known((), (entry(OTHER),)))
    assert type(error) is HostKeyTrouble
    assert error.title == "mx1: not verifiable"
    assert (error.key_type, error.fingerprint) == ("", "")


@pytest.mark.parametrize(
    ("key", "known"),
    [
        (KEY, trust.Known()),
        (KEY, trust.Known((entry(OTHER),))),
        (None, trust.Known((), (), (entry(KEY),))),
        (None, trust.Known()),
    ],
)
def test_every_verdict_has_a_next_step(key: asyncssh.SSHKey | None, known: trust.Known) -> None:
    error = distrusted(key, known)
    assert error.title.startswith("mx1: ") and error.remedy and error.host == "mx1"
