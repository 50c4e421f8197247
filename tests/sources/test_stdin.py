"""Standard input from a pipe, a file, and a pipe that nobody writes to."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sources.helpers import append, numbered, numbers_in

from mxtop.sources import stdin


async def test_a_pipe_without_loss() -> None:
    script = "import sys\nfor n in range(1, 50001): print('line', n)\nsys.stdout.write('cut')"
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    batches = [batch async for batch in stdin.batches(writer.stdout.fileno())]
    writer.wait()
    text = "".join(batch.text for batch in batches)
    assert batches[-1].text == "cut"
    assert numbers_in(text.removesuffix("cut")) == list(range(1, 50_001))


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_file(tmp_path: Path, asynchronous: bool) -> None:
    append(tmp_path / "log", range(5000))
    with (tmp_path / "log").open("a") as file:
        file.write("cut")
    with (tmp_path / "log").open() as file:
        if asynchronous:
            batches = [batch async for batch in stdin.batches(file.fileno())]
        else:
            batches = list(stdin.read(file.fileno()))
    assert "".join(batch.text for batch in batches) == numbered(range(5000)) + "cut"


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_what_gzip_packed(tmp_path: Path, asynchronous: bool) -> None:
    packed = gzip.compress(f"{numbered(range(5000))}cut".encode())
    for data, gap in ((packed, ""), (packed[:-9], "standard input: damaged (it ends too early)")):
        (tmp_path / "log").write_bytes(data)
        with (tmp_path / "log").open() as file:
            if asynchronous:
                batches = [batch async for batch in stdin.batches(file.fileno())]
            else:
                batches = list(stdin.read(file.fileno()))
        assert "".join(batch.text for batch in batches) == f"{numbered(range(5000))}cut"
        assert batches[-1].gap == gap


async def test_what_came_is_handed_out_at_once() -> None:
    reading, writing = os.pipe()
    source = stdin.batches(reading)
    os.write(writing, b"one\ntw")
    assert (await anext(source)).text == "one\n"
    waiting = asyncio.ensure_future(anext(source))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    os.write(writing, b"o\n")
    assert (await waiting).text == "two\n"
    os.close(writing)
    assert [batch async for batch in source] == []
    os.close(reading)


def test_a_silent_pipe_does_not_hold_up_the_end() -> None:
    script = (
        "import asyncio, contextlib\n"
        "from mxtop.sources import stdin\n"
        "async def main():\n"
        "    with contextlib.suppress(TimeoutError):\n"
        "        async with asyncio.timeout(0.2):\n"
        "            async for batch in stdin.batches(): pass\n"
        "asyncio.run(main())\n"
    )
    reading, writing = os.pipe()
    subprocess.run([sys.executable, "-c", script], stdin=reading, timeout=10, check=True)
    assert os.get_blocking(reading)
    os.close(reading)
    os.close(writing)
