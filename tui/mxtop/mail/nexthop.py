"""The next hop as Postfix writes it: `example.org`, `[host]`, `[host]:587`, `[ipv6:2001:db8::1]:25`.

Pure text: nothing is looked up, and whether a name exists is not promised.  Rules from Postfix's
util/host_port.c, util/valid_hostname.c and smtp/smtp_connect.c smtp_parse_destination().
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from mxtop.mail.value import value

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 section 3.1


@value
class NextHop:
    """Host and port of one site.

    `host` has neither brackets nor `ipv6:`, and non-ASCII names are A-labels; `port` is a number or a service
    name, None where the transport's smtp_tcp_port decides; `literal` means brackets: no MX lookup.
    """

    host: str
    port: str | None = None
    literal: bool = False

    def __str__(self) -> str:
        """As Postfix would write it; `parse` reads it back to the same value."""
        host = f"[{self.host}]" if self.literal else self.host
        return host if self.port is None else f"{host}:{self.port}"


def sites(text: str) -> tuple[str, ...]:
    """The next hops of a list, tried in turn: separated by commas or white space (Postfix 3.5 and later)."""
    return tuple(part for part in re.split(r"[,\s]+", text) if part)


def parse(text: str) -> NextHop:
    """One next hop.  ValueError, with smtp(8)'s own words, where smtp(8) would refuse it.

    A bare IPv6 address is refused as Postfix refuses it (its last group would be taken for a port).
    """
    if text.startswith("["):
        inner, bracket, rest = text[1:].partition("]")
        if not bracket:
            raise ValueError(f'missing "]" in {text!r}')
        if rest and not rest.startswith(":"):
            raise ValueError(f'garbage after "]" in {text!r}')
        host, port, literal = inner, rest[1:], True
        if inner[:5].lower() == "ipv6:":
            host = inner[5:]
            if not _is_address(host, 6):
                raise ValueError(f"malformed IPv6 address in {text!r}")
    else:
        if _is_address(text, 6):
            raise ValueError(f"an IPv6 address as next hop needs brackets: [{text}]")
        host, _, port = text.rpartition(":") if ":" in text else (text, "", "")
        literal = False
    if not host:
        raise ValueError(f"missing host information in {text!r}")
    if port and not port.isprintable():
        raise ValueError(f"bad service {port!r}")
    if port.isascii() and port.isdigit() and not 0 < int(port) < 65536:
        raise ValueError(f"bad network port: {port} for destination: {text}")
    if not _is_address(host):
        host = a_label(host)
        if not is_hostname(host):
            raise ValueError(f"valid hostname or network address required in {text!r}")
    return NextHop(host, port or None, literal)


def is_hostname(name: str) -> bool:
    """Whether Postfix takes an ASCII name for a host name (valid_hostname.c): a final dot is refused."""
    if not name or len(name) > 255:
        return False
    labels = name.split(".")
    return not name.replace(".", "").isdigit() and all(_LABEL.fullmatch(label) for label in labels)


def a_label(name: str) -> str:
    """A domain name with every non-ASCII label as its A-label: `bücher.example` -> `xn--bcher-kva.example`.

    UTS 46, non-transitional, as Postfix does by default (midna_domain.c,
    enable_idna2003_compatibility=no): ß and ς keep their own A-labels.  ASCII labels are left
    alone.  ValueError where a label cannot be one.
    """
    if name.isascii():
        return name
    return ".".join(_one_label(label) for label in _DOTS.split(name))


def _one_label(label: str) -> str:
    if label.isascii():
        return label
    from encodings import idna  # large, and few names need it

    lowered = unicodedata.normalize("NFC", label.lower())
    try:
        # nameprep is IDNA 2003's and would fold the two deviation characters away, so it sees only
        # what is between them.
        parts = re.split("([\u00df\u03c2])", lowered)
        mapped = "".join(
            part if part in ("\u00df", "\u03c2") else idna.nameprep(part) for part in parts if part
        )
    except UnicodeError as error:
        raise ValueError(f"not a domain name: {label!r}") from error
    encoded = mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode("ascii")
    if not encoded or len(encoded) > 63:
        raise ValueError(f"not a domain name: {label!r}")
    return encoded


def _is_address(text: str, version: int | None = None) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return version is None or address.version == version
