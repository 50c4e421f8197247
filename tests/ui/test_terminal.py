"""A real terminal: lost, it ends the process; Ctrl-Z goes back to the shell that waits, and to none else."""

from __future__ import annotations

import os
import signal

import pytest
from tests.ui.terminal import terminal

from mxtop.ui import terminal as ours

LOST = """
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
    with terminal(LOST.format(path=path), ignore_hangup=ignore) as it:
        it.wait_for("gmail.example")
        it.hang_up()
        code = it.exit_code(10)
    if ignore:
        assert code == ours.EXIT
        assert os.path.exists(path), "the session was closed first"
    else:
        assert code != 0


def test_quit_closes_the_session_and_restores_the_terminal(tmp_path: object) -> None:
    path = f"{tmp_path}/closed"
    with terminal(LOST.format(path=path)) as it:
        it.wait_for("gmail.example")
        it.press("q")
        assert it.exit_code() == 0
        assert b"\x1b[?1049l" in it.output
    assert os.path.exists(path)


RUN = """
import sys
from tests.ui.fake import SNAPSHOT, LivelySession
from mxtop.ui.app import MxtopApp, run_app
sys.exit(run_app(MxtopApp(LivelySession(SNAPSHOT))))
"""

SHELL = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", {job!r}])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    print("the shell has it", flush=True)
    print("and got", sys.stdin.readline(), flush=True)
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""

MADE = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-c", {run!r}]).returncode)
"""


@pytest.mark.parametrize("code", [RUN, MADE.format(run=RUN)], ids=["alone", "by-make"])
def test_back_to_the_shell_and_on_again(code: str) -> None:
    with terminal(SHELL.format(job=code)) as it:
        for _ in range(2):
            it.wait_for("gmail.example")
            it.press("\x1a")
            it.wait_for("the shell has it")
            assert b"\x1b[?1049l" in it.output and b"\x1b[?25h" in it.output, "as the shell had it"
            it.press("fg\n")  # a line: the terminal is cooked again
            it.wait_for("and got fg")
            it.output = it.output.rpartition(b"and got fg")[2]
            it.wait_for("x fix")  # what does not change is painted again too
        it.press("?")
        it.wait_for("Everywhere")
        it.press("q")
        assert it.exit_code() == 0


def test_stopped_by_a_signal_it_comes_back_whole() -> None:
    with terminal(RUN) as it:
        it.wait_for("gmail.example")
        it.process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, it.process.pid, os.WSTOPPED | os.WNOWAIT)
        it.read()
        it.output = b""
        it.process.send_signal(signal.SIGCONT)
        it.wait_for("x fix")
        it.press("q")
        assert it.exit_code() == 0


def test_where_no_shell_waits_it_goes_on() -> None:
    with terminal(RUN) as it:
        it.wait_for("gmail.example")
        it.press("\x1a")
        it.wait_for("there is no shell to go back to")
        it.press("q")
        assert it.exit_code() == 0
