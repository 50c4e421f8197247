"""The zone of a machine: its zone file, else the offset that its date(1) says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mxtop.hosts.base import Completed
from mxtop.hosts.errors import HostDown
from mxtop.hosts.local import LocalHost
from mxtop.hosts.zone import zone
from mxtop.mail.errors import CommandFailed


class Machine(LocalHost):
    def __init__(self, file: bytes | Exception, date: str | Exception = "") -> None:
        super().__init__("there")
        self.file, self.date = file, date

    async def read_file(self, path: str, *, limit: int = 1024 * 1024) -> bytes:
        assert path == "/etc/localtime"
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        assert argv == ["date", "+%z"]
        if isinstance(self.date, Exception):
            raise self.date
        return Completed(tuple(argv), 0, self.date.encode(), b"", 0.0)


async def test_the_rule_in_its_file() -> None:
    assert await zone(Machine(b"TZif2\nJST-9\n", CommandFailed("not asked"))) == "JST-9"


@pytest.mark.parametrize("file", [FileNotFoundError(), PermissionError(), b"", b"TZif2\nnonsense\n"])
async def test_without_it_the_offset_of_now(file: bytes | Exception) -> None:
    assert await zone(Machine(file, "+0545\n")) == "<+0545>-05:45"
    assert await zone(Machine(file, "-0330\n")) == "<-0330>+03:30"
    assert await zone(Machine(file, "EST\n")) == ""
    assert await zone(Machine(file, CommandFailed("no date"))) == ""


async def test_a_lost_host_says_so() -> None:
    with pytest.raises(HostDown):
        await zone(Machine(HostDown("gone")))
    with pytest.raises(HostDown):
        await zone(Machine(FileNotFoundError(), HostDown("gone")))
