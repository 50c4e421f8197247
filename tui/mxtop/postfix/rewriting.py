"""What cleanup(8) makes of a recipient before it is routed: canonical maps and virtual aliases.

Rules from cleanup_map11.c, cleanup_map1n.c and mail_addr_find.c, canonical(5) and virtual(5).  Unmatched
extensions are not appended to the results, masquerade_domains is not followed (it spares envelope recipients
by default), nor is `receive_override_options = no_address_mappings`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Settings
from mxtop.postfix.origin import myorigin
from mxtop.postfix.tables import Key, Tables, without_extension

CANONICAL: Final = ("recipient_canonical_maps", "canonical_maps")
ALIASES: Final = "virtual_alias_maps"
MAX_LOOKUPS: Final = 100  # addresses; Postfix's own limits are 1000

_WORD = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s,"])+')


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`addresses` in the tables' order, `by` the parameters that rewrote; else the recipient itself, ()."""

    addresses: tuple[str, ...]
    by: tuple[str, ...] = ()


async def rewritten(host: Host, tables: Tables, settings: Settings, address: str) -> Rewritten:
    """The recipients that mail for one recipient goes to.

    CommandFailed where a table cannot be asked, or too many addresses come of it.
    """
    if not any(settings.values.get(name) for name in (*CANONICAL, ALIASES)):
        return Rewritten((address,))
    origin = await myorigin(host, settings)
    by = []
    for parameter in CANONICAL:
        changed = await _canonical(tables, settings, parameter, address, origin)
        if changed != address:
            address = changed
            by.append(parameter)
    waiting, looked, final = [address], set[str](), list[str]()
    while waiting:
        one = waiting.pop(0)
        folded = one.lower()
        results = None if folded in looked else await _found(tables, settings, ALIASES, one, origin)
        looked.add(folded)
        if len(looked) > MAX_LOOKUPS:
            raise CommandFailed(
                f"{ALIASES} makes more than {MAX_LOOKUPS} addresses of {address}", "name one of them"
            )
        if results is None:
            final.append(one)
        else:
            waiting += results
    found = tuple(dict.fromkeys(final))
    return Rewritten(found, (*by, ALIASES) if found != (address,) else tuple(by))


async def _canonical(tables: Tables, settings: Settings, parameter: str, address: str, origin: str) -> str:
    """One address for one, again and again until nothing changes."""
    seen = {address}
    while results := await _found(tables, settings, parameter, address, origin):
        if results[0] in seen:
            break
        address = results[0]
        seen.add(address)
    return address


async def _found(
    tables: Tables, settings: Settings, parameter: str, address: str, origin: str
) -> list[str] | None:
    """The entry for an address, as addresses, or None.  `@domain` as a result keeps the local part."""
    maps = settings.values.get(parameter, "")
    if not maps:
        return None
    local_part, _, domain = address.rpartition("@")
    bare = without_extension(local_part, settings.values.get("recipient_delimiter", ""))
    keys = [Key(address), *([] if bare is None else [Key(f"{bare}@{domain}", "indexed")])]
    if domain.lower() in (origin.lower(), *settings.local_domains):
        keys += [Key(part, "indexed") for part in (local_part, bare) if part is not None]
    found = await tables.first(maps, [*keys, Key(f"@{domain}", "indexed")])
    if found is None:
        return None
    results = []
    for word in _WORD.findall(found):
        local, at, theirs = word.strip("<>").rpartition("@")
        results.append(f"{local or local_part}@{theirs}" if at else f"{theirs}@{origin}")
    return results
