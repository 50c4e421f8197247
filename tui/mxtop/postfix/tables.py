"""Lookup tables asked by postmap(1), in the order that Postfix would ask them.

One process per table and question, however many keys; `proxy:` is left out, since the table itself gives
the same answer without a running proxymap(8).  Results with `$1` are as the table substitutes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.postconf import command, words

TIMEOUT: Final = 15.0  # seconds: a table may be a server
MAX_LISTED: Final = 10_000  # entries of a table that is listed

_PATTERNS = re.compile(r"(?:regexp|pcre|cidr|tcp|socketmap):")
"""Table types that see whole addresses only (DICT_FLAG_PATTERN); a pipemap or unionmap of one is one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What to look up, and where: parts of an address only in indexed tables (DICT_FLAG_FIXED)."""

    text: str
    kind: Literal["any", "indexed", "pattern"] = "any"

    def suits(self, table: str) -> bool:
        return self.kind == "any" or (self.kind == "pattern") == is_pattern(table)


@dataclass(slots=True)
class Tables:
    """The tables of one instance.  Remembers its answers: make a new one for each question."""

    host: Host
    config_directory: str
    _answers: dict[tuple[str, tuple[str, ...]], dict[str, str]] = field(default_factory=dict)

    async def first(self, maps: str, keys: Sequence[Key]) -> str | None:
        """The result of the first key that any table of `maps` (a parameter's value) has; tables in order.

        CommandFailed where a table that comes before it cannot be asked.
        """
        tables = split(maps)
        found: list[dict[str, str] | CommandFailed] = []
        for table in tables:
            asked = tuple(dict.fromkeys(key.text for key in keys if key.suits(table)))
            try:
                found.append(await self._ask(table, asked))
            except CommandFailed as problem:
                found.append(problem)
        for key in keys:
            for table, answer in zip(tables, found):
                if not key.suits(table):
                    continue
                if isinstance(answer, CommandFailed):
                    raise answer
                if key.text in answer:
                    return answer[key.text]
        return None

    async def listed(self, maps: str) -> dict[str, str] | None:
        """Every entry of the tables together, the first table's first; None where that cannot be told."""
        merged: dict[str, str] = {}
        for table in split(maps):
            if is_pattern(table):
                return None
            done = await self.host.run(
                command("postmap", self.config_directory, "-s", table), timeout=TIMEOUT
            )
            if done.exit_code != 0 and done.complaint:
                return None
            merged = {**_pairs(done.text), **merged}
            if len(merged) > MAX_LISTED:
                return None
        return merged

    async def _ask(self, table: str, keys: tuple[str, ...]) -> dict[str, str]:
        if not keys:
            return {}
        known = self._answers.get((table, keys))
        if known is None:
            question = "".join(f"{key}\n" for key in keys).encode("utf-8", "surrogateescape")
            done = await self.host.run(
                command("postmap", self.config_directory, "-q", "-", table), stdin=question, timeout=TIMEOUT
            )
            if done.exit_code not in (0, 1) or b"fatal:" in done.stderr:
                raise CommandFailed(
                    done.complaint or f"postmap -q - {table} ended with exit code {done.exit_code}",
                    f"try by hand, as root: postmap -q KEY {table}",
                )
            known = self._answers[table, keys] = _pairs(done.text)
        return known


def split(maps: str) -> tuple[str, ...]:
    """The tables in the value of a `…_maps` parameter, without `proxy:`."""
    return tuple(re.sub(r"^(?:proxy:)+", "", word) for word in words(maps))


def is_pattern(table: str) -> bool:
    return _PATTERNS.search(table if table.startswith(("pipemap:", "unionmap:")) else table[:10]) is not None


def without_extension(local_part: str, delimiters: str) -> str | None:
    """The local part before the first of recipient_delimiter; None where there is no extension."""
    if not delimiters or local_part.lower() in ("mailer-daemon", "double-bounce"):
        return None
    match = re.match(f"[^{re.escape(delimiters)}]+(?=[{re.escape(delimiters)}])", local_part)
    return match[0] if match else None


def _pairs(text: str) -> dict[str, str]:
    """`key<TAB>value` lines; of equal keys the first."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        key, tab, value = line.partition("\t")
        if tab:
            found.setdefault(key, value)
    return found
