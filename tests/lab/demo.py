"""The world of the demo: a busy afternoon of one mail host, with a story at every third destination.

Pure values, as `world.py`.  Names are made up under .example (RFC 2606).
"""

from __future__ import annotations

from typing import Final

from tests.lab.world import Destination, Host, Service, addresses_of, single

_BUSY = (Service.BUSY,)
_CLOSED = (Service.CLOSED,)

BIG = Destination(
    "bigmail.example",
    "five MX, each dual-stack: about half of the first tries go over IPv6",
    tuple((preference, f"mx{k}.bigmail.example") for k, preference in enumerate((5, 10, 20, 30, 40), 1)),
    tuple(Host(f"mx{k}.bigmail.example", addresses_of(k, _BUSY, _BUSY)) for k in range(1, 6)),
)
HANGS = single(
    6, "uni-north.example", "IPv6 is a black hole: mail waits, then goes over IPv4", v6=(Service.DROPPED,) * 2
)
REJECTS = single(
    7, "strictmail.example", "says 550 over IPv6, takes the same mail over IPv4", v6=(Service.REJECT,)
)
GREYLISTS = single(8, "council.example", "greylists", (Service.GREYLIST,), (Service.GREYLIST,))
DEAD = single(9, "oldshop.example", "nobody answers any more", _CLOSED, _CLOSED)
SECOND = Destination(
    "postbox.example",
    "two equal MX, one of them without IPv6",
    ((10, "in1.postbox.example"), (10, "in2.postbox.example")),
    (
        Host("in1.postbox.example", addresses_of(10, _BUSY, ())),
        Host("in2.postbox.example", addresses_of(11, _BUSY, _BUSY)),
    ),
)
IPV6_FIRST = Destination(
    "nordpost.example",
    "the best MX has IPv6 only",
    ((10, "v6.nordpost.example"), (20, "both.nordpost.example")),
    (
        Host("v6.nordpost.example", addresses_of(12, (), _BUSY)),
        Host("both.nordpost.example", addresses_of(13, _BUSY, _BUSY)),
    ),
)

TRAFFIC: Final[dict[Destination, int]] = {
    BIG: 26,
    SECOND: 13,
    single(14, "cloudoffice.example", "one MX with many addresses", _BUSY * 2, _BUSY * 4): 12,
    single(15, "foundry.example", "IPv4 only", _BUSY, ()): 8,
    HANGS: 7,
    REJECTS: 7,
    single(16, "bank.example", "STARTTLS", (Service.TLS,), (Service.TLS,)): 6,
    IPV6_FIRST: 5,
    GREYLISTS: 3,
    single(17, "clinic.example", "IPv6 refuses connections at once", v6=_CLOSED): 3,
    single(18, "archive.example", "greets late", (Service.TARPIT,), (Service.TARPIT,)): 3,
    single(19, "museum.example", "dual-stack"): 2,
    single(20, "harbour.example", "IPv4 only", v6=()): 2,
    single(21, "gardenclub.example", "dual-stack"): 2,
    single(22, "riverside.example", "dual-stack", _BUSY, _BUSY): 2,
    DEAD: 2,
}
"""Destination -> parts of the mail that go there."""

TYPO: Final = "bigmial.example"
"""A domain that does not exist: one message in a hundred goes there."""

SENDERS: Final = ("newsletter", "billing", "support", "orders", "anna", "ben", "noreply")
RECIPIENTS: Final = ("info", "office", "carla", "dmitri", "emma", "farid", "greta", "hugo", "team", "sales")

SETTINGS: Final[dict[str, str]] = {
    "smtp_connect_timeout": "10s",  # the default of 30 s would show the same, three times as slowly
    "queue_run_delay": "20s",
    "minimal_backoff_time": "40s",
    "maximal_backoff_time": "80s",
}
"""main.cf of the demo's sender: what takes an hour elsewhere is seen within minutes."""
