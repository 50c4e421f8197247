"""The Python side on a real Postfix: the same verbs, told as values."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.change.bench import Bench

from mxtop.change.model import Edit, Setting
from mxtop.change.transaction import Transactions, new_id
from mxtop.change.values import Refused
from mxtop.hosts.base import Completed
from mxtop.hosts.local import LocalHost

IPV6 = (Edit("smtp_address_preference", "ipv6"),)


class Sender(LocalHost):
    """The bench's host: commands run in its namespace."""

    def __init__(self, bench: Bench) -> None:
        super().__init__("mx1")
        self._bench = bench

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        inside = ["env", f"PATH={self._bench.environment['PATH']}", *argv]
        return await super().run(self._bench.lab.namespace.argv(inside), stdin=stdin, timeout=timeout)


@pytest.fixture
def changes(bench: Bench) -> Transactions:
    directory = str(bench.postfix.config_directory)
    return Transactions(Sender(bench), config_directory=directory, base=str(bench.base))


@pytest.mark.lab
async def test_preview_apply_confirm_undo(bench: Bench, changes: Transactions) -> None:
    preview = await changes.preview(IPV6, operator="alice", fix="address-preference", window=60)
    change = preview.change
    assert (change.state, change.operator, change.fix, change.window) == (
        "preview",
        "alice",
        "address-preference",
        60,
    )
    assert change.instance == str(bench.postfix.config_directory)
    assert change.settings == (Setting("smtp_address_preference", None, None, "ipv6", "any", "ipv6"),)
    assert preview.diff.endswith("+smtp_address_preference = ipv6\n")
    assert preview.diff.startswith(f"--- {bench.main_cf} (now)\n+++ {bench.main_cf} (changed)\n@@ ")
    assert [command[-1] for command in preview.commands] == ["check", "reload"]
    assert bench.main_cf.read_bytes() == bench.first
    assert await changes.history() == ()

    await changes.apply(change.id)
    applied = await changes.applied(change.id)
    assert (applied.state, applied.phase, applied.exit_code, applied.watched) == (
        "applied",
        "applied",
        0,
        True,
    )
    assert applied.remaining is not None
    assert 50 < applied.remaining <= 60
    ran = [command for command in applied.commands if command.argv[0] == "postfix"]
    assert [command.argv for command in ran] == list(preview.commands)
    assert all(command.exit_code == 0 and command.seconds < 20 for command in ran)
    assert [waiting.id for waiting in await changes.recover()] == [change.id]

    kept = await changes.confirm(change.id)
    assert (kept.state, kept.exit_code, kept.remaining) == ("confirmed", 0, None)
    assert await changes.recover() == ()
    assert [past.id for past in await changes.history()] == [change.id]
    undone = await changes.undo(change.id)
    assert undone.state == "rolled_back"
    assert await changes.diff(undone) == preview.diff
    bench.assert_sound(bench.first)


@pytest.mark.lab
async def test_the_follower_sees_it_go_back(bench: Bench, changes: Transactions) -> None:
    preview = await changes.preview(IPV6, operator="alice", window=1)
    await changes.apply(preview.change.id)
    states = []
    async with asyncio.timeout(60):
        async for now in changes.follow(preview.change.id, every=0.1):
            if now.phase not in states:
                states.append(now.phase)
    assert states[-2:] == ["applied", "rolledback"]
    assert now.exit_code == 1
    assert "not confirmed" in now.detail


@pytest.mark.lab
async def test_the_reasons_of_a_refusal(bench: Bench, changes: Transactions) -> None:
    for edit in (Edit("smtp_address_preference", "ipv5"), Edit("mynetworks", "0.0.0.0/0")):
        with pytest.raises(Refused) as refused:
            await changes.preview((edit,), operator="alice")
        assert refused.value.code == 2
    one = await changes.preview(IPV6, operator="alice", window=60)
    two = await changes.preview(IPV6, operator="bob", window=60)
    await changes.apply(one.change.id)
    assert (await changes.applied(one.change.id)).state == "applied"
    await changes.apply(two.change.id)
    busy = await changes.applied(two.change.id)
    assert (busy.state, busy.exit_code) == ("refused", 75)
    assert one.change.id in busy.detail
    with pytest.raises(Refused, match="not prepared"):
        await changes.apply(two.change.id)
    assert (await changes.rollback(one.change.id)).state == "rolled_back"
    with pytest.raises(Refused, match="says so already"):
        await changes.preview((Edit("smtp_address_preference", None),), operator="alice")
    assert bench.postfix.command("postfix", "stop").returncode == 0
    with pytest.raises(Refused, match="not running"):
        await changes.preview(IPV6, operator="alice")
    with pytest.raises(Refused):
        await changes.status("T0")


@pytest.mark.lab
async def test_a_preview_can_be_forgotten(bench: Bench, changes: Transactions) -> None:
    preview = await changes.preview(IPV6, operator="alice")
    await changes.discard(preview.change.id)
    assert list((bench.base / "txn").iterdir()) == []


@pytest.mark.lab
async def test_configuration_management_is_named(bench: Bench, changes: Transactions) -> None:
    bench.main_cf.write_bytes(b"# This file is managed by Ansible, do not edit\n" + bench.first)
    bench.postfix.settle()
    preview = await changes.preview(IPV6, operator="alice")
    assert any("Ansible" in warning for warning in preview.warnings)


def test_ids_sort_by_time() -> None:
    ids = [new_id(1_790_000_000.0 + k / 1000, 2**80 - 1 - k) for k in range(100)]
    assert ids == sorted(ids)
    assert {len(change) for change in ids} == {26}
    assert new_id(0.0, 0) == "0" * 26
    assert new_id(1469918176.385, 0)[:10] == "01ARYZ6S41"  # the example of the ULID specification
