"""Which change of a host `confirm` and `undo` are about, where there may be many.

Asks the host and changes nothing; Refused, with what there is instead, where there is none.
"""

from __future__ import annotations

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.session.fixing import Fixing


async def to_confirm(fixing: Fixing) -> Change:
    """The change that waits for its answer."""
    waiting = await fixing.waiting()
    if not waiting:
        begun = await fixing.history()
        last = f"; the last, {begun[-1].id}, is {begun[-1].state.replace('_', ' ')}" if begun else ""
        raise Refused(f"no change waits for its answer{last}", "see `mxtop history`")
    return waiting[-1]


async def to_undo(fixing: Fixing, change_id: str | None = None) -> Change:
    """The change with this id, in either case of letters; without one the last that is not back yet."""
    begun = [one for one in await fixing.history() if one.state != "refused"]
    if change_id is not None:
        chosen = [one for one in begun if one.id == change_id.upper()]
    else:
        chosen = [one for one in begun if one.state != "rolled_back"]
    if not chosen:
        what = f"there is no change {change_id}" if change_id else "there is no change to take back"
        raise Refused(what, "see `mxtop history`")
    return chosen[-1]
