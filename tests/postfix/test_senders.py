"""Senders with a way of their own, from tables that can be listed."""

from pathlib import Path

from tests.postfix.instances import instance, needs_postfix

from mxtop.hosts.local import LocalHost
from mxtop.mail.settings import Settings
from mxtop.postfix.senders import MAX_CASES, RELAYHOSTS, TRANSPORTS, Senders, known
from mxtop.postfix.tables import Tables

pytestmark = needs_postfix


async def asked(
    directory: Path, default_class: bool = True, origin: str = "here.example", **files: str
) -> Senders:
    tables = Tables(LocalHost(), instance(directory, **files))
    names = {"x": TRANSPORTS, "r": RELAYHOSTS}
    values = {names[name]: f"texthash:{directory}/{name}" for name in files if name in names}
    settings = Settings(
        values={**values, "recipient_delimiter": "+", "myorigin": origin},
        local_domains=("mx1.example",),
    )
    return await known(tables, settings, default_class=default_class)


async def test_none(tmp_path: Path) -> None:
    assert await asked(tmp_path) == Senders()


async def test_search_order(tmp_path: Path) -> None:
    got = await asked(
        tmp_path,
        r="a@one.example A\n@one.example ONE\nb DUNNO\nc C\n<> NULL\n",
        x="a+x@one.example X\nb@here.example dunno\nc@mx1.example Y\n@one.example Z\n",
    )
    assert got.parameters == (TRANSPORTS, RELAYHOSTS)
    assert set(got.cases) == {
        ("a@one.example", "Z", "A"),
        ("a+x@one.example", "X", "A"),
        ("@one.example", "Z", "ONE"),
        ("b", None, None),
        ("c", None, "C"),
        ("b@here.example", None, None),
        ("c@mx1.example", "Y", "C"),
        ("<>", None, "NULL"),
    }


async def test_the_origin_is_read_from_its_file_where_there_are_tables(tmp_path: Path) -> None:
    file = str(tmp_path / "mailname")
    entries = {"r": "b B\n", "x": "b@here.example X\n"}
    got = await asked(tmp_path, origin=file, mailname="Here.example\n", **entries)
    assert got.cases == (("b", None, "B"), ("b@here.example", "X", "B"))
    (tmp_path / "mailname").unlink()
    assert await asked(tmp_path, origin=file) == Senders()


async def test_relay_domains_have_no_transport_by_sender(tmp_path: Path) -> None:
    got = await asked(tmp_path, default_class=False, x="a@one.example X\n")
    assert got == Senders()


async def test_too_many(tmp_path: Path) -> None:
    table = "".join(f"u{number}@one.example R\n" for number in range(MAX_CASES))
    assert len((await asked(tmp_path, r=table)).cases) == MAX_CASES
    more = await asked(tmp_path, r=f"{table}one@more.example R\n")
    assert (more.cases, "too many" in more.problem) == ((), True)
