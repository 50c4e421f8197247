"""The senders that have a transport or a relayhost of their own, where the tables can be listed.

sender_dependent_default_transport_maps and sender_dependent_relayhost_maps, searched as resolve.c and
mail_addr_find.c do.  What a server or a pattern would answer to a sender nobody named is not guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from mxtop.mail.settings import Settings
from mxtop.postfix.origin import myorigin
from mxtop.postfix.tables import Tables, without_extension

TRANSPORTS: Final = "sender_dependent_default_transport_maps"
RELAYHOSTS: Final = "sender_dependent_relayhost_maps"
MAX_CASES: Final = 200


@dataclass(frozen=True, slots=True)
class Senders:
    """`cases`: (who, transport, relayhost), None where that sender has no entry; `who` is `user@domain`,
    `@domain`, or the key of the null sender.  `problem`: why they cannot be told."""

    parameters: tuple[str, ...] = ()
    cases: tuple[tuple[str, str | None, str | None], ...] = ()
    problem: str = ""


async def known(tables: Tables, settings: Settings, *, default_class: bool) -> Senders:
    """The senders of both tables; of the relayhost's alone for relay_domains (`default_class` False)."""
    names = (TRANSPORTS, RELAYHOSTS) if default_class else (RELAYHOSTS,)
    parameters = tuple(name for name in names if settings.values.get(name))
    listed: dict[str, Mapping[str, str]] = {}
    for name in parameters:
        entries = await tables.listed(settings.values[name])
        if entries is None:
            return Senders(
                parameters, problem=f"{name} decides by sender, and cannot be listed: {settings.values[name]}"
            )
        listed[name] = entries
    if not listed:
        return Senders()
    everybody = sorted({who for entries in listed.values() for who in entries})
    if len(everybody) > MAX_CASES:
        return Senders(
            parameters, problem=f"{' and '.join(parameters)}: {len(everybody)} senders, too many to list"
        )
    local = (*settings.local_domains, (await myorigin(tables.host, settings)).lower())

    def result(name: str, who: str) -> str | None:
        found = _find(listed.get(name, {}), who, settings, local)
        return None if found is None or found.upper() in ("", "DUNNO") else found

    return Senders(
        parameters, tuple((who, result(TRANSPORTS, who), result(RELAYHOSTS, who)) for who in everybody)
    )


def _find(
    entries: Mapping[str, str], who: str, settings: Settings, local_domains: Collection[str]
) -> str | None:
    """mail_addr_find(): the address, without its extension, the local part of a local address, the domain."""
    local_part, at, domain = who.rpartition("@")
    keys = [who]
    if at and local_part:
        bare = without_extension(local_part, settings.values.get("recipient_delimiter", ""))
        parts = [local_part] if bare is None else [local_part, bare]
        keys += [] if bare is None else [f"{bare}@{domain}"]
        keys += [*(parts if domain in local_domains else ()), f"@{domain}"]
    return next((entries[key] for key in keys if key in entries), None)
