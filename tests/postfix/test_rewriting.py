"""Recipients through real tables, asked by postmap(1), as virtual(5) and canonical(5) tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.postfix.instances import instance, needs_postfix

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.postfix import settings
from mxtop.postfix.nexthop import route
from mxtop.postfix.rewriting import Rewritten, rewritten
from mxtop.postfix.tables import Tables
from mxtop.route.predict import predict_route, undeliverable

pytestmark = needs_postfix
host = LocalHost()

VIRTUAL = """\
info@va.example      bob@dual.example
two@va.example       a@x.example, "b, c"@y.example
chain@va.example     info@va.example
keep@va.example      keep@va.example two@va.example
round@va.example     trip@va.example
trip@va.example      round@va.example
@catch.example       @dual.example
here                 far@away.example
bare@va.example      root
"""
MAIN = {
    "virtual_alias_domains": "va.example, catch.example",
    "virtual_alias_maps": "texthash:DIR/virtual",
    "canonical_maps": "inline:{{old@org.example=new@org.example},{one@org.example=info@va.example}}",
    "recipient_canonical_maps": "inline:{{@was.example=@is.example}}",
    "recipient_delimiter": "+",
    "mydestination": "mx1.example",
    "myorigin": "DIR/mailname",
}


async def read(directory: Path, **main: str) -> settings.Settings:
    values = {name: value.replace("DIR", str(directory)) for name, value in {**MAIN, **main}.items()}
    where = instance(directory, values, virtual=VIRTUAL, mailname="mx1.example\n")
    return await settings.read(host, where)


async def test_the_origin_is_read_from_its_file_for_canonical_maps_alone_too(tmp_path: Path) -> None:
    maps = "inline:{{here=there},{u@org.example=bare}}"
    known = await read(tmp_path, virtual_alias_maps="", canonical_maps=maps, mydestination="")
    tables = Tables(host, known.config_directory)
    got = await rewritten(host, tables, known, "u@org.example")
    assert got == Rewritten(("bare@mx1.example",), ("canonical_maps",))
    got = await rewritten(host, tables, known, "here@mx1.example")
    assert got == Rewritten(("there@mx1.example",), ("canonical_maps",))


async def test_the_origin_is_not_read_where_nothing_needs_it(tmp_path: Path) -> None:
    none = {"virtual_alias_maps": "", "canonical_maps": "", "recipient_canonical_maps": ""}
    known = await read(tmp_path, **none, myorigin="/no/such/file")
    got = await rewritten(host, Tables(host, known.config_directory), known, "u@org.example")
    assert got == Rewritten(("u@org.example",))


@pytest.mark.parametrize(
    ("address", "becomes", "by"),
    [
        ("u@elsewhere.example", ["u@elsewhere.example"], ()),
        ("info@va.example", ["bob@dual.example"], ("virtual_alias_maps",)),
        ("Info+x@VA.example", ["bob@dual.example"], ("virtual_alias_maps",)),
        ("two@va.example", ["a@x.example", '"b, c"@y.example'], ("virtual_alias_maps",)),
        ("chain@va.example", ["bob@dual.example"], ("virtual_alias_maps",)),
        (
            "keep@va.example",
            ["keep@va.example", "a@x.example", '"b, c"@y.example'],
            ("virtual_alias_maps",),
        ),
        ("round@va.example", ["round@va.example"], ()),
        ("any@catch.example", ["any@dual.example"], ("virtual_alias_maps",)),
        ("here@mx1.example", ["far@away.example"], ("virtual_alias_maps",)),
        ("here@elsewhere.example", ["here@elsewhere.example"], ()),
        ("bare@va.example", ["root@mx1.example"], ("virtual_alias_maps",)),
        ("old@org.example", ["new@org.example"], ("canonical_maps",)),
        ("one@org.example", ["bob@dual.example"], ("canonical_maps", "virtual_alias_maps")),
        ("u@was.example", ["u@is.example"], ("recipient_canonical_maps",)),
    ],
)
async def test_what_becomes_of_an_address(
    tmp_path: Path, address: str, becomes: list[str], by: tuple[str, ...]
) -> None:
    known = await read(tmp_path)
    found = await rewritten(host, Tables(host, known.config_directory), known, address)
    assert found == Rewritten(tuple(becomes), by)


async def test_too_many_addresses(tmp_path: Path) -> None:
    known = await read(tmp_path, virtual_alias_maps="regexp:DIR/grow")
    (tmp_path / "grow").write_text("/^(.*)@grow.example$/ x$1@grow.example\n")
    with pytest.raises(CommandFailed, match="more than 100 addresses"):
        await rewritten(host, Tables(host, known.config_directory), known, "a@grow.example")


async def test_the_route_is_that_of_what_the_address_becomes(tmp_path: Path) -> None:
    known = await read(tmp_path)
    got = await route(host, known, "info@va.example")
    assert (got.destination, got.transport, got.next_hops) == ("dual.example", "smtp", ("dual.example",))
    assert got.rewritten == "virtual_alias_maps: info@va.example becomes bob@dual.example"


async def test_several_addresses_with_one_route_and_with_several(tmp_path: Path) -> None:
    known = await read(tmp_path, relayhost="[relay.example]")
    assert (await route(host, known, "two@va.example")).next_hops == ("[relay.example]",)
    known = await read(tmp_path / "other", virtual_alias_maps=f"texthash:{tmp_path}/virtual")
    got = await route(host, known, "two@va.example")
    assert [(who, one.next_hops) for who, one in got.cases] == [
        ("a@x.example", ("x.example",)),
        ('"b, c"@y.example', ("y.example",)),
    ]
    told = predict_route(known, got, [])
    assert (told.status, undeliverable(told)) == ("several", False)
    assert told.why.endswith('a@x.example goes to x.example; "b, c"@y.example goes to y.example.')


async def test_a_virtual_alias_domain_itself_and_an_unknown_user(tmp_path: Path) -> None:
    known = await read(tmp_path)
    told = predict_route(known, await route(host, known, "va.example"), [])
    assert (told.status, undeliverable(told)) == ("virtual_alias", False)
    assert told.why.startswith("va.example is a virtual alias domain: each address goes where")
    told = predict_route(known, await route(host, known, "nobody@va.example"), [])
    assert (told.status, undeliverable(told)) == ("error", True)


async def test_what_cannot_be_asked_is_not_called_known(tmp_path: Path) -> None:
    known = await read(tmp_path, transport_maps="hash:DIR/none")
    told = predict_route(known, await route(host, known, "example.org"), [])
    assert (told.status, undeliverable(told)) == ("unknown", True)
    assert told.why.startswith("Where mail for example.org goes is not known: ")
    assert "No such file" in told.why


async def test_a_next_hop_that_smtp_refuses_is_said(tmp_path: Path) -> None:
    known = await read(tmp_path, relayhost="2001:db8::1")
    told = predict_route(known, await route(host, known, "example.org"), [])
    assert (told.status, undeliverable(told)) == ("bad_next_hop", True)
    assert "needs brackets: [2001:db8::1]" in told.why


async def test_lmtp_to_a_socket_is_not_smtp(tmp_path: Path) -> None:
    known = await read(tmp_path, transport_maps="inline:{{s.example=lmtp:unix:/run/lmtp.sock}}")
    told = predict_route(known, await route(host, known, "s.example"), [])
    assert (told.status, told.why) == ("not_smtp", "LMTP to the UNIX-domain socket /run/lmtp.sock.")
