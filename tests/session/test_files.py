"""Log files as a session: the newest part is shown at once, whatever is left to read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.benchmarks.makelog import lines

from mxtop.mail.snapshot import Snapshot
from mxtop.session import base, files
from mxtop.session.files import FilesSession


class _Enough(Exception):
    pass


async def test_the_first_snapshot_does_not_wait_for_the_older_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "mail.log"
    log.write_text("\n".join(lines(3000)) + "\n")
    monkeypatch.setattr(files, "NEWEST", 50_000)
    monkeypatch.setattr(base, "PATIENCE", 30.0)  # else it comes without anything being ready

    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("mxtop.session.history.read", never)
    shown: list[Snapshot] = []

    def publish(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        raise _Enough

    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(10):
            await FilesSession([str(log)]).run(publish)
    assert 0 < shown[0].totals.lines < 3000
    assert shown[0].feeds["log"].state == "history"
