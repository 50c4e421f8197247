"""resolv.conf(5), as far as it decides whom glibc asks and how long it waits.

Names are asked for as absolute, so `search`, `domain` and `ndots` have no part in it, nor has
RES_OPTIONS of the environment, `rotate` or `sortlist`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

MAX_NAMESERVERS: Final = 3  # MAXNS of <resolv.h>: glibc ignores the rest
MAX_TIMEOUT: Final = 30  # RES_MAXRETRANS, seconds
MAX_ATTEMPTS: Final = 5  # RES_MAXRETRY


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One nameserver: a numeric address, for IPv6 with its zone (`fe80::1%eth0`) where it has one."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        """As resolv.conf has it; a port other than 53 follows `#`, as dig and unbound write it."""
        return self.address if self.port == 53 else f"{self.address}#{self.port}"


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """Whom to ask, in this order; `timeout` in seconds for one try, `attempts` rounds over all of them."""

    nameservers: tuple[Endpoint, ...] = (Endpoint("127.0.0.1"),)
    timeout: int = 5
    attempts: int = 2
    use_tcp: bool = False  # options use-vc


def parse(text: str | None) -> ResolvConf:
    """The settings in the text of a resolv.conf; None for a file that is not there.

    Without a usable nameserver line glibc asks 127.0.0.1.  A keyword counts only at the start of a
    line, an address that does not parse is passed over, the last of repeated options wins.
    """
    nameservers: list[Endpoint] = []
    timeout, attempts, use_tcp = 5, 2, False
    for line in (text or "").split("\n"):
        keyword, *words = line.split() if line[:1].strip() else [""]
        if keyword == "nameserver" and words and is_address(words[0]):
            nameservers.append(Endpoint(words[0]))
        elif keyword == "options":
            for word in words:
                if (match := re.fullmatch(r"(timeout|attempts):(\d{1,9})", word)) is not None:
                    if match[1] == "timeout":
                        timeout = min(max(int(match[2]), 1), MAX_TIMEOUT)
                    else:
                        attempts = min(max(int(match[2]), 1), MAX_ATTEMPTS)
                elif word in ("use-vc", "usevc", "tcp"):
                    use_tcp = True
    if not nameservers:
        return ResolvConf(timeout=timeout, attempts=attempts, use_tcp=use_tcp)
    return ResolvConf(tuple(nameservers[:MAX_NAMESERVERS]), timeout, attempts, use_tcp)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
