"""Address families as a Postfix log shows them.

Does not promise that an address is valid: the families follow from its form
alone, as in `relay=host[ADDRESS]:port`.
"""

from __future__ import annotations

from typing import Final, Literal

Family = Literal["ipv4", "ipv6", "unix"]
"""The family of a connection; no connection is `None`, counted as `none`."""

FamilyKey = Literal["ipv4", "ipv6", "unix", "none"]
FAMILY_KEYS: Final[tuple[FamilyKey, ...]] = ("ipv4", "ipv6", "unix", "none")


def family_of(address: str | None) -> Family | None:
    """`ipv6` for an address with a colon, `unix` for a path, else `ipv4`; None for no address."""
    if not address or address == "unknown":
        return None
    if "/" in address:
        return "unix"
    return "ipv6" if ":" in address else "ipv4"


def is_loopback(address: str | None) -> bool:
    """True for 127.0.0.0/8 and ::1: a filter hop such as amavis on 127.0.0.1:10024, not a destination."""
    return address is not None and (address.startswith("127.") or address == "::1")
