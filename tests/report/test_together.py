"""One change on several hosts by command, against scripted hosts: what is begun and said, and exit codes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.session.fleet import Fake, Past, Story, at_once, hosts, proposed

from mxtop.change.values import Refused
from mxtop.hosts.errors import HostDown
from mxtop.hosts.target import by_name
from mxtop.mail.errors import MxtopError
from mxtop.report import terminal, together
from mxtop.report.attached import Hosts
from mxtop.report.fixing import Wishes
from mxtop.report.together import ORDER, carry_out, pending, worst
from mxtop.session.together import Together

YES = Wishes("address-preference", "ipv6", dry_run=False, yes=True, window=120, as_json=True)
GONE = HostDown("mx9 cannot be reached", "try again")


def run(fakes: Sequence[Fake], wishes: Wishes = YES, canary: str | None = None, *, gone: bool = False) -> int:
    order = [*(fake.host for fake in fakes), *(["mx9"] if gone else [])]
    return at_once(carry_out(Together(hosts(fakes)), order, {"mx9": GONE}, wishes, canary))


def printed(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    return [(one["host"], one["state"]) for one in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("stories", "states", "code"),
    [
        (["good", "slow"], ["confirmed", "confirmed"], 0),
        (["bad", "good"], ["rolled_back", "refused"], 1),
        (["good", "bad", "good"], ["confirmed", "rolled_back", "refused"], 1),
        (["good", "conflict"], ["confirmed", "conflict"], 3),
        (["good", "refused"], ["confirmed", "refused"], 75),
        (["good", "unbegun", "good"], ["confirmed", "refused", "refused"], 2),
        (["gone", "good"], ["applied", "refused"], 3),
        (["away", "good"], ["rolled_back", "refused"], 1),
    ],
)
def test_the_states_are_the_true_ones_in_the_order_of_the_targets(
    capsys: pytest.CaptureFixture[str], stories: list[Story], states: list[str], code: int
) -> None:
    fakes = [Fake(f"mx{n}", story) for n, story in enumerate(stories)]
    assert run(fakes) == code
    assert printed(capsys) == [(fake.host, state) for fake, state in zip(fakes, states, strict=True)]


def test_yes_keeps_what_nothing_speaks_against_before_its_time_is_over() -> None:
    fake = Fake("mx1", "slow")
    assert run([fake]) == 0
    assert fake.did == ["apply", "confirm"]


def test_the_same_trouble_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Fake("mx1", "gone")]) == 3
    told = capsys.readouterr()
    assert told.err.count("mx1: no route to host") == 1
    (only,) = json.loads(told.out)
    assert "whether its watchdog took this back is not known" in only["warnings"][-1]


def test_the_canary_is_made_first_and_told_in_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [Fake("mx1"), Fake("mx2", "bad"), Fake("mx3")]
    assert run(fakes, canary="mx2") == 1
    told = capsys.readouterr()
    found: list[dict[str, Any]] = json.loads(told.out)
    assert [(one["host"], one["state"]) for one in found] == [
        ("mx1", "refused"), ("mx2", "rolled_back"), ("mx3", "refused")
    ]  # fmt: skip
    assert found[0]["warnings"] == [
        "not begun, as it is rolled back on mx2; see to that host, then try again"
    ]
    assert found[0]["diff"]
    assert (found[0]["predicted"], found[0]["verdict"]) == ({"before": 0.5, "after": 1.0}, None)
    assert "mx2: IPv6 7 of 7 new connections" in told.err
    assert "mx2: smtp_address_preference – → ipv6: rolled back" in told.err
    assert [fake.did for fake in fakes] == [["discard"], ["apply", "rollback"], ["discard"]]


def test_nothing_is_begun_unless_all_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [Fake("mx1"), Fake("mx2", offer=Refused("it is read-only"))]
    assert run(fakes) == 2
    told = capsys.readouterr()
    assert [(one["host"], one["state"]) for one in json.loads(told.out)] == [
        ("mx1", "refused"), ("mx2", "refused")
    ]  # fmt: skip
    assert "mx2: it is read-only" in told.err
    assert "nothing was changed, as mx2 cannot be" in told.err
    assert fakes[0].did == ["discard"]
    assert run([Fake("mx1")], gone=True) == 2
    assert printed(capsys) == [("mx1", "refused"), ("mx9", "refused")]


def test_where_it_is_so_already_is_no_obstacle(capsys: pytest.CaptureFixture[str]) -> None:
    so = Refused("ipv6 already: nothing to change", code=0)
    assert run([Fake("mx1", offer=so), Fake("mx2")], canary="mx1") == 0
    assert printed(capsys) == [("mx1", "preview"), ("mx2", "confirmed")]
    assert run([Fake("mx1", offer=so)]) == 0


def test_yes_refuses_where_files_cannot_be_exchanged(capsys: pytest.CaptureFixture[str]) -> None:
    offer = proposed("mx2")
    change = replace(offer.preview.change, swap="rename")
    offer = replace(offer, preview=replace(offer.preview, change=change))
    fakes = [Fake("mx1"), Fake("mx2", offer=offer)]
    assert run(fakes) == 2
    assert "exchanged safely on mx2" in capsys.readouterr().err
    assert [fake.did for fake in fakes] == [["discard"], ["discard"]]


def test_a_dry_run_shows_all_and_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [Fake("mx1"), Fake("mx2", offer=proposed("mx2", connections=90))]
    assert run(fakes, replace(YES, dry_run=True)) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [(one["host"], one["state"]) for one in found] == [("mx1", "preview"), ("mx2", "preview")]
    assert found[0]["commands"] == [{"argv": ["postfix", "check"], "exit_code": None, "seconds": None}]
    assert run(fakes, replace(YES, dry_run=True, as_json=False), gone=True) == 2
    text = capsys.readouterr().out
    assert "  first       mx2: 90 new connections in its log" in text
    assert "  cannot      mx9: mx9 cannot be reached; try again" in text
    assert [fake.did for fake in fakes] == [["discard", "discard"]] * 2


class Person:
    """Answers the questions in order, and keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str, keys: str = "") -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        monkeypatch.setattr(terminal, "ask", self._ask)
        monkeypatch.setattr(together.terminal, "keys", lambda: _Keys(keys))

    async def _ask(self, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0)


class _Keys:
    def __init__(self, keys: str) -> None:
        self._keys = keys

    def __enter__(self) -> Any:
        return deque(self._keys)

    def __exit__(self, *error: object) -> None:
        """Nothing to restore."""


def test_a_person_may_leave_out_who_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = replace(YES, yes=False)
    person = Person(monkeypatch, "y", "y")
    fakes = [Fake("mx1"), Fake("mx2")]
    assert run(fakes, asking, gone=True) == 2, "not all that was asked for"
    assert person.asked == [
        "mx9 cannot be changed. Change the others all the same? [y/N]",
        "Change smtp_address_preference – → ipv6 on mx1 first, then on mx2, and reload Postfix? [y/N]",
    ]
    assert [fake.phase for fake in fakes] == ["confirmed", "confirmed"]
    for answers in (["n"], ["y", ""]):
        Person(monkeypatch, *answers)
        fakes = [Fake("mx1"), Fake("mx2")]
        assert run(fakes, asking, gone=True) == 2
        assert [fake.did for fake in fakes] == [["discard"], ["discard"]]


def test_where_there_is_little_traffic_the_person_says_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Person(monkeypatch, "y", keys="k")
    fakes = [Fake("mx1", "slow"), Fake("mx2")]
    assert run(fakes, replace(YES, yes=False)) == 0
    assert fakes[0].did == ["apply", "confirm"]
    Person(monkeypatch, "y", keys="xu")
    fakes = [Fake("mx1", "slow"), Fake("mx2")]
    assert run(fakes, replace(YES, yes=False)) == 1
    assert [fake.did for fake in fakes] == [["apply", "rollback"], ["discard"]]


def test_where_it_stopped_the_person_is_asked_about_what_was_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(monkeypatch, "y", "y")
    fakes = [Fake("mx1"), Fake("mx2", "bad"), Fake("mx3")]
    assert run(fakes, replace(YES, yes=False)) == 1
    assert person.asked[1] == "Take it back on mx1 too? [y/N]"
    assert [fake.phase for fake in fakes] == ["rolledback", "rolledback", "discarded"]
    told = capsys.readouterr()
    assert "kept on mx1; `mxtop undo mx1` takes it back there" in told.err
    assert [one["state"] for one in json.loads(told.out)] == ["rolled_back", "rolled_back", "refused"]


async def test_a_change_that_waits_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = hosts([Past("mx1", A="applied"), Past("mx2", B="confirmed"), Past("mx3", away=True)])
    found = await pending(fakes, dry_run=False)
    assert sorted(found) == ["mx1", "mx3"]
    assert isinstance(found["mx1"], Refused)
    assert found["mx1"].code == 75
    assert "`mxtop confirm mx1` keeps it" in str(found["mx1"])
    assert sorted(await pending(fakes, dry_run=True)) == ["mx3"]
    assert "mx1: change A waits" in capsys.readouterr().err


@given(st.lists(st.sampled_from(ORDER), max_size=6))
def test_the_worst_exit_code_is_the_one(codes: list[int]) -> None:
    code = worst(codes)
    assert code in codes or (code, codes) == (0, [])
    assert all(ORDER.index(one) <= ORDER.index(code) for one in codes)
    assert [code for code in ORDER if code] == [2, 75, 1, 3]
    assert worst([0, 4]) == 2


def test_what_cannot_be_meant_is_said_before_anybody_is_called() -> None:
    where = Hosts(("mx1", "root@mx2"), None, None, None, True)
    for change, canary, why in (
        (replace(YES, value="ipv5"), None, "any, ipv6, ipv4"),
        (YES, "mx3", "mx3 is none of the hosts"),
        (replace(YES, yes=False), None, "nobody is there to ask"),
    ):
        with pytest.raises(MxtopError, match=why):
            together.fix(where, change, canary)
    with pytest.raises(MxtopError, match="mx1 is named twice"):
        by_name(["mx1", "mx2", "root@mx1"])
    assert by_name(["root@mx1", "mx2:2222"]) == {"mx1": "root@mx1", "mx2:2222": "mx2:2222"}
