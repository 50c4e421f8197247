"""`confirm`, `undo` and `history` on several hosts: each is asked, each is told, the worst decides."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from tests.session.fleet import Past, hosts

from mxtop.hosts.errors import HostDown
from mxtop.mail.errors import MxtopError
from mxtop.report.each import answered, back, everywhere, keep, merged, past
from mxtop.session.fixing import Fixing

GONE = HostDown("mx9 cannot be reached", "try again")


def found(*fakes: Past) -> Mapping[str, Fixing | MxtopError]:
    return {**hosts(fakes), "mx9": GONE}


async def test_undo_takes_back_the_last_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [
        Past("mx1", A="confirmed", B="confirmed", C="rolledback", D="failed"),
        Past("mx2", E="rolledback"),
        Past("mx3", X="confirmed"),
        Past("mx4", away=True),
    ]
    done = await everywhere(found(*fakes), back)
    assert answered(done, "rolled_back", as_json=True) == 3
    assert [fake.did for fake in fakes] == [["undo B"], [], ["undo X"], []]
    told = capsys.readouterr()
    assert [(one["host"], one["id"], one["state"]) for one in json.loads(told.out)] == [
        ("mx1", "B", "rolled_back"),
        ("mx2", None, "refused"),
        ("mx3", "X", "conflict"),
        ("mx4", None, "refused"),
        ("mx9", None, "refused"),
    ]
    assert "mx2: there is no change to take back" in told.err
    assert "mx9: mx9 cannot be reached; try again" in told.err
    assert answered(done, "rolled_back", as_json=False) == 3
    assert capsys.readouterr().out == "--- a\n+++ b\n+X␛\n"


async def test_confirm_keeps_what_waits_on_each(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [Past("mx1", A="applied"), Past("mx2", B="confirmed", C="applied")]
    done = await everywhere(hosts(fakes), keep)
    assert answered(done, "confirmed", as_json=False) == 0
    assert [fake.did for fake in fakes] == [["confirm A"], ["confirm C"]]
    assert capsys.readouterr().err.splitlines()[0] == "mx1: smtp_address_preference – → ipv6: confirmed"
    done = await everywhere(hosts([Past("mx1", A="applied"), Past("mx2", B="confirmed")]), keep)
    assert answered(done, "confirmed", as_json=False) == 2


async def test_one_history_of_all_by_time(capsys: pytest.CaptureFixture[str]) -> None:
    fakes = [Past("mx1", A="rolledback", C="applied"), Past("mx20", B="confirmed")]
    done = await everywhere(found(*fakes), past)
    assert merged(done, as_json=True) == 2
    told = capsys.readouterr()
    assert [(one["id"], one["host"]) for one in json.loads(told.out)] == [
        ("A", "mx1"),
        ("B", "mx20"),
        ("C", "mx1"),
    ]
    assert "mx1: change C waits for its answer" in told.err
    assert "mx9: mx9 cannot be reached" in told.err
    assert merged(await everywhere(hosts(fakes), past), as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["mx1", "mx20", "mx1"]
    assert lines[0].startswith("mx1   2026-11-23T")
    assert merged({"mx1": []}, as_json=False) == 0
    assert capsys.readouterr().out == "nothing was changed there\n"
