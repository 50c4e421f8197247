"""myorigin as a name, as a file, and left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from mxtop.hosts.local import LocalHost
from mxtop.mail.settings import Settings
from mxtop.postfix.origin import myorigin


async def test_the_name_or_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "mailname").write_text("File.example\n")
    for value, domain in (("here.example", "here.example"), (f"{tmp_path}/mailname", "File.example")):
        assert await myorigin(LocalHost(), Settings(values={"myorigin": value})) == domain
    assert await myorigin(LocalHost(), Settings(myhostname="mx1.example")) == "mx1.example"


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await myorigin(LocalHost(), Settings(values={"myorigin": f"{tmp_path}/mailname"}))
