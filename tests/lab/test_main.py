"""`python -m tests.lab`: up, traffic, shell and down, as people type them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import claims

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tests.lab"]


def call(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, timeout=timeout)


def test_a_lab_stands_until_it_is_taken_down() -> None:
    before = set(claims.kept())
    if before:
        pytest.skip("somebody's own lab stands here (python -m tests.lab down)")
    try:
        up = call("up")
        assert up.returncode == 0
        (directory,) = claims.kept()
        assert f"lab {directory}\n" in up.stdout
        assert "blackhole.example" in up.stdout
        claims.sweep()

        inside = call("shell", "--rate", "0", "--", "sh", "-c", "postconf -h queue_directory; exit 4")
        assert (inside.returncode, inside.stdout) == (4, f"{directory}/sender/queue\n")

        ours = set(Path("/var/lib").iterdir())
        assert call("shell", "--rate", "0", "--", "touch", "/var/lib/left-behind").returncode == 0
        again = call("shell", "--rate", "0", "--", "ls", "/var/lib")
        assert again.stdout == "left-behind\n"  # kept as long as the lab stands, and by it alone
        assert set(Path("/var/lib").iterdir()) == ours

        traffic = subprocess.Popen([*COMMAND, "traffic", "--rate", "40"], cwd=ROOT, stdout=subprocess.PIPE)
        log = directory / "sender" / "mail.log"
        deadline = time.monotonic() + 20
        while "status=sent" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        traffic.send_signal(signal.SIGINT)
        traffic.communicate(timeout=20)
        assert traffic.returncode == 0
        assert "status=sent" in log.read_text()
    finally:
        down = call("down")
    assert down.stdout == f"{directory} is gone\n"
    assert claims.kept() == []
    assert not directory.exists()


def test_a_shell_of_its_own_goes_with_it() -> None:
    if claims.kept():
        pytest.skip("somebody's own lab stands here (python -m tests.lab down)")
    done = call("shell", "--", "postconf", "-h", "data_directory")
    assert done.returncode == 0
    assert not Path(done.stdout.strip()).exists()


def test_a_wrong_word_is_refused() -> None:
    assert call("sideways").returncode == 2
