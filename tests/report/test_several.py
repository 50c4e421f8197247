"""`report` and `sockets` on several hosts: each as if alone, in order; one that fails stops no other."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.sshd import Sshd, free_port
from tests.report.test_reach import Place, place, pytestmark

__all__ = ["place", "pytestmark"]


@pytest.fixture
def second(place: Place, tmp_path: Path) -> Iterator[str]:
    """Another name of that host, by another server."""
    config = place.home / ".ssh" / "config"
    kept = config.read_text()
    with Sshd(tmp_path / "mx2", free_port(), alias="mx2") as server:
        config.write_text(kept + server.client_entry())
        try:
            yield "mx2"
        finally:
            config.write_text(kept)


def test_several_hosts_are_told_in_their_order_each_as_if_alone(place: Place, second: str) -> None:
    at = ("--config-dir", str(place.instance))
    alone = json.loads(place.mxtop("report", "--json", *at, "mx1").stdout)
    done = place.mxtop("report", "--json", *at, second, "mx1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"target": second, **alone}, {"target": "mx1", **alone}]
    text = place.mxtop("report", *at, "mx1").stdout
    assert place.mxtop("report", *at, "mx1", second).stdout == f"== mx1\n{text}\n== {second}\n{text}"
    assert "takes one host at a time" in place.refused("parse", "mx1", second)


def test_one_that_fails_is_named_and_the_others_are_told(place: Place, second: str, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    at = ("--config-dir", str(place.instance))
    listed = tmp_path / "hosts"
    listed.write_text(f"{second}\n")
    for command in ("report", "sockets"):
        done = place.mxtop(command, "--json", *at, nobody, "mx1", "--hosts", str(listed))
        assert done.returncode == 2
        assert [each["target"] for each in json.loads(done.stdout)] == ["mx1", second]
        assert [line for line in done.stderr.splitlines() if "refused" in line.lower()] == [
            line for line in done.stderr.splitlines() if line.startswith(f"{nobody}: ")
        ]
        assert "Connection refused" in done.stderr
    done = place.mxtop("report", "--json", *at, nobody, f"127.0.0.2:{free_port()}")
    assert (done.returncode, json.loads(done.stdout)) == (2, [])


def test_sockets_of_several_hosts(place: Place, second: str) -> None:
    with socket.create_server(("127.99.0.1", 25)) as server, socket.socket() as client:
        client.bind(("127.99.0.2", 0))
        client.connect(server.getsockname())
        here = json.loads(place.mxtop("sockets", "--json").stdout)
        done = place.mxtop("sockets", "--json", "mx1", second)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == [
            {"target": "mx1", "sockets": here},
            {"target": second, "sockets": here},
        ]
        assert "== mx1\n" in place.mxtop("sockets", "mx1", second).stdout
