"""Which change is meant, and what is said where there is none."""

from __future__ import annotations

from typing import cast

import pytest
from tests.session.fleet import Past

from mxtop.change.values import Refused
from mxtop.report.chosen import to_confirm, to_undo
from mxtop.session.fixing import Fixing


def host(**phases: str) -> Fixing:
    return cast(Fixing, Past("mx1", **phases))


async def test_what_waits_is_confirmed() -> None:
    assert (await to_confirm(host(A="confirmed", B="applied", C="rolledback"))).id == "B"
    with pytest.raises(Refused, match="the last, C, is rolled back; see"):
        await to_confirm(host(A="confirmed", C="rolledback"))
    with pytest.raises(Refused, match="no change waits for its answer; see"):
        await to_confirm(host())


@pytest.mark.parametrize(
    ("named", "chosen"), [(None, "B"), ("a", "A"), ("A", "A"), ("C", "C"), ("D", None), ("E", None)]
)
async def test_the_last_that_is_not_back_or_the_one_named_is_undone(
    named: str | None, chosen: str | None
) -> None:
    past = host(A="confirmed", B="confirmed", C="rolledback", D="failed")
    if chosen is None:
        with pytest.raises(Refused, match=f"there is no change {named}"):
            await to_undo(past, named)
    else:
        assert (await to_undo(past, named)).id == chosen


async def test_nothing_to_undo() -> None:
    with pytest.raises(Refused, match="no change to take back"):
        await to_undo(host(A="rolledback", B="failed"))
