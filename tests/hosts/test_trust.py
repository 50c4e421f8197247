"""known_hosts as ssh reads it: names, ports, hashes, patterns, markers; and what is added to it."""

import os
import stat
import subprocess
from pathlib import Path

import asyncssh
import pytest
from tests.hosts.sshd import make_key

from mxtop.hosts import trust
from mxtop.hosts.errors import HostKeyTrouble, UnknownHostKey

KEY = asyncssh.generate_private_key("ssh-ed25519")
PUBLIC = " ".join(KEY.export_public_key().decode().split()[:2])


def found(tmp_path: Path, text: str, name: str = "mx1", port: int = 22) -> trust.Known:
    file = tmp_path / "known_hosts"
    file.write_text(text)
    return trust.look_up([str(file), str(tmp_path / "none")], name, port)


@pytest.mark.parametrize(
    ("line", "name", "port", "known"),
    [
        ("mx1 KEY", "mx1", 22, True),
        ("MX1 KEY", "mx1", 22, True),
        ("mx1 KEY", "MX1", 22, True),
        ("mx2,mx1 KEY comment", "mx1", 22, True),
        ("mx10 KEY", "mx1", 22, False),
        ("mx* KEY", "mx1", 22, True),
        ("mx*,!mx1 KEY", "mx1", 22, False),
        ("[mx1]:2222 KEY", "mx1", 2222, True),
        ("[mx1]:2222 KEY", "mx1", 22, False),
        ("mx1 KEY", "mx1", 2222, True),
        ("HASHED KEY", "mx1", 22, True),
        ("HASHED KEY", "mx2", 22, False),
        ("# mx1 KEY", "mx1", 22, False),
        ("mx1 ssh-ed25519 AAAAnonsense", "mx1", 22, False),
        ("@unheard-of mx1 KEY", "mx1", 22, False),
    ],
)
def test_which_lines_name_a_machine(tmp_path: Path, line: str, name: str, port: int, known: bool) -> None:
    line = line.replace("KEY", PUBLIC).replace("HASHED", trust.hashed("mx1"))
    result = found(tmp_path, f"\n{line}\n", name, port)
    assert [entry.place for entry in result.keys] == ([f"{tmp_path}/known_hosts:2"] if known else [])


def test_a_key_for_the_port_hides_the_one_for_the_name(tmp_path: Path) -> None:
    result = found(tmp_path, f"mx1 {PUBLIC}\n[mx1]:2222 {PUBLIC}\n", port=2222)
    assert [entry.place for entry in result.keys] == [f"{tmp_path}/known_hosts:2"]


def test_markers(tmp_path: Path) -> None:
    result = found(tmp_path, f"@revoked * {PUBLIC}\n@cert-authority *.example {PUBLIC}\n", "a.example", 2222)
    assert not result.keys
    assert [entry.place for entry in result.revoked] == [f"{tmp_path}/known_hosts:1"]
    assert [entry.place for entry in result.authorities] == [f"{tmp_path}/known_hosts:2"]


def test_a_revocation_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostKeyTrouble, match="known_hosts:1"):
        found(tmp_path, "@revoked mx1\n")


def test_a_file_that_is_there_and_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostKeyTrouble, match="cannot be read"):
        trust.look_up([str(tmp_path)], "mx1", 22)


def unknown(file: Path, hashed: bool = False, known_as: str = "[mx1]:2222") -> UnknownHostKey:
    return UnknownHostKey(
        "t", "r", host="mx1", key_type="ssh-ed25519", fingerprint="SHA256:x", known_as=known_as,
        public_key=PUBLIC, file=str(file), hashed=hashed,
    )  # fmt: skip


@pytest.mark.parametrize("hashed", [False, True])
def test_an_accepted_key_is_known_to_us_and_to_ssh(tmp_path: Path, hashed: bool) -> None:
    file = tmp_path / "new" / "known_hosts"
    trust.accept(unknown(file, hashed))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert ("mx1" in file.read_text()) is not hashed
    assert trust.look_up([str(file)], "mx1", 2222).keys[0].key == KEY.convert_to_public()
    told = subprocess.run(
        ["ssh-keygen", "-F", "[mx1]:2222", "-f", str(file)], capture_output=True, text=True, timeout=20
    )
    assert PUBLIC in told.stdout


def test_accepting_leaves_other_lines_alone_even_an_unended_one(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("mx2 something")
    trust.accept(unknown(file))
    assert file.read_text() == f"mx2 something\n[mx1]:2222 {PUBLIC}\n"


def test_a_link_to_the_real_file_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.write_text("")
    (tmp_path / "known_hosts").symlink_to(real)
    trust.accept(unknown(tmp_path / "known_hosts"))
    assert (tmp_path / "known_hosts").is_symlink()
    assert PUBLIC in real.read_text()


def test_the_fingerprint_is_the_one_ssh_keygen_shows(tmp_path: Path) -> None:
    key = make_key(tmp_path / "k")
    told = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, text=True, timeout=20).stdout
    assert asyncssh.read_public_key(f"{key}.pub").get_fingerprint("sha256") == told.split()[1]
    assert os.path.exists(key)
