"""The deferred messages for some destinations, by postqueue(1), and asking Postfix to try them now.

Needs `postqueue -j` (Postfix 3.1).  What arrives or leaves while the queue is listed may be missed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.postconf import command
from mxtop.postfix.queue import TIMEOUT

MOST: Final = 500
"""Messages that are asked for at once, the first that are listed: each is a command of its own."""

_LONGEST: Final = 4 * 1024 * 1024  # bytes of one message's line: some 20,000 recipients


async def deferred(
    host: Host, config_directory: str | None, destinations: Collection[str], most: int = MOST
) -> tuple[str, ...]:
    """Queue ids of deferred messages with a recipient in one of `destinations` (domains, lower case).

    CommandFailed where this user may not see the queue.
    """
    found: list[str] = []
    rest = b""
    async with host.output(command("postqueue", config_directory, "-j"), timeout=TIMEOUT) as output:
        async for chunk in output:
            *lines, rest = (rest + chunk).split(b"\n")
            found += [queue_id for line in lines if (queue_id := _concerned(line, destinations))]
            if len(found) >= most:
                return tuple(found[:most])
            if len(rest) > _LONGEST:
                raise CommandFailed("postqueue -j prints a line that is too long", "postqueue -f")
    if output.exit_code != 0:
        words = output.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise CommandFailed(words or "postqueue -j failed", "try by hand: postqueue -p")
    return tuple(found)


def _concerned(line: bytes, destinations: Collection[str]) -> str | None:
    """The queue id of a deferred message for these destinations; None where the line is another's."""
    try:
        message: dict[str, Any] = json.loads(line)
        if message["queue_name"] != "deferred":
            return None
        addresses = [str(one["address"]) for one in message["recipients"]]
        domains = {one.rpartition("@")[2].lower() for one in addresses if "@" in one}
        return None if domains.isdisjoint(destinations) else str(message["queue_id"])
    except (ValueError, KeyError, TypeError):
        return None


async def retry(host: Host, config_directory: str | None, queue_ids: Sequence[str]) -> int:
    """Ask for each of these (`postqueue -i`); how many Postfix took.  CommandFailed where it takes none."""
    taken, words = 0, ""
    for queue_id in queue_ids:
        if not queue_id.isalnum():
            continue
        done = await host.run(command("postqueue", config_directory, "-i", queue_id), timeout=30)
        if done.exit_code == 0:
            taken += 1
        else:
            words = done.complaint
    if words and not taken:
        raise CommandFailed(words, "retry as root, or as a user whom authorized_flush_users allows")
    return taken
