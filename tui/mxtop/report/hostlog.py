"""The log of a Postfix instance, wherever its host is: which one, and its lines from beginning to end.

Does not follow.  Loads what a log file alone does not need, so import it where a host is looked at.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mxtop.hosts.base import Host
from mxtop.hosts.errors import HostDown
from mxtop.hosts.zone import zone
from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable, MxtopError
from mxtop.mail.settings import Settings
from mxtop.postfix import logplace
from mxtop.postfix import settings as postfix_settings
from mxtop.sources import history
from mxtop.sources.journal import Journal
from mxtop.sources.remote import read_piece
from mxtop.sources.remotefiles import whole


@dataclass(frozen=True, slots=True)
class HostLog:
    """A host's log: its path, "" where it is the journal."""

    host: str
    path: str
    syslog_names: tuple[str, ...] | None


async def find(host: Host, config_directory: str | None, log: str | None) -> HostLog:
    """The log of an instance; `log` is --log.  LogUnreadable, CommandFailed."""
    settings = await settings_of(host, config_directory)
    place = await logplace.find(host, settings, log_option=log)
    if place.kind == "none" or place.problem:
        raise LogUnreadable(place.problem or "no mail log was found", place.remedy)
    name = settings.myhostname if settings else ""
    name = name or (await host.run(["uname", "-n"])).text.strip()
    return HostLog(
        name, place.path if place.kind == "file" else "", settings.syslog_names if settings else None
    )


def files(path: str) -> tuple[str, ...]:
    """A log of this host with all that was rotated, oldest first."""
    return (*(str(file.path) for file in history.files(path)), path)


async def batches(host: Host, place: HostLog, since: float | None) -> AsyncIterator[tuple[bool, Batch]]:
    """A host's log to its end, or its last `since` seconds as far as that saves reading; whether a batch is
    the first of its file.
    """
    first = True
    if not place.path:
        begin = None if since is None else f"@{await clock(host) - since:.0f}"
        async for batch in Journal(host, follow=False, lines=None, since=begin).batches():
            yield first, batch
            first = False
        return
    there = await zone(host)
    for piece in await whole(host, place.path, since):
        first = True
        async for batch in read_piece(host, piece, there):
            yield first, batch
            first = False


async def clock(host: Host) -> float:
    """Seconds since the epoch by that host's clock; by ours where it does not say."""
    said = (await host.run(["date", "+%s"])).text.strip()
    return float(said) if said.isdecimal() else time.time()


async def settings_of(host: Host, config_directory: str | None) -> Settings | None:
    """The instance's settings; None where there is no Postfix, unless one was named."""
    try:
        return await postfix_settings.read(host, config_directory)
    except HostDown:
        raise
    except MxtopError:
        if config_directory is not None:
            raise
        return None
