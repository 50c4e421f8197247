"""From the command line's choices to the sessions that are shown, and nothing loaded that is not needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mxtop.config import Config
from mxtop.hosts.errors import BadTarget
from mxtop.session.files import FilesSession
from mxtop.session.local import LocalSession
from mxtop.session.remote import RemoteSession
from mxtop.session.replay import ReplaySession
from mxtop.sources.remotetail import PAUSE
from mxtop.ui import app, start


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the screen was opened with."""
    told: dict[str, Any] = {}

    def made(session: object, **options: Any) -> None:
        told.update(options, sessions=[session, *options["others"]])

    monkeypatch.setattr(app, "MxtopApp", made)
    monkeypatch.setattr(app, "run_app", lambda _: 7)
    return told


def show(**options: Any) -> int:
    return start.show(Config(), **options)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, LocalSession),
        ({"demo": True}, ReplaySession),
        ({"recording": Path(start.demo_recording())}, ReplaySession),
        ({"files": ["/var/log/mail.log"]}, FilesSession),
        ({"hosts": ["mx1"]}, RemoteSession),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_each_choice_has_its_session_and_the_exit_code_is_the_screens(
    opened: dict[str, Any], options: dict[str, Any], kind: type
) -> None:
    assert show(**options) == 7
    assert [type(session) for session in opened["sessions"]] == [kind]


def test_the_configuration_reaches_the_screen(opened: dict[str, Any], tmp_path: Path) -> None:
    config = Config(
        directory=tmp_path, theme="mxtop-light", keys={"quit": "f10"}, interval=2.0, utc=True,
        warnings=("config.toml: no such key",),
    )  # fmt: skip
    start.show(config, read_only=True)
    assert opened["theme_name"] == "mxtop-light" and opened["keys"] == {"quit": "f10"}
    assert (opened["interval"], opened["utc"], opened["read_only"]) == (2.0, True, True)
    assert opened["theme_directories"] == (tmp_path / "themes",)
    assert opened["notices"] == ("config.toml: no such key",)


def test_nothing_is_read_only_unless_asked(opened: dict[str, Any]) -> None:
    show()
    assert opened["read_only"] is False


def test_hosts_keep_their_order_and_share_their_bastions(opened: dict[str, Any]) -> None:
    show(hosts=["mx2", "admin@mx1:2222"])
    sessions = opened["sessions"]
    assert [session.host for session in sessions] == ["mx2", "mx1:2222"]
    dialers = [session.ssh._dial for session in sessions]
    assert dialers[0]._bastions is dialers[1]._bastions
    assert sessions[0].asking is not sessions[1].asking, "each login has its own questions"


def test_the_systems_own_ssh_is_asked_nothing(opened: dict[str, Any]) -> None:
    show(hosts=["mx1"], ssh_command=["ssh"])
    assert opened["sessions"][0].asking is None


def test_many_hosts_are_asked_less_often_each(opened: dict[str, Any]) -> None:
    for count, pause in ((start.MANY - 1, PAUSE), (start.MANY, 1.0), (start.ASKED, 1.0), (50, 2.0)):
        show(hosts=[f"mx{n}" for n in range(count)])
        assert {session._pause for session in opened["sessions"]} == {pause}


@pytest.mark.parametrize("count", [1, 3, start.MANY])
def test_many_hosts_are_not_all_looked_at_at_one_moment(opened: dict[str, Any], count: int) -> None:
    show(hosts=[f"mx{n}" for n in range(count)])
    phases = [session._phase for session in opened["sessions"]]
    assert phases[0] == 0 and sorted(set(phases)) == phases
    assert phases[-1] < opened["sessions"][0]._behind
    assert phases == [session._names._phase for session in opened["sessions"]]


def test_a_word_that_is_no_host_opens_no_screen(opened: dict[str, Any]) -> None:
    with pytest.raises(BadTarget):
        show(hosts=["mx1", "-oProxyCommand=x"])
    assert not opened


def test_the_demo_is_shipped_and_shows_something_at_once() -> None:
    assert start.demo_recording().is_file()
    assert start.DEMO_SKIP > 0


@pytest.mark.parametrize(
    ("call", "spared"),
    [
        ("demo=True", {"dns", "psutil", "asyncssh"}),
        ("files=['/dev/null']", {"dns", "asyncssh"}),
        ("", {"asyncssh"}),
        ("hosts=['mx1'], ssh_command=['ssh']", {"asyncssh"}),
    ],
    ids=["demo", "files", "here", "ssh"],
)
def test_what_is_not_needed_is_not_loaded(call: str, spared: set[str]) -> None:
    code = (
        "import sys, mxtop.ui.app as app, mxtop.ui.start as start\n"
        "from mxtop.config import Config\n"
        "app.run_app = lambda *session, **options: 0\n"
        f"start.show(Config(), {call})\n"
        f"print(sorted({spared!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == "[]\n"
