"""Routes are those of trivial-rewrite(8), which is asked itself."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.postfix.instances import instance, needs_postfix, resolved

from mxtop.hosts.local import LocalHost
from mxtop.mail.settings import Route
from mxtop.postfix import settings
from mxtop.postfix.destination import parse
from mxtop.postfix.nexthop import Choice, finished, route

pytestmark = needs_postfix
host = LocalHost()


async def routed(
    directory: Path, destination: str, main: dict[str, str] | None = None, **files: str
) -> Route:
    main = {name: value.replace("DIR", str(directory)) for name, value in (main or {}).items()}
    where = instance(directory, main, **files)
    return await route(host, await settings.read(host, where), destination)


async def test_plain(tmp_path: Path) -> None:
    got = await routed(tmp_path, "Example.ORG.")
    assert got == Route(
        destination="example.org",
        transport="smtp",
        next_hops=("example.org",),
        source="recipient domain",
    )


async def test_relayhost_and_fallback(tmp_path: Path) -> None:
    main = {"relayhost": "[relay.example]:587, [other.example]", "smtp_fallback_relay": "fall.example"}
    got = await routed(tmp_path, "u@example.org", main)
    assert (got.next_hops, got.fallback) == (("[relay.example]:587", "[other.example]"), ("fall.example",))
    assert got.source == "relayhost"


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("[mail.example]:587", "[mail.example]:587"),
        ("mail.example:26", "mail.example:26"),
        ("[2001:db8::1]:25", "[2001:db8::1]:25"),
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[2001:db8::1]"),
    ],
)
async def test_a_next_hop_is_used_as_it_is(tmp_path: Path, text: str, hop: str) -> None:
    got = await routed(tmp_path, text, {"relayhost": "[relay.example]"})
    assert (got.next_hops, got.source) == ((hop,), "as given")


@pytest.mark.parametrize("text", ["", "a b", "u@", "u@a..b", "2001:db8::g", "x\ny", "-oops"])
async def test_not_a_destination(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError):
        await routed(tmp_path, text)


async def test_international_names_become_a_labels(tmp_path: Path) -> None:
    assert (await routed(tmp_path, "bücher.example")).next_hops == ("xn--bcher-kva.example",)


async def test_lmtp_means_the_host_itself_but_for_srv(tmp_path: Path) -> None:
    moved = "{one.example=lmtp:inet:store.example:lmtp},{two.example=lmtp:store.example}"
    known = await settings.read(host, instance(tmp_path, {"transport_maps": f"inline:{{{moved}}}"}))
    assert (await route(host, known, "one.example")).next_hops == ("[store.example]:lmtp",)
    lmtp = replace(known.transports["lmtp"], use_srv_lookup=("lmtp",))  # which Postfix 3.7 does not have
    known = replace(known, transports={**known.transports, "lmtp": lmtp})
    assert (await route(host, known, "one.example")).next_hops == ("store.example:lmtp",)
    assert (await route(host, known, "two.example")).next_hops == ("[store.example]",), "port 24 by default"


TRANSPORT = """\
u@one.example    smtp:[user.example]
one.example      relay:[one-hop.example]:2525
.two.example     :[two-hop.example]
three.example    smtp:
four.example     error:5.1.1 gone away
five.example     discard:
six.example      lmtp:unix:/run/lmtp.sock
seven.example    lmtp:inet:[192.0.2.7]:2003
eight.example    :
nine.example     smtp:[n1.example],[n2.example]:26
"""


@pytest.mark.parametrize(
    ("destination", "transport", "hops", "source"),
    [
        ("u@one.example", "smtp", ("[user.example]",), "transport_maps"),
        ("u+ext@one.example", "smtp", ("[user.example]",), "transport_maps"),
        ("v@one.example", "relay", ("[one-hop.example]:2525",), "transport_maps"),
        ("one.example", "relay", ("[one-hop.example]:2525",), "transport_maps"),
        ("sub.one.example", "smtp", ("[relay.example]",), "relayhost"),
        ("two.example", "smtp", ("[relay.example]",), "relayhost"),
        ("a.b.two.example", "smtp", ("[two-hop.example]",), "transport_maps"),
        ("three.example", "smtp", ("three.example",), "transport_maps"),
        ("four.example", "error", (), "transport_maps"),
        ("five.example", "discard", (), "transport_maps"),
        ("six.example", "lmtp", (), "transport_maps"),
        ("seven.example", "lmtp", ("[192.0.2.7]:2003",), "transport_maps"),
        ("eight.example", "smtp", ("[relay.example]",), "relayhost"),
        ("nine.example", "smtp", ("[n1.example]", "[n2.example]:26"), "transport_maps"),
    ],
)
@pytest.mark.parametrize("kind", ["texthash", "hash"])
async def test_transport_maps(
    tmp_path: Path, kind: str, destination: str, transport: str, hops: tuple[str, ...], source: str
) -> None:
    main = {
        "relayhost": "[relay.example]",
        "recipient_delimiter": "+",
        "transport_maps": f"proxy:{kind}:DIR/transport",
    }
    instance(tmp_path, transport=TRANSPORT)
    if kind == "hash":
        await host.run(["postmap", "-c", str(tmp_path), f"hash:{tmp_path}/transport"])
        os.unlink(tmp_path / "transport")
        got = await routed(tmp_path, destination, main)
    else:
        got = await routed(tmp_path, destination, main, transport=TRANSPORT)
    assert (got.transport, got.next_hops, got.source) == (transport, hops, source)
    assert bool(got.reason) == (not hops)


async def test_wildcard_and_parent_style(tmp_path: Path) -> None:
    main = {"transport_maps": "texthash:DIR/t", "parent_domain_matches_subdomains": "transport_maps"}
    table = "two.example :[two-hop.example]\n* :[star.example]\n"
    assert (await routed(tmp_path, "a.two.example", main, t=table)).next_hops == ("[two-hop.example]",)
    assert (await routed(tmp_path, "b.example", main, t=table)).next_hops == ("[star.example]",)


async def test_pattern_tables_see_whole_addresses(tmp_path: Path) -> None:
    main = {"transport_maps": "regexp:DIR/t"}
    table = "/^[^@]+@.*two\\.example$/ smtp:[re.example]\n/^\\.example$/ smtp:[wrong.example]\n"
    assert (await routed(tmp_path, "a.two.example", main, t=table)).next_hops == ("[re.example]",)
    assert (await routed(tmp_path, "b.example", main, t=table)).next_hops == ("b.example",)


@pytest.mark.parametrize(
    ("domain", "transport"),
    [
        ("mx1.example", "local"),
        ("u@[192.0.2.55]", "local"),
        ("alias.example", "error"),
        ("mailbox.example", "virtual"),
        ("in.relay.example", "relay"),
        ("other.example", "smtp"),
    ],
)
async def test_classes(tmp_path: Path, domain: str, transport: str) -> None:
    main = {
        "mydestination": "$myhostname",
        "proxy_interfaces": "192.0.2.55",
        "virtual_alias_domains": "DIR/aliases",
        "virtual_mailbox_domains": "texthash:DIR/mailboxes",
        "relay_domains": "!out.relay.example, .relay.example",
        "parent_domain_matches_subdomains": "",
    }
    files = {"aliases": "# none\nalias.example\n", "mailboxes": "mailbox.example x\n"}
    assert (await routed(tmp_path, domain, main, **files)).transport == transport


@pytest.mark.parametrize(
    ("recipient", "moved"),
    [
        ("u@a.example", "new@b.example"),
        ("u+x@a.example", "new@b.example"),
        ("t+x@a.example", "tx@b.example"),
        ("v@a.example", None),
        ("w@gone.example", "nowhere"),
        ("w@sub.gone.example", None),
    ],
)
async def test_who_has_moved_as_trivial_rewrite_says(
    tmp_path: Path, recipient: str, moved: str | None
) -> None:
    main = {"relocated_maps": f"texthash:{tmp_path}/r", "recipient_delimiter": "+"}
    table = "u@a.example new@b.example\nt+x@a.example tx@b.example\n@gone.example nowhere\n"
    where = instance(tmp_path, main, r=table)
    got = await route(host, await settings.read(host, where), recipient)
    transport, hop = resolved(where, "s@x.example", recipient)
    assert got.transport == transport == ("smtp" if moved is None else "error")
    if moved is not None:
        assert (got.next_hops, got.source) == ((), "relocated_maps")
        assert hop.endswith(f"has moved to {moved}")
        assert moved in got.reason


async def test_of_a_domain_only_that_all_of_it_moved_can_be_told(tmp_path: Path) -> None:
    main = {"relocated_maps": "texthash:DIR/r"}
    table = "u@a.example new@b.example\n@gone.example nowhere\n"
    assert (await routed(tmp_path, "a.example", main, r=table)).transport == "smtp"
    assert (await routed(tmp_path, "gone.example", main, r=table)).transport == "error"


async def test_lists_of_next_hops_came_with_three_five(tmp_path: Path) -> None:
    known = await settings.read(host, instance(tmp_path, {"relayhost": "one.example, two.example"}))
    for version in ("3.5.0", "3.7.11", "3.11.6"):
        got = await route(host, replace(known, mail_version=version), "example.org")
        assert got.next_hops == ("one.example", "two.example")
    old = await route(host, replace(known, mail_version="3.4.29"), "example.org")
    assert old.next_hops == ()
    assert "refuses its next hop" in old.reason


async def test_a_table_that_cannot_be_asked(tmp_path: Path) -> None:
    got = await routed(tmp_path, "example.org", {"transport_maps": "hash:DIR/none"})
    assert (got.transport, got.next_hops) == ("", ())
    assert "No such file" in got.reason


async def test_a_next_hop_that_smtp_refuses(tmp_path: Path) -> None:
    got = await routed(tmp_path, "example.org", {"relayhost": "2001:db8::1"})
    assert (got.transport, got.next_hops) == ("smtp", ())
    assert "brackets" in got.reason


SENDERS = {
    "sender_dependent_relayhost_maps": "texthash:DIR/relayhosts",
    "sender_dependent_default_transport_maps": "texthash:DIR/transports",
    "relayhost": "[relay.example]",
}
RELAYHOSTS = "a@one.example [a.example]\n@one.example [one.example]\nq@two.example DUNNO\n"
TRANSPORTS = "@two.example relay:\n"


async def test_senders(tmp_path: Path) -> None:
    got = await routed(tmp_path, "example.org", SENDERS, relayhosts=RELAYHOSTS, transports=TRANSPORTS)
    assert got.by_sender
    assert got.next_hops == ("[relay.example]",)
    assert {who: (case.transport, case.next_hops) for who, case in got.cases} == {
        "a@one.example": ("smtp", ("[a.example]",)),
        "@one.example": ("smtp", ("[one.example]",)),
        "q@two.example": ("relay", ("[relay.example]",)),
        "@two.example": ("relay", ("[relay.example]",)),
    }
    assert "sender" in got.reason


async def test_transport_maps_leave_senders_no_say(tmp_path: Path) -> None:
    main = {**SENDERS, "transport_maps": "inline:{example.org=smtp:[t.example]}"}
    got = await routed(tmp_path, "example.org", main, relayhosts=RELAYHOSTS, transports=TRANSPORTS)
    assert (got.by_sender, got.next_hops) == (False, ("[t.example]",))


async def test_senders_that_cannot_be_listed(tmp_path: Path) -> None:
    main = {"sender_dependent_relayhost_maps": "regexp:DIR/r"}
    got = await routed(tmp_path, "example.org", main, r="/@one/ [one.example]\n")
    assert (got.by_sender, got.cases) == (True, ())
    assert "regexp:" in got.reason


names = st.sampled_from(["a.example", "b.a.example", "c.b.a.example", "d.example", "mx1.example"])
keys = st.one_of(
    names,
    names.map(lambda name: f".{name}"),
    names.map(lambda name: f"u@{name}"),
    st.sampled_from(["*", "example", ".example"]),
)
entries = st.sampled_from(
    [":", "smtp:", "relay:", ":[h.example]", "smtp:[h.example]:26", "error:", "local:x", "smtp:h.example"]
)
relays = st.sampled_from(["[r.example]", "r.example:587", "DUNNO"])
senders = st.sampled_from(["s@a.example", "t+x@a.example", "s@d.example", "t@d.example"])
tables = st.dictionaries(keys, entries, max_size=4)


def text(table: dict[str, str]) -> str:
    return "".join(f"{key}\t{value}\n" for key, value in table.items())


@given(
    transport=tables,
    relayhosts=st.dictionaries(
        st.one_of(senders, st.sampled_from(["@a.example", "@d.example", "t@a.example"])), relays, max_size=3
    ),
    transports=st.dictionaries(
        senders, st.sampled_from(["relay", "smtp:[x.example]", "DUNNO", "lmtp:"]), max_size=2
    ),
    relayhost=st.sampled_from(["", "[relay.example]", "relay.example:587"]),
    default=st.sampled_from(["smtp", "relay:[def.example]", "error:no"]),
    relay_domains=st.lists(st.one_of(names, st.sampled_from([".example", "!d.example"])), max_size=2),
    parents=st.sampled_from(["", "transport_maps", "relay_domains", "relay_domains,transport_maps"]),
    sender=senders,
    recipient=st.tuples(st.sampled_from(["u", "u+x", "v"]), names).map("@".join),
)
@hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
async def test_as_trivial_rewrite(
    tmp_path_factory: pytest.TempPathFactory,
    transport: dict[str, str],
    relayhosts: dict[str, str],
    transports: dict[str, str],
    relayhost: str,
    default: str,
    relay_domains: list[str],
    parents: str,
    sender: str,
    recipient: str,
) -> None:
    directory = tmp_path_factory.mktemp("pf")
    main = {
        "recipient_delimiter": "+",
        "transport_maps": f"texthash:{directory}/t",
        "sender_dependent_relayhost_maps": f"texthash:{directory}/r",
        "sender_dependent_default_transport_maps": f"texthash:{directory}/x",
        "relayhost": relayhost,
        "default_transport": default,
        "relay_domains": ", ".join(relay_domains),
        "parent_domain_matches_subdomains": parents,
    }
    where = instance(directory, main, t=text(transport), r=text(relayhosts), x=text(transports))
    read = await settings.read(host, where)
    got = await route(host, read, recipient)
    user, _, domain = sender.partition("@")
    for who in (sender, f"{user.partition('+')[0]}@{domain}", f"@{domain}"):
        if who in dict(got.cases):
            got = dict(got.cases)[who]
            break
    expected = finished(read, parse(recipient), Choice(*resolved(where, sender, recipient), got.source))
    assert replace(got, by_sender=False, cases=(), reason="") == replace(expected, reason="")
