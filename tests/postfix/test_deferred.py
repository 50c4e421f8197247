"""Which deferred messages are for some destinations, and asking for each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.deferred import deferred, retry

HOST = LocalHost()


def message(queue: str, queue_id: str, *recipients: str) -> str:
    told = [{"address": address, "delay_reason": "x"} for address in recipients]
    return json.dumps({"queue_name": queue, "queue_id": queue_id, "sender": "", "recipients": told})


@pytest.fixture
def postqueue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A postqueue that lists `queue` with -j, and notes what -i asks for; unknown ids are not taken."""
    path = tmp_path / "postqueue"
    path.write_text(
        '#!/bin/sh\n[ "$1 $2" = "-c /etc/postfix-out" ] || exit 64\nshift 2\n'
        f"case $1 in -j) cat {tmp_path}/queue; exit $(cat {tmp_path}/code);;\n"
        f'-i) echo "$2" >>{tmp_path}/asked\n'
        'case $2 in BAD*) echo "postqueue: fatal: no" >&2; exit 69;; esac;;\nesac\n'
    )
    path.chmod(0o755)
    (tmp_path / "code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


async def test_only_deferred_messages_for_these_destinations(postqueue: Path) -> None:
    listed = (
        message("deferred", "4A01", "a@dual.example"),
        message("active", "4A02", "a@dual.example"),
        message("deferred", "4A03", "a@other.example", "b@DUAL.example"),
        message("deferred", "4A04", "a@other.example", "dual.example"),
        message("deferred", "4A05", '"a@dual.example"@other.example'),
        "nonsense",
        message("hold", "4A06", "a@dual.example"),
    )
    (postqueue / "queue").write_text("\n".join(listed) + "\n")
    assert await deferred(HOST, "/etc/postfix-out", {"dual.example"}) == ("4A01", "4A03")
    assert await deferred(HOST, "/etc/postfix-out", {"dual.example"}, most=1) == ("4A01",)
    assert await deferred(HOST, "/etc/postfix-out", set()) == ()


async def test_a_queue_that_may_not_be_seen(postqueue: Path) -> None:
    (postqueue / "queue").write_text("")
    (postqueue / "code").write_text("77")
    with pytest.raises(CommandFailed, match="postqueue -p"):
        await deferred(HOST, "/etc/postfix-out", {"dual.example"})


async def test_each_is_asked_for_by_a_command_of_its_own(postqueue: Path) -> None:
    assert await retry(HOST, "/etc/postfix-out", ["4A01", "BAD1", "-x", "4A03"]) == 2
    assert (postqueue / "asked").read_text().split() == ["4A01", "BAD1", "4A03"]
    with pytest.raises(CommandFailed, match="fatal: no") as refused:
        await retry(HOST, "/etc/postfix-out", ["BAD1"])
    # whichever machine it is: mxtop may run on another
    assert refused.value.remedy == "retry as root, or as a user whom authorized_flush_users allows"
    assert await retry(HOST, "/etc/postfix-out", []) == 0
