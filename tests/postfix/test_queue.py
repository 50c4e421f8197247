"""Queue counts from what four versions print."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.postfix.fakes import captured, fake_commands

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.mail.snapshot import QueueCounts
from mxtop.postfix.queue import counts

host = LocalHost()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def script(directory: Path, text: str) -> None:
    path = directory / "postqueue"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "queue", "expected"),
    [
        ("3.5.27", "held", QueueCounts(3, 36, 0, 2, 0)),
        ("3.7.11", "held", QueueCounts(4, 36, 0, 2, 0)),
        ("3.11.6", "held", QueueCounts(3, 36, 0, 2, 0)),
        ("3.7.11", "empty", QueueCounts(0, 0, 0, 0, 0)),
        ("2.11.11", "empty", QueueCounts(0, 0, 0, 0, None)),
        ("2.11.11", "held", QueueCounts(4, 33, 0, 2, None)),
    ],
)
async def test_captured(commands: Path, version: str, queue: str, expected: QueueCounts) -> None:
    fake_commands(commands, version, queue=queue)
    assert replace(await counts(host, "/srv/mx/etc"), trying=()) == expected


@pytest.mark.parametrize(
    ("version", "queue", "expected"),
    [
        (
            "3.7.11",
            "active",
            (
                "allblack",
                "badproto",
                "selfmx",
                "tardata",
                "tardot",
                "tarehlo",
                "tarmail",
                "tarpit",
                "tarrcpt",
            ),
        ),
        ("3.7.11", "empty", ()),
        ("2.11.11", "held", ()),
    ],
)
async def test_the_domains_of_active_messages(
    commands: Path, version: str, queue: str, expected: tuple[str, ...]
) -> None:
    fake_commands(commands, version, queue=queue)
    assert (await counts(host)).trying == tuple(f"{name}.example" for name in expected)


async def test_many_active_domains_are_a_sample(commands: Path) -> None:
    line = (
        '{"queue_name": "active", "recipients": [{"address": "a@D%s.example"}, {"address": "b@x.example"}]}'
    )
    script(commands, f"for i in $(seq 5000); do printf '{line}\\n' $i; done")
    trying = (await counts(host)).trying
    assert len(trying) == 100
    assert set(trying) < {f"d{i}.example" for i in range(1, 5001)} | {"x.example"}


@pytest.mark.parametrize("version", ["3.5.27", "3.7.11", "3.11.6"])
@pytest.mark.parametrize("queue", ["active", "held", "stopped-with-mail"])
async def test_both_forms_agree(commands: Path, version: str, queue: str) -> None:
    """The list of `-p` and the JSON of `-j` were captured a moment apart: one message may have moved."""
    fake_commands(commands, version, queue=queue)
    by_json = await counts(host)
    usage = f"{commands}/real"
    os.rename(commands / "postqueue", usage)
    script(commands, f'if [ "$1" = -j ]; then echo "usage: postqueue -f" >&2; exit 69; fi; exec {usage} "$@"')
    by_list = await counts(host)
    assert by_list.maildrop is None
    for name in ("active", "deferred", "incoming", "hold"):
        assert abs(getattr(by_json, name) - getattr(by_list, name)) <= 1, name


def test_the_captures_hold_what_they_say() -> None:
    assert captured("2.11.11", "postqueue-p-held").endswith("-- 21 Kbytes in 39 Requests.\n")


async def test_a_great_queue_in_little_memory_and_time(commands: Path) -> None:
    line = '{"queue_name": "deferred", "queue_id": "X", "recipients": [' + "x" * 400 + "]}"
    script(commands, f"yes '{line}' | head -50000")
    started = time.process_time()
    assert (await counts(host)).deferred == 50000
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("text", "code", "remedy"),
    [
        ("postqueue: fatal: User nobody(65534) is not allowed to view the mail queue", 77, "as root, or as"),
        ("postqueue: fatal: User nobody(65534) is not allowed to view the mail queue", 69, "as root, or as"),
        ("postqueue: fatal: Queue report unavailable - mail system is down", 69, "`postfix start` as root"),
        ("postqueue: fatal: -c option requires a directory", 1, "postqueue -p"),
    ],
)
async def test_refused(commands: Path, text: str, code: int, remedy: str) -> None:
    script(commands, f"echo '{text}' >&2; exit {code}")
    with pytest.raises(CommandFailed) as caught:
        await counts(host)
    assert caught.value.title == text
    assert remedy in caught.value.remedy
