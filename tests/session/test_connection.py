"""A link's state as the snapshot has it; what a person is asked about comes whole."""

from __future__ import annotations

import pytest

from mxtop.hosts.errors import HostDown, HostKeyChanged, NeedsAuthentication, UnknownHostKey
from mxtop.hosts.link import Link
from mxtop.mail.connection import Connection, OfferedKey
from mxtop.session.connection import connection


def unknown(*, strict: bool = False) -> UnknownHostKey:
    return UnknownHostKey(
        "mx1: its host key is not known", "compare it", host="bastion", key_type="ssh-ed25519",
        fingerprint="SHA256:abc", known_as="[192.0.2.1]:2222", public_key="ssh-ed25519 AAAA",
        file="~/.ssh/known_hosts", hashed=False, strict=strict,
    )  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
def test_an_unknown_key_is_offered_with_its_machine_and_its_place(strict: bool) -> None:
    link = connection(Link("unknown host key", 10.0, None, None, unknown(strict=strict)))
    assert link.for_a_person
    assert link.offered == OfferedKey(
        host="bastion", key_type="ssh-ed25519", fingerprint="SHA256:abc", file="~/.ssh/known_hosts",
        refused=strict,
    )  # fmt: skip


def test_nothing_else_is_offered() -> None:
    changed = HostKeyChanged("t", "r", host="mx1", key_type="k", fingerprint="f", places=("f:2",))
    for state, error in (
        ("host key changed", changed),
        ("needs authentication", NeedsAuthentication("t", "r")),
    ):
        link = connection(Link(state, 10.0, None, None, error))  # type: ignore[arg-type]
        assert (link.title, link.remedy, link.offered, link.for_a_person) == ("t", "r", None, True)


def test_times_are_by_the_clock_of_the_host() -> None:
    link = connection(Link("down", 10.0, 8.0, 13.0, HostDown("mx1: refused", "try")), ahead=100.0)
    assert (link.since, link.heard, link.next_try) == (110.0, 108.0, 113.0)
    assert (link.age(112.0), link.wait(112.0)) == (4.0, 1.0)


def test_before_the_first_try_it_is_connecting_and_a_hop_is_told_only_then() -> None:
    assert connection(Link("idle", 1.0), "bastion") == Connection(
        state="connecting", since=1.0, hop="bastion"
    )
    assert connection(Link("live", 1.0), "bastion").hop == ""
    assert connection(Link("closed", 1.0)).title == "not connected"
