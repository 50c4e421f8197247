"""One change on several hosts: whatever each does, what was promised of all of them holds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.session.fleet import STORIES, Fake, Story, at_once, hosts, made, proposed

from mxtop.change.values import Refused
from mxtop.hosts.errors import HostDown
from mxtop.mail.errors import MxtopError
from mxtop.session.fixing import Progress, Proposal
from mxtop.session.together import ENOUGH, Answer, Fate, Offer, Tell, Together, first, in_one_go, verdict

KEPT = ("good", "deaf", "slow")


async def by_verdict(host: str, proposal: Proposal, progress: Progress) -> Answer | None:
    answers: dict[str, Answer] = {"good": "keep", "bad": "back"}
    return answers.get(verdict(progress))


def unheard(host: str, what: Progress | MxtopError) -> None:
    """Nobody listens."""


async def make(fakes: list[Fake], tell: Tell = unheard) -> tuple[Together, tuple[Fate, ...]]:
    together = Together(hosts(fakes))
    offers = await together.propose("address-preference", "ipv6")
    return together, await together.make(offers, by_verdict, tell)


ENDS: dict[Story, str] = {
    "good": "confirmed", "slow": "confirmed", "deaf": "confirmed",
    "bad": "rolled_back", "quiet": "rolled_back",
    "refused": "preview", "failed": "refused", "conflict": "conflict", "raced": "rolled_back",
    "away": "rolled_back", "gone": "applied", "hangs": "applied", "unbegun": "preview",
}  # fmt: skip


@given(st.lists(st.sampled_from(STORIES), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_whatever_the_hosts_do(stories: list[Story]) -> None:
    everything: list[tuple[str, str]] = []
    fakes = [Fake(f"mx{n}", story, all=everything) for n, story in enumerate(stories)]
    together, fates = at_once(make(fakes))
    kept = [story in KEPT for story in stories]
    stop = kept.index(False) if False in kept else len(stories) - 1
    assert [fate.host for fate in fates] == [fake.host for fake in fakes]
    for n, (fake, fate, story) in enumerate(zip(fakes, fates, stories, strict=True)):
        if n > stop:  # left as they were, told why, and their previews forgotten
            assert fake.did == ["discard"]
            assert (fate.begun, fate.kept, fate.lost) == (False, False, False)
            assert fates[stop].host in str(fate.trouble)
            continue
        assert fake.did[0] == "apply"
        assert fake.did.count("apply") == 1
        assert fate.change.state == ENDS[story]
        assert fate.kept == (story in KEPT) == (fake.phase == "confirmed")
        assert fate.lost == (story in ("gone", "hangs"))
        assert fate.begun == (story not in ("refused", "unbegun"))
        assert (fate.trouble is None) == fate.begun
        assert ("rollback" in fake.did) == (story == "bad")
        assert ("discard" in fake.did) == (story == "unbegun")
    # one after the other: nobody begins before the one before was kept
    begun = [host for host, what in everything if what == "apply"]
    assert begun == [fake.host for fake in fakes[: stop + 1]]
    for n, host in enumerate(begun[1:], 1):
        before = everything[: everything.index((host, "apply"))]
        assert (begun[n - 1], "confirm") in before
    assert set(together.fates) == {fake.host for fake in fakes}


@given(st.lists(st.sampled_from(STORIES), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_undo_takes_back_what_was_kept_and_nothing_else(stories: list[Story]) -> None:
    fakes = [Fake(f"mx{n}", story) for n, story in enumerate(stories)]

    async def story() -> tuple[tuple[Fate, ...], tuple[Fate, ...]]:
        together, fates = await make(fakes)
        return fates, await together.undo(unheard)

    fates, undone = at_once(story())
    assert [fate.host for fate in undone] == [fate.host for fate in fates if fate.kept]
    assert all(fate.change.state == "rolled_back" for fate in undone)
    assert all(("undo" in fake.did) == fate.kept for fake, fate in zip(fakes, fates, strict=True))


async def test_a_host_that_cannot_be_asked_to_undo_says_so_and_stops_no_other() -> None:
    fakes = [Fake("mx1"), Fake("mx2")]
    together, _ = await make(fakes)

    async def away(change: str) -> Any:
        raise HostDown("no route to host")

    fakes[0].undo = away  # type: ignore[method-assign]
    heard: list[str] = []
    undone = await together.undo(lambda host, what: heard.append(f"{host}: {what}"))
    assert [fate.change.state for fate in undone] == ["confirmed", "rolled_back"]
    assert heard == ["mx1: no route to host"]
    assert isinstance(undone[0].trouble, HostDown)


async def test_all_are_asked_at_once_and_who_cannot_is_named() -> None:
    both = asyncio.Barrier(2)

    class Waiting(Fake):
        async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
            await both.wait()  # nobody would come here if they were asked one after the other
            return await super().propose(fix, value, window=window)

    so = Refused("ipv6 already", code=0)
    fakes = [Waiting("mx1"), Fake("mx2", offer=HostDown("no route")), Fake("mx3", offer=so), Waiting("mx4")]
    async with asyncio.timeout(30):
        offers = await Together(hosts(fakes)).propose("address-preference", "ipv6")
    assert [offer.host for offer in offers] == ["mx1", "mx2", "mx3", "mx4"]
    assert [offer.proposal is not None for offer in offers] == [True, False, False, True]
    assert [offer.already for offer in offers] == [False, False, True, False]
    assert all(fake.did == [] for fake in fakes)


def offer(host: str, connections: int) -> Offer:
    return Offer(host, proposed(host, connections=connections))


@pytest.mark.parametrize(
    ("traffic", "named", "order"),
    [
        ([0, ENOUGH, 900], None, ["mx1", "mx0", "mx2"]),
        ([ENOUGH, 900], None, ["mx0", "mx1"]),
        ([3, 7, 7], None, ["mx1", "mx0", "mx2"]),
        ([0, 0], None, ["mx0", "mx1"]),
        ([900, 0], "mx1", ["mx1", "mx0"]),
        ([0, 900], "mx9", ["mx1", "mx0"]),  # has nothing to change
        ([], None, []),
    ],
)
def test_the_first_has_traffic_enough_or_is_the_one_named(
    traffic: list[int], named: str | None, order: list[str]
) -> None:
    offers = [offer(f"mx{n}", connections) for n, connections in enumerate(traffic)]
    offers.append(Offer("mx9", trouble=Refused("no")))
    assert [one.host for one in first(offers, named)] == order


async def test_whoever_goes_away_leaves_the_others_as_they_were() -> None:
    fakes = [Fake("mx1"), Fake("mx2", "good"), Fake("mx3")]
    together = Together(hosts(fakes))
    offers = await together.propose("address-preference", "ipv6")
    reached = asyncio.Event()

    async def decide(host: str, proposal: Proposal, progress: Progress) -> Answer | None:
        if host == "mx2":
            reached.set()
            await asyncio.Event().wait()
        return "keep"

    async def leave() -> None:
        await reached.wait()
        task.cancel()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(together.make(offers, decide, unheard))
        group.create_task(leave())
    assert task.cancelled()
    assert [fake.did for fake in fakes] == [["apply", "confirm"], ["apply"], ["discard"]]
    assert [fate.host for fate in together.fates.values() if fate.kept] == ["mx1"]
    assert fakes[1].phase == "applied", "its watchdog decides"


def test_a_lost_host_is_told_of_and_its_true_state_afterwards() -> None:
    heard: list[str] = []

    def tell(host: str, what: Progress | MxtopError) -> None:
        heard.append(str(what) if isinstance(what, MxtopError) else what.change.phase)

    _, fates = at_once(make([Fake("mx1", "away"), Fake("mx2")], tell))
    assert heard == ["armed", "applied", "connection lost", "rolledback"]
    assert (fates[0].change.state, fates[0].lost) == ("rolled_back", False)
    assert "it is rolled back on mx1" in str(fates[1].trouble)


@pytest.mark.parametrize("story", ["gone", "hangs"])
def test_a_host_that_does_not_answer_any_more_is_given_up_and_that_is_told(story: Story) -> None:
    _, (fate, other) = at_once(make([Fake("mx1", story), Fake("mx2")]))
    assert (fate.lost, fate.begun, fate.kept) == (True, True, False)
    assert "mx1 does not answer any more" in str(other.trouble)


def test_what_was_made_in_one_go() -> None:
    def at(host: str, second: str, **more: Any) -> Any:
        return made(host, "confirmed", time=second, window=120, **{"id": f"{host} {second}", **more})

    mine = at("mx1", "2026-11-23T18:00:00Z")
    past = {
        "mx1": [at("mx1", "2026-11-22T18:00:00Z"), mine],
        "mx2": [at("mx2", "2026-11-23T19:02:30+01:00"), at("mx2", "2026-11-23T20:00:00Z")],
        "mx3": [at("mx3", "2026-11-23T18:05:00Z")],  # after mx2's, though not after mx1's alone
        "mx4": [at("mx4", "2026-11-23T18:01:00Z", operator="bob"), at("mx4", "nonsense \x1b")],
        "mx5": [replace(at("mx5", "2026-11-23T18:01:00Z"), phase="rolledback")],
    }
    found = in_one_go(mine, past)
    assert found == {"mx1": mine, "mx2": past["mx2"][0], "mx3": past["mx3"][0]}
    assert in_one_go(past["mx4"][1], past) == {"mx4": past["mx4"][1]}
