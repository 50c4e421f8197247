"""What DNS says, as a value: what was not asked is told from what has no answer."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import get_args

import pytest

from mxtop.mail.answer import Address, Answer, LookupStatus, MxHost, Viewpoint

MX = MxHost(preference=10, host="mx.example", addresses=(Address("192.0.2.1", "ipv4", 300),), ipv4="ok")


def test_not_asked_is_neither_an_answer_nor_a_failure() -> None:
    host = MxHost(preference=10, host="mx.example")
    assert (host.ipv4, host.ipv6, host.addresses) == (None, None, ())
    answer = Answer(name="example")
    assert (answer.mx_status, answer.null_mx, answer.hosts, answer.viewpoint) == (None, False, (), None)
    assert None not in get_args(LookupStatus)


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("", "192.0.2.53"),
        ("stream", "192.0.2.53, through a forwarded connection"),
        ("command", "192.0.2.53, asked by a command there"),
    ],
)
def test_the_way_to_the_resolver_is_named(way: str, said: str) -> None:
    assert Viewpoint("mx1", "192.0.2.53", way).asked == said  # type: ignore[arg-type]


def test_a_resolver_s_name_is_raw_text_for_the_front_ends_to_clean() -> None:
    assert Viewpoint("mx1", "\x1b[2J", "stream").asked.startswith("\x1b[2J, ")


def test_equal_answers_are_one_so_that_a_row_that_did_not_change_costs_nothing() -> None:
    one, other = (Answer(name="example", mx_status="ok", hosts=(MX,), fetched=1.0) for _ in range(2))
    assert one == other and len({one, other}) == 1
    assert replace(one, ttl=60) != one
    assert replace(one, hosts=(replace(MX, ipv6="servfail"),)) != one


def test_it_stays_as_it_is_and_travels() -> None:
    answer = Answer(name="example", hosts=(MX,), viewpoint=Viewpoint("mx1", "192.0.2.53"))
    assert pickle.loads(pickle.dumps(answer)) == answer
    for one in (answer, MX, MX.addresses[0]):
        with pytest.raises(FrozenInstanceError):
            one.ttl = 0  # type: ignore[union-attr,misc]
