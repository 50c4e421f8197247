"""encode and decode are inverse for the values of mail."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from mxtop.mail.answer import Address, Answer, MxHost, Viewpoint
from mxtop.mail.batch import Batch
from mxtop.mail.sample import Resolved, SocketSample
from mxtop.mail.settings import Settings, Transport
from mxtop.mail.snapshot import Feed, QueueCounts
from mxtop.mail.sockets import SocketRow
from mxtop.recording.codec import decode, encode


def _any_field(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of each field: the values of mail have no signature to look into."""
    hints = get_type_hints(cls)
    named = {f.name: st.from_type(hints[f.name]) for f in fields(cls)}
    return st.fixed_dictionaries(named).map(lambda given: cls(**given))


for _cls in (
    Address,
    MxHost,
    Viewpoint,
    Answer,
    Batch,
    SocketRow,
    SocketSample,
    QueueCounts,
    Feed,
    Transport,
):
    st.register_type_strategy(_cls, _any_field)


@given(st.one_of(*map(st.from_type, (Answer, Batch, SocketSample, QueueCounts, Feed, Transport))))
def test_values_come_back_from_json(value: object) -> None:
    try:
        text = json.dumps(encode(value), allow_nan=False)
    except ValueError:  # not a number, which is never equal to itself; nothing measured is that
        reject()
    assert decode(type(value), json.loads(text)) == value


def test_nested_values_come_back() -> None:
    settings = Settings(
        transports={"smtp": Transport(chroot=True)}, own_addresses=frozenset({"::1", "127.0.0.1"})
    )
    assert decode(Settings, json.loads(json.dumps(encode(settings)))) == settings
    resolved = Resolved("a.example", None, (Answer(name="a.example"),))
    assert decode(Resolved, json.loads(json.dumps(encode(resolved)))) == resolved


def test_keys_of_a_newer_version_are_ignored_and_missing_ones_default() -> None:
    assert decode(QueueCounts, {"active": 3, "unheard_of": 1}) == QueueCounts(active=3)


@pytest.mark.parametrize("data", [{"active": "3"}, [1], {"active": [1]}])
def test_data_of_the_wrong_type_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        decode(QueueCounts, data)
