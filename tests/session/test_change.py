"""Guided fixes through a live session, on the lab's Postfix."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.lab import Lab, world
from tests.ui.fixing import change

from mxtop.change.model import Change
from mxtop.change.outcome import Outcome
from mxtop.change.values import Refused
from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.hosts.base import Completed
from mxtop.hosts.errors import HostDown
from mxtop.hosts.local import LocalHost
from mxtop.mail.answer import Address, Answer, MxHost
from mxtop.mail.batch import Batch
from mxtop.mail.promise import Connections, Promise
from mxtop.mail.sample import Resolved
from mxtop.mail.settings import Route
from mxtop.mail.snapshot import Snapshot
from mxtop.session.change import LiveFixing, changes, operator
from mxtop.session.local import LocalSession

pytestmark = pytest.mark.lab


class Sender(LocalHost):
    """The lab's sender: commands run in its namespace."""

    def __init__(self, lab: Lab) -> None:
        super().__init__("mx1")
        self._lab = lab

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        return await super().run(self._lab.namespace.argv(list(argv)), stdin=stdin, timeout=timeout)


class Losing(Sender):
    """The connection is lost as the change is to begin.

    `when` the host hears of it: `never` (`late` tells it), `before` the loss, or `late`, while we give it up.
    """

    def __init__(self, lab: Lab, when: str) -> None:
        super().__init__(lab)
        self._when = when
        self._start: tuple[str, ...] = ()

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        if "start" in argv and not self._start:
            self._start = tuple(argv)
            if self._when == "before":
                await self.late()
                state = Path(argv[1]).with_name("state")
                while state.read_text().startswith("prepared"):
                    await asyncio.sleep(0.02)
            raise HostDown(f"{self.name}: the connection was lost")
        if "rollback" in argv and self._when == "late":
            self._when = ""
            await self.late()
        return await super().run(argv, stdin=stdin, timeout=timeout)

    async def late(self) -> Completed:
        """The word to begin arrives after all."""
        return await super().run(self._start, timeout=60)


class Answered(LocalSession):
    """DNS is answered here: the lab's own can be asked from within its namespaces only."""

    async def _dns(self) -> None:
        await self._settings_known.wait()
        for destination in (world.DUAL, world.DEAD):
            (host,) = destination.hosts
            addresses = tuple(
                Address(one.ip, "ipv6" if one.is_ipv6 else "ipv4", 60) for one in host.addresses
            )
            mx = MxHost(preference=10, host=host.name, ipv4="ok", ipv6="ok", addresses=addresses)
            answer = Answer(name=destination.domain, mx_status="ok", hosts=(mx,))
            route = Route(destination=destination.domain, next_hops=(destination.domain,))
            self.take(Resolved(destination.domain, route, (answer,)))


@pytest.fixture(scope="module")
def fixed_lab() -> Iterator[Lab]:
    """Mail to a dual-stack destination under `any`, and to one whose mail stays in the queue."""
    settings = {"smtp_connection_cache_on_demand": "no", "smtp_address_preference": "any"}
    with Lab([world.DUAL, world.DEAD], settings=settings) as lab:
        lab.send("user@dual.example", count=40)
        lab.send("user@dead.example", count=2)
        lab.wait_idle()
        yield lab


async def during(
    lab: Lab,
    tmp_path: Path,
    story: Callable[[Answered, LiveFixing], Awaitable[None]],
    host: Sender | None = None,
) -> None:
    """Run a story beside the session, once its log and the destinations' DNS are in."""
    host = host or Sender(lab)
    session = Answered(config_directory=str(lab.config_directory), interval=0.1, host=host)
    fixing = LiveFixing(
        session, session._host, config_directory=str(lab.config_directory), base=str(tmp_path / "base")
    )
    session.live_fixing = session.fixing = fixing
    ready = asyncio.Event()

    def publish(snapshot: Snapshot) -> None:
        if len(snapshot.destinations) == 2 and all(
            (look := snapshot.outlooks.get(row.destination)) and look.prediction
            for row in snapshot.destinations
        ):
            ready.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        life = group.create_task(session.run(publish))
        await ready.wait()
        await story(session, fixing)
        life.cancel()


async def test_foretold_made_seen_kept_and_undone(fixed_lab: Lab, tmp_path: Path) -> None:
    first = fixed_lab.main_cf.read_bytes()

    async def story(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv6", window=60)
        assert proposal.forecast is not None
        # dead.example is in the log with failed connections only: nothing new to weigh
        assert (proposal.forecast.before, proposal.forecast.after) == (0.5, 1.0)
        assert fixing.host == session.host == "mx1"
        assert (proposal.safe, proposal.no_effect, proposal.recorded) == (False, False, False)
        assert fixed_lab.main_cf.read_bytes() == first
        phases = []
        async for progress in fixing.apply(proposal):
            seen = progress.observed
            assert seen is not None
            if progress.change.phase not in phases:
                phases.append(progress.change.phase)
                if progress.change.phase == "applied":
                    await asyncio.to_thread(fixed_lab.send, "user@dual.example", count=12)
            if seen.verdict == "good":
                break
        assert phases[-1] == "applied"
        assert progress.change.outcome.after == Connections(0, 12)
        assert progress.change.outcome.predicted_after == 1.0
        async with asyncio.timeout(10):  # looked at at once, as the change said so
            while session.core.settings.values["smtp_address_preference"] != "ipv6":  # type: ignore[union-attr]
                await asyncio.sleep(0.05)
        kept = await fixing.confirm(proposal.preview.change.id)
        assert (kept.state, kept.outcome.verdict) == ("confirmed", "good")
        assert await fixing.waiting() == ()
        with pytest.raises(Refused, match="ipv6 already") as refused:
            await fixing.propose("address-preference", "ipv6")
        assert refused.value.code == 0

        changing = [ran.argv for ran in fixing.commands() if ran.purpose == "change"]
        assert [argv[-1] for argv in changing if argv[0] == "postfix"] == ["check", "reload"]
        verbs = [word for argv in changing for word in argv if word in ("start", "confirm", "status", "undo")]
        assert verbs == ["start", "confirm"]
        elsewhere = LiveFixing(
            session, session._host, config_directory="/etc/other", base=str(tmp_path / "base")
        )
        assert await elsewhere.history() == ()  # another instance's
        (past,) = await fixing.history()
        assert past == kept
        assert await fixing.diff(past) == proposal.preview.diff
        undone = await fixing.undo(past.id)
        assert (undone.state, undone.outcome) == ("rolled_back", kept.outcome)

    await during(fixed_lab, tmp_path, story)
    assert fixed_lab.main_cf.read_bytes() == first


async def test_a_daemon_in_trouble_takes_it_back_at_once(fixed_lab: Lab, tmp_path: Path) -> None:
    first = fixed_lab.main_cf.read_bytes()

    async def story(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv6", window=60)
        told = False
        async for progress in fixing.apply(proposal):
            if progress.change.phase == "applied" and not told:
                told = True
                assert progress.change.remaining is not None
                assert progress.change.remaining > 50
                now = datetime.now().astimezone().isoformat(timespec="seconds")
                with fixed_lab.log_path.open("a") as log:
                    log.write(f"{now} mail postfix/smtp[4711]: fatal: bad smtp_address_preference value\n")
        assert progress.over
        assert progress.change.state == "rolled_back"
        assert progress.observed is not None
        assert progress.observed.verdict == "bad"
        assert (await fixing.history())[-1].outcome.verdict == "bad"

    await during(fixed_lab, tmp_path, story)
    assert fixed_lab.main_cf.read_bytes() == first


async def test_what_waits_is_watched_by_the_next_session(fixed_lab: Lab, tmp_path: Path) -> None:
    first = fixed_lab.main_cf.read_bytes()

    async def begun(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv4", window=60)
        sent = False
        async for progress in fixing.apply(proposal):
            if progress.change.phase == "applied" and not sent:
                sent = True
                await asyncio.to_thread(fixed_lab.send, "user@dual.example", count=6)
            if progress.observed is not None and progress.observed.after.total == 6:
                return  # whoever stops looking stops nothing

    async def later(session: Answered, fixing: LiveFixing) -> None:
        (change,) = await fixing.waiting()
        assert change.outcome.predicted_after == 0.0
        kept = change.outcome
        looks = fixing.watch(change, read_only=True)
        seen = await anext(looks)
        assert seen.change.state == "applied"
        assert seen.observed is not None
        assert seen.observed.after == Connections(6, 0)  # of the first session's time
        assert seen.observed.before == kept.before
        assert (await fixing.history())[-1].outcome == kept
        await asyncio.to_thread(fixed_lab.send, "user@dual.example", count=6)
        async for seen in looks:
            assert seen.observed is not None
            if seen.observed.verdict == "good":
                break
        assert seen.observed.after == Connections(12, 0)
        back = await fixing.rollback(change.id)
        assert (back.state, back.outcome.after) == ("rolled_back", Connections(12, 0))

    await during(fixed_lab, tmp_path, begun)
    await during(fixed_lab, tmp_path, later)
    assert fixed_lab.main_cf.read_bytes() == first


async def test_lost_before_the_host_was_told_nothing_begins_any_more(fixed_lab: Lab, tmp_path: Path) -> None:
    host, first = Losing(fixed_lab, "never"), fixed_lab.main_cf.read_bytes()

    async def story(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv6", window=60)
        with pytest.raises(Refused, match="lost before the change began: nothing was changed") as caught:
            async for _ in fixing.apply(proposal):
                pass
        assert caught.value.remedy == "try again"
        assert (await host.late()).exit_code == 2
        assert fixed_lab.main_cf.read_bytes() == first
        assert await fixing.history() == ()

    await during(fixed_lab, tmp_path, story, host)


@pytest.mark.parametrize(("when", "end"), [("before", "confirmed"), ("late", "rolled_back")])
async def test_lost_as_it_began_its_true_end_is_told(
    fixed_lab: Lab, tmp_path: Path, when: str, end: str
) -> None:
    """What began meanwhile goes on; what began while we gave it up is taken back."""
    host, first = Losing(fixed_lab, when), fixed_lab.main_cf.read_bytes()

    async def story(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv6", window=60)
        async for progress in fixing.apply(proposal):
            if progress.change.phase == "applied":
                await fixing.confirm(progress.change.id)
        assert progress.change.state == end
        assert [one.state for one in await fixing.history()] == [end]
        assert (fixed_lab.main_cf.read_bytes() == first) == (end == "rolled_back")
        await fixing.undo(progress.change.id)

    await during(fixed_lab, tmp_path, story, host)
    assert fixed_lab.main_cf.read_bytes() == first


async def test_one_family_is_refused_and_a_proposal_forgotten(fixed_lab: Lab, tmp_path: Path) -> None:
    first = fixed_lab.main_cf.read_bytes()

    async def story(session: Answered, fixing: LiveFixing) -> None:
        proposal = await fixing.propose("address-preference", "ipv6")
        await fixing.discard(proposal)
        assert list((tmp_path / "base" / "txn").iterdir()) == []
        for fix, value in (("address-preference", "ipv5"), ("address-order", "ipv6")):
            with pytest.raises(Refused) as unknown:
                await fixing.propose(fix, value)
            assert unknown.value.code == 2
        assert session.core.settings is not None
        clients = session.core.settings.transports
        single = {name: replace(one, inet_protocols=("ipv4",)) for name, one in clients.items()}
        session.core.settings = replace(session.core.settings, transports=single)
        with pytest.raises(Refused, match="inet_protocols = ipv4") as refused:
            await fixing.propose("address-preference", "ipv6")
        assert refused.value.code == 2
        assert list((tmp_path / "base" / "txn").iterdir()) == []

    await during(fixed_lab, tmp_path, story)
    assert fixed_lab.main_cf.read_bytes() == first


async def test_deferred_mail_is_tried_now(fixed_lab: Lab, tmp_path: Path) -> None:
    async def story(session: Answered, fixing: LiveFixing) -> None:
        mark = fixed_lab.mark()
        assert await fixing.retry(["dual.example"]) == 0
        assert await fixing.retry(["Dead.example"]) == 2
        await asyncio.to_thread(
            fixed_lab.wait_lines, r"to=<user@dead\.example>.* status=deferred", 2, since=mark
        )
        asked = [ran.argv for ran in fixing.commands() if "-i" in ran.argv]
        assert len(asked) == 2
        assert all(ran.purpose == "change" for ran in fixing.commands() if "-i" in ran.argv)

    await during(fixed_lab, tmp_path, story)


async def test_a_fix_that_needs_a_new_start_of_postfix_is_not_only_reloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    restarting = replace(ADDRESS_PREFERENCE, activation="restart")
    monkeypatch.setattr("mxtop.session.change.fix_named", lambda name: restarting)
    session = LocalSession(config_directory=str(tmp_path))
    with pytest.raises(Refused, match="stopped and started"):
        await session.live_fixing.propose("address-preference", "ipv6")


class Script:
    """The transactions of a host on which a change waits for its answer, for two looks."""

    def __init__(self, waiting: Change) -> None:
        self.waiting = waiting
        self.rolled: list[str] = []
        self.kept: list[Outcome] = []

    async def follow(self, change: str, every: float) -> AsyncIterator[Change]:
        for _ in range(2):
            yield self.waiting

    async def rollback(self, change: str) -> Change:
        self.rolled.append(change)
        return self.waiting

    async def keep(self, change: str, outcome: Outcome) -> None:
        self.kept.append(outcome)


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_daemon_in_trouble_since_another_mxtop_began_it(read_only: bool) -> None:
    """It is taken back, and noted; whoever only looks sees why it should be, and touches nothing."""
    began = 1_795_458_696.0
    stamp = datetime.fromtimestamp(began).astimezone().isoformat(timespec="seconds")
    promise = Promise(destination="dual.example", before=0.5, after=1.0, deliveries=40)
    waiting = change("ipv6", id="01KB4Z", phase="applied")
    waiting = replace(waiting, outcome=Outcome(began=began, promises=(promise,)))
    session = LocalSession()
    session.now = lambda: began  # type: ignore[method-assign]
    lines = (
        "master[1]: reload -- version 3.7.11, configuration /etc/postfix",
        "smtp[7]: fatal: out of memory",
    )
    text = "".join(f"{stamp} mx1 postfix/{line}\n" for line in lines)
    session.take(Batch(text=text, reference=began))
    fixing = session.live_fixing
    script = fixing._transactions = Script(waiting)  # type: ignore[assignment]
    seen = [progress.observed async for progress in fixing.watch(waiting, read_only=read_only)]
    assert [one.verdict for one in seen if one is not None] == ["bad", "bad"]
    assert script.rolled == ([] if read_only else ["01KB4Z", "01KB4Z"])
    assert [kept.verdict for kept in script.kept] == ([] if read_only else ["bad"])


async def test_what_was_begun_without_a_forecast_has_no_effect_to_show() -> None:
    waiting = change("ipv6", id="01KB4Z", phase="applied")
    fixing = LocalSession().live_fixing
    fixing._transactions = Script(waiting)  # type: ignore[assignment]
    assert [progress.observed async for progress in fixing.watch(waiting)] == [None, None]


def test_which_commands_change_anything() -> None:
    kept = ["sudo", "sh", "/var/lib/mxtop/txn/X/run.sh"]
    verbs = ("start", "confirm", "rollback", "undo", "recover", "status", "show", "keep")
    assert [changes([*kept, verb, "/b", "X"]) for verb in verbs] == [True] * 5 + [False] * 3
    assert changes(("postqueue", "-c", "/etc/postfix", "-i", "4A01"))
    assert not changes(["postqueue", "-j"])
    assert not changes(["postconf", "-x"])


def test_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert operator() == "alice"
    monkeypatch.setattr("os.geteuid", lambda: 1000)  # anybody may set a variable
    monkeypatch.setattr("getpass.getuser", lambda: "b o\nb")
    assert operator() == "b_o_b"
