"""Whether this process is a job of a shell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mxtop.ui import job


def test_whose_job_this_is() -> None:
    code = "from mxtop.ui import job; print(job.is_of_a_shell())"

    def answer(*, session: bool = False, group: int | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, start_new_session=session,
            process_group=group, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    assert answer(group=0) == "True", "a group of its own in our session"
    assert answer(session=True) == "False"


def test_a_name_like_fields_does_not_confuse_whose_child_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job.Path, "read_text", lambda _: "7 (a) S 99 (x) S 42 7 7 0 -1")
    assert job._parent(7) == 42
    monkeypatch.undo()
    assert job._parent(os.getpid()) == os.getppid()
