"""How many messages wait in each queue, and where the active ones go, by postqueue(1).

Read as it comes, in constant memory.  postqueue shows what showq(8) sees in one pass, so messages that move
meanwhile may be missed or counted twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from mxtop.hosts.base import Host, Output
from mxtop.mail.errors import CommandFailed
from mxtop.mail.snapshot import QueueCounts
from mxtop.postfix.postconf import command

TIMEOUT: Final = 120.0  # seconds, for a queue of some 100,000 messages
EX_NOPERM: Final = 77

TRYING: Final = 100  # domains of active messages that are told

_HEAD: Final = (
    1000  # bytes of a line that are looked at: a message with 10,000 recipients is one line of JSON
)
_RECIPIENT = re.compile(rb'"address": "[^"]*@([^"@]+)"')
_JSON = re.compile(rb'\{"queue_name": "([a-z]+)"')
_ENTRY = re.compile(rb"[0-9A-Za-z]{5,}([*!#]?) +\d")
_MARKS: Final = {b"*": "active", b"!": "hold"}


async def counts(host: Host, config_directory: str | None = None) -> QueueCounts:
    """Messages by queue, and the domains of the first recipients of active ones.

    `postqueue -j` where this version has it (3.1 and later), else the list of `postqueue -p`, where a message
    with a reason is deferred, one without is incoming, and neither maildrop (None) nor `trying` is told.
    CommandFailed, with the step that helps, where this user may not see the queue.
    """
    found: Counter[str] = Counter()
    trying: set[str] = set()
    async with host.output(command("postqueue", config_directory, "-j"), timeout=TIMEOUT) as output:
        async for head in _heads(output):
            if match := _JSON.match(head):
                found[match[1].decode()] += 1
                if match[1] == b"active" and len(trying) < TRYING:
                    trying.update(
                        name.decode("utf-8", "replace").lower() for name in _RECIPIENT.findall(head)
                    )
    if output.exit_code == 0:
        return QueueCounts(
            active=found["active"],
            deferred=found["deferred"],
            incoming=found["incoming"],
            hold=found["hold"],
            maildrop=found["maildrop"],
            trying=tuple(sorted(trying)[:TRYING]),
        )
    if b"usage:" in output.stderr:
        return await _listed(host, config_directory)
    raise _refusal(output)


async def _listed(host: Host, config_directory: str | None) -> QueueCounts:
    """The counts from the list that people read: an entry's line, then its reasons and recipients."""
    found: Counter[str] = Counter()
    undecided = False  # an entry without mark whose reason, if it has one, follows
    async with host.output(command("postqueue", config_directory, "-p"), timeout=TIMEOUT) as output:
        async for head in _heads(output):
            if match := _ENTRY.match(head):
                queue = _MARKS.get(match[1], "incoming")
                found[queue] += 1
                undecided = queue == "incoming"
            elif undecided and head.lstrip().startswith(b"("):
                found["incoming"] -= 1
                found["deferred"] += 1
                undecided = False
    if output.exit_code != 0:
        raise _refusal(output)
    return QueueCounts(found["active"], found["deferred"], found["incoming"], found["hold"])


async def _heads(output: Output) -> AsyncIterator[bytes]:
    """The beginning of each line."""
    head = b""
    async for chunk in output:
        first, *rest = chunk.split(b"\n")
        if len(head) < _HEAD:
            head = (head + first)[:_HEAD]
        for line in rest:
            yield head
            head = line[:_HEAD]
    if head:
        yield head


def _refusal(output: Output) -> CommandFailed:
    """authorized_mailq_users says no with 77 (3.7.11: 69); while Postfix is down only root may look."""
    lines = output.stderr.decode("utf-8", "replace").strip().split("\n")
    title = lines[-1] or f"postqueue ended with exit code {output.exit_code}"
    if output.exit_code == EX_NOPERM or "not allowed to view" in title:
        return CommandFailed(title, "look as root, or as a user whom authorized_mailq_users allows")
    if "mail system is down" in title:
        return CommandFailed(title, "start Postfix (`postfix start` as root), or look as root")
    return CommandFailed(title, "try by hand: postqueue -p")
