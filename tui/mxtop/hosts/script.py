"""The shell text that runs on a remote machine: the only place where arguments become shell words.

Everything is fed to the standard input of a POSIX sh (dash, bash, ksh, busybox), never to the login shell.
Answers are framed by a nonce of 128 bits that no command's output can know, so that neither a chatty login
nor a hostile command can imitate an end.  The scripts start programs only, never a shell's own builtins.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Sequence
from typing import Final

from mxtop.hosts.local import SYSTEM_PATH
from mxtop.mail.errors import CommandFailed

SMALL_INPUT: Final = 32 * 1024
"""Bytes of stdin that travel within a script; more goes through a channel of its own."""

_OCTAL: Final = [chr(n) if chr(n).isalnum() and n < 128 else f"\\{n:03o}" for n in range(256)]
_PRELUDE: Final = (
    "LC_ALL=C; export LC_ALL; PATH=${{PATH:+$PATH:}}{path}; export PATH; "
    "printf '%s %s\\n' {nonce} $$; printf '%s\\n' {nonce} >&2"
)


def nonce() -> str:
    return secrets.token_hex(16)


def quoted(argv: Sequence[str]) -> str:
    """An argument list as words of sh, each one itself whatever is in it (POSIX 2.2.2, single quotes).

    CommandFailed for what no argument list can hold: no command, an option in its place, a NUL.
    """
    if not argv or not argv[0] or argv[0].startswith("-") or any("\0" in word for word in argv):
        raise CommandFailed(f"{list(argv)!r} is no command")
    return " ".join(shlex.quote(word) for word in argv)


def encoded(script: str) -> bytes:
    """The script as bytes; lone surrogates are the bytes they stand for."""
    return script.encode("utf-8", "surrogateescape")


def prelude(mark: str) -> str:
    """Sets the environment and says `MARK PID` on stdout, `MARK` on stderr."""
    return _PRELUDE.format(path=":".join(SYSTEM_PATH), nonce=mark)


def framed(argv: Sequence[str], stdin: bytes, mark: str) -> str:
    """One command for a shell that stays: at its end `MARK CODE` on stdout and `MARK` on stderr.

    `exec` within a subshell starts the program that the PATH has, never a builtin of that name.
    """
    command = f"(exec {quoted(argv)})"
    if stdin:
        command = f"printf '{''.join(map(_OCTAL.__getitem__, stdin))}' | {command}"
    else:
        command += " </dev/null"
    return f"{command}\nprintf '%s %s\\n' {mark} $?; printf '%s\\n' {mark} >&2\n"


def guarded(argv: Sequence[str], mark: str) -> str:
    """One command for a shell of its own, which dies with its channel.

    `MARK PID` on stdout, then what the command prints; `MARK` on stderr at the start, `MARK CODE` at the end.
    The shell waits for the end of its stdin, such as the client's going away, and kills its process group.
    """
    return (
        f"{prelude(mark)}\n"
        f"{{ (exec {quoted(argv)}) </dev/null; printf '%s %s\\n' {mark} $? >&2; }} &\n"
        "exec >/dev/null 2>&1\ncat\nkill -9 0\n"
    )


def conversing(argv: Sequence[str], mark: str) -> str:
    """As `guarded`, with the channel as the command's stdin.

    One line: when its mark arrives sh has read all of it, and what is written next is the command's alone.
    """
    return f"{prelude(mark)}; (exec {quoted(argv)}); printf '%s %s\\n' {mark} $? >&2; exit\n"


def killing(pid: int) -> str:
    """Ends a shell and all that it started; its process group is its own, since sshd makes one a session."""
    return f"kill -9 -{pid} 2>/dev/null || kill -9 {pid} 2>/dev/null; exit\n"


def exit_code(code: int) -> int:
    """sh says 128 + n where a signal ended the command (POSIX 2.8.2); a `Completed` says -n."""
    return 128 - code if 128 < code <= 192 else code


def refusal(argv: Sequence[str], code: int, complaint: str) -> str | None:
    """What kept a command from starting, "missing" or "forbidden"; None where it did run.

    sh tells by 127 and 126, which a command may return too: its own words decide.
    """
    if code not in (126, 127):
        return None
    found = re.search(
        rf": {re.escape(argv[0])}: (?:command |inaccessible or )?"
        r"(not found|No such file or directory|Permission denied|cannot execute.*)$",
        complaint,
    )
    if not found:
        return None
    return "missing" if "not found" in found[1] or "No such" in found[1] else "forbidden"
