"""Lists of domains, as match_list.c reads them."""

from pathlib import Path

import pytest
from tests.postfix.instances import instance, needs_postfix

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.matchlist import above, matches
from mxtop.postfix.tables import Tables

host = LocalHost()


async def listed(patterns: str, domain: str, subdomains: bool = False, parents: bool = False) -> bool:
    tables = Tables(host, "/nonexistent")
    return await matches(host, tables, patterns, domain, subdomains=subdomains, parents=parents)


async def test_names() -> None:
    assert await listed("a.example, B.example", "b.example")
    assert not await listed("a.example", "x.a.example")
    assert not await listed("", "a.example")


async def test_the_first_match_decides() -> None:
    assert not await listed("!a.example, a.example", "a.example")
    assert await listed("a.example, !a.example", "a.example")


async def test_subdomains() -> None:
    assert await listed(".a.example", "x.y.a.example", subdomains=True)
    assert not await listed(".a.example", "a.example", subdomains=True)
    assert not await listed("a.example", "x.a.example", subdomains=True)
    assert await listed("a.example", "x.a.example", subdomains=True, parents=True)
    assert not await listed("a.example", "xa.example", subdomains=True, parents=True)


async def test_files(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("# not this.example\nb.example c.example\n")
    outer.write_text(f"a.example\n!{inner}\nall.example\n")
    assert await listed(str(outer), "a.example")
    assert not await listed(f"{outer}, b.example", "b.example")
    with pytest.raises(CommandFailed, match="No such file"):
        await listed(f"{tmp_path}/none", "a.example")
    outer.write_text(str(outer))
    with pytest.raises(CommandFailed, match="too many"):
        await listed(str(outer), "a.example")


@needs_postfix
async def test_tables(tmp_path: Path) -> None:
    tables = Tables(host, instance(tmp_path, t="a.example x\n.b.example x\n"))
    patterns = f"texthash:{tmp_path}/t"
    assert await matches(host, tables, patterns, "a.example")
    assert not await matches(host, tables, patterns, "x.b.example")
    assert await matches(host, tables, patterns, "x.b.example", subdomains=True)


def test_above() -> None:
    assert above("a.b.c", parents=False) == [".b.c", ".c"]
    assert above("a.b.c", parents=True) == ["b.c", "c"]
