"""Postfix's lists of domains: names, `.parents`, `!exceptions`, `/files` and `type:tables`.

Rules from util/match_list.c and match_ops.c; a list is read anew each time.
"""

from __future__ import annotations

from typing import Final

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.postconf import words
from mxtop.postfix.tables import Key, Tables

_DEPTH: Final = 10  # files that name files


async def matches(
    host: Host, tables: Tables, patterns: str, domain: str, *, subdomains: bool = False, parents: bool = False
) -> bool:
    """Whether the list holds the domain: the first pattern that matches decides.

    `subdomains`: a domain list (relay_domains), where `.example` matches what is below example; with
    `parents` (parent_domain_matches_subdomains) a plain name does.  Otherwise whole names only.
    CommandFailed where a table or file that comes before the answer cannot be read.
    """
    for pattern in await _expanded(host, patterns):
        name = pattern.lstrip("!")
        wanted = (len(pattern) - len(name)) % 2 == 0
        if _is_table(name):
            keys = [Key(domain)]
            if subdomains:
                keys += [Key(key, "indexed") for key in above(domain, parents=parents)]
            found = await tables.first(name, keys) is not None
        else:
            found = _equal(name.lower(), domain, subdomains=subdomains, parents=parents)
        if found:
            return wanted
    return False


def above(domain: str, *, parents: bool) -> list[str]:
    """Keys of the domains above one: `.b.c`, `.c` for `a.b.c`; `b.c`, `c` where parents match subdomains."""
    labels = domain.split(".")
    dot = "" if parents else "."
    return [dot + ".".join(labels[start:]) for start in range(1, len(labels))]


def _equal(name: str, domain: str, *, subdomains: bool, parents: bool) -> bool:
    if name == domain:
        return True
    if not subdomains:
        return False
    if parents:
        return domain.endswith(f".{name}")
    return name.startswith(".") and domain.endswith(name) and domain != name


def _is_table(word: str) -> bool:
    return ":" in word and not word.startswith("[")


async def _expanded(host: Host, patterns: str, depth: int = 0) -> list[str]:
    """The patterns with every `/file` replaced by the patterns in it."""
    found: list[str] = []
    for word in words(patterns):
        name = word.lstrip("!")
        if not name.startswith("/"):
            found.append(word)
            continue
        if depth == _DEPTH:
            raise CommandFailed(f"{name}: too many files that name files")
        try:
            text = (await host.read_file(name)).decode("utf-8", "surrogateescape")
        except OSError as error:
            raise CommandFailed(f"{name}: {error.strerror}", "try again with sudo") from error
        lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
        inner = await _expanded(host, "\n".join(lines), depth + 1)
        found.extend(word[: len(word) - len(name)] + pattern for pattern in inner)
    return found
