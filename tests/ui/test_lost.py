"""A lost terminal ends the process, even where SIGHUP is ignored."""

from __future__ import annotations

import os

import pytest
from tests.ui.terminal import terminal

from mxtop.ui import lost

RUN = """
from tests.ui.fake import SNAPSHOT, LivelySession
from mxtop.ui.app import MxtopApp, run_app
import sys
class Session(LivelySession):
    async def close(self):
        open({path!r}, "w").write("closed")
sys.exit(run_app(MxtopApp(Session(SNAPSHOT))))
"""


@pytest.mark.parametrize("ignore", [True, False])
def test_hang_up_ends_the_process(tmp_path: object, ignore: bool) -> None:
    path = f"{tmp_path}/closed"
    with terminal(RUN.format(path=path), ignore_hangup=ignore) as it:
        it.wait_for("gmail.example")
        it.hang_up()
        code = it.exit_code(10)
    if ignore:
        assert code == lost.EXIT
        assert os.path.exists(path), "the session was closed first"
    else:
        assert code != 0


def test_quit_closes_the_session_and_restores_the_terminal(tmp_path: object) -> None:
    path = f"{tmp_path}/closed"
    with terminal(RUN.format(path=path)) as it:
        it.wait_for("gmail.example")
        it.press("q")
        assert it.exit_code() == 0
        assert b"\x1b[?1049l" in it.output
    assert os.path.exists(path)
