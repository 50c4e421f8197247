"""The mail lines of the systemd journal, as the lines that a syslog daemon would have written.

`journalctl -o json`, by facility mail, which holds whatever the units are called.  The rendering:
`2026-11-23T18:39:26.656367+00:00 host postfix/smtp[123]: message`.  Does not promise what journald dropped by
its rate limit, nor microseconds that a syslog daemon would have logged itself.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from mxtop.hosts import rights
from mxtop.hosts.base import Host
from mxtop.mail.batch import Batch
from mxtop.mail.errors import CommandFailed, LogUnreadable
from mxtop.sources.lines import LineBuffer, decode

FACILITY_MAIL: Final = "SYSLOG_FACILITY=2"
"""The match for LOG_MAIL (syslog(3)); `--facility=mail` says the same, but needs systemd 245."""

LINES: Final = 100_000
"""Entries of history unless told otherwise: about the 16 MiB that are read of a file."""

_FIELDS: Final = "MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM,_HOSTNAME"
_TIMEOUT: Final = 20.0
_HIDDEN: Final = re.compile(
    r"not seeing messages from other users|insufficient permissions|Permission denied"
)
_CURSOR: Final = re.compile(r"^-- cursor: (\S+)$", re.MULTILINE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Journal:
    """The journal of one host.

    `cursor` is the last entry handed out: a new Journal `after` it goes on without loss.  `caught_up`:
    everything that was there at the start has been handed out.  `arguments` are journalctl's own, such as
    `--file FILE`; `since` is in its words (`-1h`, `@1750000000`).
    """

    def __init__(
        self,
        host: Host,
        *,
        follow: bool = True,
        after: str | None = None,
        lines: int | None = LINES,
        since: str | None = None,
        arguments: Sequence[str] = (),
        match: str = FACILITY_MAIL,
    ) -> None:
        self.cursor = after
        self.caught_up = False
        self._newest: str | None = None  # the last entry at the start
        self._host = host
        self._base = ["journalctl", "--no-pager", "--merge", *arguments]
        self._matches = [match]
        self._own = not arguments
        self._follow = follow
        self._lines = "all" if lines is None or after or since else str(lines)
        self._since = since

    async def batches(self) -> AsyncIterator[Batch]:
        """Batches; for ever where followed.  LogUnreadable, CommandFailed."""
        await self._check()
        lines = LineBuffer()
        async with self._host.output(self._argv()) as output:
            async for chunk in output:
                if batch := self._batch(lines.feed(chunk)):
                    yield batch
        if self._follow or output.exit_code:
            said = decode(output.stderr).strip().rpartition("\n")[2]
            raise CommandFailed(f"journalctl ended ({said or f'exit code {output.exit_code}'})")

    def _argv(self) -> list[str]:
        argv = [*self._base, "--output=json", "--all", f"--output-fields={_FIELDS}", f"--lines={self._lines}"]
        if self._follow:
            argv.append("--follow")
        if self._since is not None:
            argv.append(f"--since={self._since}")
        if self.cursor is not None:
            argv.append(f"--after-cursor={self.cursor}")
        return [*argv, *self._matches]

    async def _check(self) -> None:
        """Ask for the newest entry; JSON output would keep silent about what a user may not see."""
        if self._own:
            self._matches += await self._this_machine()
        argv = [*self._base, "--output=short", "--show-cursor", "--lines=1", *self._matches]
        seen = await self._host.run(argv, timeout=_TIMEOUT)
        complaints = decode(seen.stderr)
        if _HIDDEN.search(complaints):
            remedy = await rights.to_be_in(self._host, "systemd-journal")
            raise LogUnreadable("this user may not read the system's journal", remedy)
        if "No journal files were found" in complaints:
            raise LogUnreadable("there is no systemd journal here", "name the log with `--log FILE`")
        if seen.exit_code and "-- No entries --" not in seen.text:  # which has no cursor to show
            why = seen.complaint or f"exit code {seen.exit_code}"
            raise LogUnreadable(f"journalctl: {why}", self._host.rights.root)
        newest = _CURSOR.search(seen.text)
        self._newest = newest[1] if newest else None
        self.caught_up = self._newest in (None, self.cursor) or self._since is not None

    async def _this_machine(self) -> list[str]:
        """A match that leaves out journals received from others.

        `--merge` brings them in; without it, `--follow` silently begins at the last boot (systemd 252).
        """
        try:
            identity = await self._host.read_file("/etc/machine-id")
        except OSError:
            return []
        return [f"_MACHINE_ID={decode(identity).strip()}"]

    def _batch(self, text: str) -> Batch | None:
        rendered: list[str] = []
        gap = ""
        history = not self.caught_up
        for line in text.split("\n")[:-1]:
            try:
                entry = json.loads(line)
                rendered.append(render(entry))
                self.cursor = entry["__CURSOR"]
            except (ValueError, KeyError, TypeError, AttributeError):
                gap = "an entry of the journal could not be read"
            else:
                self.caught_up = self.caught_up or self.cursor == self._newest
        if not rendered and not gap:
            return None
        return Batch(
            text="".join(rendered),
            origin="journal",
            reference=time.time(),
            phase="history" if history else "live",
            gap=gap,
        )


def render(entry: Mapping[str, Any]) -> str:
    """One entry as a log line.  KeyError, ValueError, TypeError: not an entry of `journalctl -o json`.

    A line end inside an entry becomes `#012`, as rsyslog writes it: a message is one line, whatever it holds.
    """
    since_epoch = timedelta(microseconds=int(entry["__REALTIME_TIMESTAMP"]))
    time_ = (_EPOCH + since_epoch).isoformat(timespec="microseconds")
    identifier = _text(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or "unknown")
    pid = _text(entry.get("SYSLOG_PID") or entry.get("_PID") or "")
    host = _text(entry.get("_HOSTNAME") or "localhost")
    tag = f"{identifier}[{pid}]" if pid else identifier
    line = f"{time_} {host} {tag}: {_text(entry.get('MESSAGE') or '')}"
    return line.replace("\n", "#012") + "\n"


def _text(value: str | list[int] | list[str]) -> str:
    """A field: text, an array of bytes where it is not UTF-8; of several values the first."""
    if isinstance(value, str):
        return value
    if value and not isinstance(value[0], int):
        return _text(value[0])
    return decode(bytes(cast(list[int], value)))
