"""Arguments become shell words here and nowhere else: each shell gives them back as they were."""

import shutil
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxtop.hosts import script
from mxtop.mail.errors import CommandFailed

SHELLS = [[path] for name in ("dash", "bash", "ksh") if (path := shutil.which(name))]
SHELLS += [[path, "sh"] for name in ("busybox",) if (path := shutil.which(name))]

NASTY = st.text(
    alphabet=st.sampled_from("'\"\\$`!*?[]{}()<>|&;#~=-%\n\t\r\x01\x1b é☃\udcff\udc80ab0"), max_size=20
)


def run(shell: Sequence[str], text: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(shell, input=script.encoded(text), capture_output=True, timeout=20)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@settings(max_examples=60, deadline=None)
@given(words=st.lists(NASTY, min_size=1, max_size=5))
def test_arguments_round_trip(shell: list[str], words: list[str]) -> None:
    argv = ["/usr/bin/printf", "%s\\0", *words]
    done = run(shell, script.framed(argv, b"", "MARK"))
    assert done.stdout == b"".join(script.encoded(word) + b"\0" for word in words) + b"MARK 0\n"
    assert done.stderr == b"MARK\n"


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@settings(max_examples=30, deadline=None)
@given(stdin=st.binary(min_size=1, max_size=400))
def test_input_round_trips(shell: list[str], stdin: bytes) -> None:
    assert run(shell, script.framed(["cat"], stdin, "MARK")).stdout == stdin + b"MARK 0\n"


@pytest.mark.parametrize("argv", [[], [""], ["-x"], ["a", "b\0c"]])
def test_what_no_argument_list_holds(argv: list[str]) -> None:
    with pytest.raises(CommandFailed):
        script.quoted(argv)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_command_that_cannot_start_is_told_from_one_that_fails(shell: list[str]) -> None:
    for argv, expected in (
        (["no-such-command"], "missing"),
        (["/no/such/command"], "missing"),
        (["exit"], "missing"),
        (["/etc/passwd"], "forbidden"),
        (["sh", "-c", "exit 127"], None),
        (["sh", "-c", "no-such-command"], None),
    ):
        done = run(shell, script.framed(argv, b"", "MARK"))
        code = int(done.stdout.split()[-1])
        complaint = done.stderr.decode().removesuffix("MARK\n").strip().rpartition("\n")[2]
        assert script.refusal(argv, code, complaint) == expected, (argv, done)


def test_exit_codes() -> None:
    assert [script.exit_code(code) for code in (0, 1, 128, 137, 255)] == [0, 1, 128, -9, 255]
