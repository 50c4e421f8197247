"""Real servers for the SSH tests, and hosts on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.sshd import Sshd, free_port

from mxtop.hosts.connect import ssh_host
from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import parse_target

MakeSshd = Callable[..., Sshd]


@pytest.fixture
def make_sshd(tmp_path: Path) -> Iterator[MakeSshd]:
    """Start servers that end with the test: `make_sshd(alias="mx1", …)` as `Sshd`."""
    made: list[Sshd] = []

    def make(alias: str = "mx1", **options: Any) -> Sshd:
        server = Sshd(tmp_path / alias, free_port(), alias=alias, **options)
        server.start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One server that all tests share which do it no harm."""
    with Sshd(tmp_path_factory.mktemp("sshd"), free_port()) as server:
        yield server


def host_at(server: Sshd, word: str | None = None, **options: Any) -> SshHost:
    """Nobody's configuration but the server's own."""
    return ssh_host(parse_target(word or server.alias), config=[str(server.client_config)], **options)
