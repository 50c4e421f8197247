"""Where the lab cannot run, its tests skip with the reason, or fail if it is required; neither is silent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ONE = "tests/lab/test_world.py::test_null_mx_bounces"


def run_without_programs(tmp_path: Path, **environment: str) -> str:
    env = {k: v for k, v in os.environ.items() if k != "MXTOP_LAB"} | {"PATH": str(tmp_path)} | environment
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", ONE]
    return subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout


def test_skipped_with_the_reason(tmp_path: Path) -> None:
    out = run_without_programs(tmp_path)
    assert "1 skipped" in out
    assert "1 tests: no lab: " in out
    assert "as root" in out or "not root" in out


def test_fails_where_required(tmp_path: Path) -> None:
    out = run_without_programs(tmp_path, MXTOP_LAB="required")
    assert "1 error" in out or "1 failed" in out
    assert "the lab is required and cannot run: " in out


def test_packages_are_one_list_in_order() -> None:
    lines = (ROOT / "tests/lab/packages.txt").read_text().splitlines()
    names = [line.split("#")[0].strip() for line in lines if not line.startswith("#")]
    assert names == sorted(names)
    assert {"postfix", "nsd", "openssh-server", "tmux"} <= set(names)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root (only root can become another user)")
def test_deps_as_an_ordinary_user_changes_nothing_and_says_the_line() -> None:
    """dpkg-query here knows no package, as on a new machine."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # unlike tmp_path, open to other users
        room = Path(place, "tests", "lab")
        room.mkdir(parents=True)
        for name in ("install-packages", "packages.txt"):
            shutil.copy(ROOT / "tests" / "lab" / name, room)
        fake = Path(place, "dpkg-query")
        fake.write_text("#!/bin/sh\nexit 1\n")
        fake.chmod(0o755)
        env = {"PATH": f"{place}:/usr/bin:/bin"}
        argv = [str(room / "install-packages")]
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, timeout=20, user="nobody", cwd="/"
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"  sudo make -C {place} deps\n")
    assert " postfix " in done.stdout
