"""Tables, asked of the real postmap."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.postfix.instances import instance, needs_postfix

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.tables import Key, Tables, is_pattern, split, without_extension


def tables(directory: Path, **files: str) -> Tables:
    return Tables(LocalHost(), instance(directory, **files))


@needs_postfix
async def test_keys_before_tables(tmp_path: Path) -> None:
    asked = tables(tmp_path, one="b first\n", two="a second\nb third\n")
    maps = f"texthash:{tmp_path}/one, texthash:{tmp_path}/two"
    assert await asked.first(maps, [Key("a"), Key("b")]) == "second"
    assert await asked.first(maps, [Key("x"), Key("b")]) == "first"
    assert await asked.first(maps, [Key("x")]) is None
    assert await asked.first("", [Key("x")]) is None


@needs_postfix
async def test_a_failure_counts_only_where_it_comes_first(tmp_path: Path) -> None:
    asked = tables(tmp_path, one="a found\n")
    assert await asked.first(f"texthash:{tmp_path}/one, hash:{tmp_path}/none", [Key("a")]) == "found"
    with pytest.raises(CommandFailed, match="No such file"):
        await asked.first(f"texthash:{tmp_path}/one, hash:{tmp_path}/none", [Key("b")])


@needs_postfix
async def test_keys_are_never_arguments(tmp_path: Path) -> None:
    asked = tables(tmp_path, one="-v@x.example found\n")
    assert await asked.first(f"texthash:{tmp_path}/one", [Key("-v@x.example")]) == "found"


@needs_postfix
async def test_listed(tmp_path: Path) -> None:
    asked = tables(tmp_path, one="a 1\nb two words\n", two="a 9\nc 3\n")
    maps = f"texthash:{tmp_path}/one, proxy:texthash:{tmp_path}/two"
    assert await asked.listed(maps) == {"a": "1", "b": "two words", "c": "3"}
    assert await asked.listed("static:x") is None
    assert await asked.listed(f"regexp:{tmp_path}/one") is None


def test_kinds() -> None:
    assert split("proxy:hash:/a, {x}") == ("hash:/a", "{x}")
    assert is_pattern("regexp:/a")
    assert is_pattern("pipemap:{hash:/a, pcre:/b}")
    assert not is_pattern("hash:/etc/regexp:x")
    assert not Key("x", "indexed").suits("pcre:/a")
    assert Key("x", "pattern").suits("cidr:/a")
    assert not Key("x", "pattern").suits("hash:/a")


@pytest.mark.parametrize(
    ("local_part", "delimiters", "bare"),
    [
        ("u+x", "+", "u"),
        ("u-x+y", "+-", "u"),
        ("u", "+", None),
        ("+u", "+", None),
        ("u+x", "", None),
        ("MAILER-DAEMON", "-", None),
    ],
)
def test_extensions(local_part: str, delimiters: str, bare: str | None) -> None:
    assert without_extension(local_part, delimiters) == bare


@given(st.text(max_size=20), st.text(alphabet="+-=^]", max_size=3))
def test_extensions_of_anything(local_part: str, delimiters: str) -> None:
    bare = without_extension(local_part, delimiters)
    assert bare is None or (local_part.startswith(bare) and local_part[len(bare)] in delimiters)
