"""What a Postfix version does differently when it picks an address.

Knows only what changes the order of addresses between 2.7 and 3.12; an unknown version is
taken for a current one.
"""

from __future__ import annotations

import re

from mxtop.mail.value import named

RECORD_LIMIT = 100
"""var_dns_rr_list_limit: the most records that Postfix keeps in one list."""

_LIMIT_SINCE = {(3, 5): 25, (3, 6): 15, (3, 7): 11, (3, 8): 6}  # first patch level with the limit


@named
class Features:
    """The rules of one version.  `record_limit` is None where the lists have no limit."""

    preference: bool = True  # smtp_address_preference exists (2.8); before it IPv6 always came first
    fair_shuffle: bool = True  # every order equally likely (2.11)
    null_mx: bool = True  # RFC 7505 (3.0)
    balance: bool = True  # smtp_balance_inet_protocols (3.3)
    hop_list: bool = True  # a next hop may be a list (3.5)
    record_limit: int | None = RECORD_LIMIT


def features(mail_version: str) -> Features:
    """The rules of a `mail_version` such as `3.7.11`, `3.12-20260821` or, where unknown, `""`."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", mail_version)
    if not found:
        return Features()
    release = int(found[1]), int(found[2])
    patch = int(found[3] or 0)
    limited = release >= (3, 9) or patch >= _LIMIT_SINCE.get(release, patch + 1)
    return Features(
        preference=release >= (2, 8),
        fair_shuffle=release >= (2, 11),
        null_mx=release >= (3, 0),
        balance=release >= (3, 3),
        hop_list=release >= (3, 5),
        record_limit=RECORD_LIMIT if limited else None,
    )
