"""What the screen asks of a session: fulfilled by each of them; and ticks that a flood cannot heap up."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.harness import running, settle
from textual.message import Message

from mxtop.session.files import FilesSession
from mxtop.session.local import LocalSession
from mxtop.session.remote import RemoteSession
from mxtop.session.replay import ReplaySession
from mxtop.ui.feed import Session, Tick

CALLS = {name: call for name, call in vars(Session).items() if inspect.isfunction(call) and name[0] != "_"}


@pytest.mark.parametrize("kind", [LocalSession, RemoteSession, FilesSession, ReplaySession, FakeSession])
def test_each_session_has_every_call_of_the_same_kind(kind: type) -> None:
    for name, call in CALLS.items():
        own = getattr(kind, name)
        assert inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(call), name
        wanted = list(inspect.signature(call).parameters)
        assert list(inspect.signature(own).parameters)[: len(wanted)] == wanted, name


def test_a_later_tick_replaces_one_of_the_same_host_and_nothing_else() -> None:
    tick = Tick(SNAPSHOT, 1)
    assert tick.can_replace(Tick(SNAPSHOT, 1))
    assert not tick.can_replace(Tick(SNAPSHOT, 2))
    assert not tick.can_replace(Message())


async def test_a_host_that_floods_takes_no_tick_of_another() -> None:
    second = FakeSession(SNAPSHOT)
    async with running(session=FakeSession(SNAPSHOT), others=[second]) as (app, pilot):
        app.publish(replace(SNAPSHOT, sent_rate=7.0), number=1)
        for n in range(1000):
            app.publish(replace(SNAPSHOT, sent_rate=float(n)), number=0)
        await settle(pilot)
        assert [host.latest.sent_rate for host in app.hosts] == [999.0, 7.0]
