"""Random destinations and SMTP clients, for the simulator and for mxtop.route alike."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.route import simulator
from tests.route.worlds import v4, v6

from mxtop.mail.answer import Address, Answer, MxHost
from mxtop.mail.settings import PREFERENCES, Transport
from mxtop.route.features import Features
from mxtop.route.site import Site, resolve


@st.composite
def worlds(draw: st.DrawFn, entries: int = 6) -> tuple[list[simulator.Host], simulator.Client]:
    hosts: list[simulator.Host] = []
    left = draw(st.integers(1, entries))
    while left > 0 and len(hosts) < 4:
        ipv4, ipv6 = draw(st.integers(0, min(left, 3))), draw(st.integers(0, 3))
        ipv6 = min(ipv6, left - ipv4)
        left -= max(ipv4 + ipv6, 1)
        n = len(hosts)
        twin = draw(st.booleans())  # the same address behind two names stays two entries
        hosts.append(
            simulator.Host(
                f"mx{n}.example",
                draw(st.sampled_from([5, 10, 20])),
                [v4(i if twin else 10 * n + i) for i in range(ipv4)],
                [v6(i if twin else 10 * n + i) for i in range(ipv6)],
                draw(st.integers(0, 3)),
            )
        )
    addresses = [address for each in hosts for address in (*each.a, *each.aaaa)]
    own = draw(st.none() | st.sampled_from(addresses)) if addresses else None
    client = simulator.Client(
        preference=draw(st.sampled_from(PREFERENCES)),
        families=draw(st.sampled_from([("ipv4", "ipv6"), ("ipv6", "ipv4"), ("ipv4",), ("ipv6",)])),
        limit=draw(st.integers(0, 6)),
        balance=draw(st.booleans()),
        randomize=draw(st.booleans()),
        own=frozenset([own]) if own else frozenset(),
    )
    return hosts, client


def ours(
    hosts: list[simulator.Host], client: simulator.Client, mode: str, rules: Features
) -> tuple[Site, Transport]:
    transport = Transport(
        inet_protocols=client.families,
        smtp_address_preference=client.preference,
        smtp_mx_address_limit=client.limit,
        smtp_balance_inet_protocols=client.balance,
        smtp_randomize_addresses=client.randomize,
    )
    answer = Answer(
        name="example.org",
        mode=mode,  # type: ignore[arg-type]
        mx_status=None if mode == "host" else "ok",
        hosts=tuple(
            MxHost(
                preference=each.pref,
                host=each.name,
                weight=each.weight,
                ipv4="ok" if each.a else "nodata",
                ipv6="ok" if each.aaaa else "nodata",
                addresses=(*(Address(x, "ipv4") for x in each.a), *(Address(x, "ipv6") for x in each.aaaa)),
            )
            for each in hosts
        ),
    )
    return resolve(answer, transport, client.own, rules, loop_detect=True), transport
