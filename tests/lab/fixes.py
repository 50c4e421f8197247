"""Guided fixes for the demo, done on the lab's Postfix by mxtop itself and written down as they go.

`python -m tests.lab.fixes FILE SECONDS VALUE…`, inside the lab: each value of address-preference is proposed,
applied, watched until the verdict is good (SECONDS at most), kept, and taken back.  FILE becomes JSON:
a list of [fix, value, document].
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from mxtop.mail.snapshot import Snapshot
from mxtop.session.fixing import Fixing, Progress
from mxtop.session.local import LocalSession
from mxtop.session.playing import RecordedFix, thinned, to_document

FIX: Final = "address-preference"
KNOWN: Final = 8
"""Destinations of which DNS and the log know enough before anything is proposed."""

LINGER: Final = 4.0
"""Seconds that the good verdict is looked at."""


async def done(fixing: Fixing, value: str, seconds: float) -> RecordedFix:
    """One change from its preview to its undoing; RuntimeError where Postfix did not take it."""
    proposal = await fixing.propose(FIX, value, window=600)
    steps: list[tuple[float, Progress]] = []
    began = time.monotonic()
    good = applied = None
    async for progress in fixing.apply(proposal):
        now = time.monotonic()
        steps.append((now - began, progress))
        if progress.change.phase == "applied":
            applied = applied or now
        if progress.observed is not None and progress.observed.verdict == "good":
            good = good or now
        if (good and now > good + LINGER) or (applied and now > applied + seconds):
            break
    change = proposal.preview.change.id
    kept = await fixing.confirm(change)
    if kept.state != "confirmed":
        raise RuntimeError(f"{FIX} to {value} is {kept.state}: {kept.detail}")
    undone = await fixing.undo(change)
    return RecordedFix(proposal=proposal, steps=thinned(steps), undone=undone)


async def record(values: list[str], seconds: float) -> list[Any]:
    session = LocalSession()
    fixing = session.fixing
    assert fixing is not None
    ready = asyncio.Event()

    def look(snapshot: Snapshot) -> None:
        known = [o for o in snapshot.outlooks.values() if o.prediction is not None]
        if len(known) >= KNOWN or len(known) == len(snapshot.destinations) > 0:
            ready.set()

    found: list[Any] = []
    async with asyncio.TaskGroup() as group:
        running = group.create_task(session.run(look))
        async with asyncio.timeout(60):
            await ready.wait()
        for value in values:
            made = await done(fixing, value, seconds)
            found.append([FIX, value, to_document(made)])
        running.cancel()
    await session.close()
    return found


if __name__ == "__main__":
    out, limit, *wanted = sys.argv[1:]
    Path(out).write_text(json.dumps(asyncio.run(record(wanted, float(limit)))))
