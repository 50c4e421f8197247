"""Arguments to a front end: which command, on which target, and the exit code.

Loads only what the command needs: neither Textual nor dnspython for `--help`,
`--version` or `report`.  Promises no traceback: what cannot be done is one line on
stderr with the next step, and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mxtop.arguments import PARSERS, SCREENS, split_command
from mxtop.mail.errors import MxtopError

DONE, BAD, NOT_DONE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Target:
    """What a word on the command line means; `files` in the order given."""

    kind: Literal["local", "files"]
    files: tuple[str, ...] = ()


def target(words: Sequence[str]) -> Target:
    """Nothing is this host; `-`, a word with `/` and existing files are logs; else a host."""
    if not words:
        return Target("local")
    for word in words:
        if word.startswith("ssh://") or not (word == "-" or "/" in word or (word and Path(word).exists())):
            raise MxtopError(
                f"{word!r} is neither a file nor a command, and hosts over SSH are not built yet",
                "run mxtop on that host, or name a log file",
            )
    return Target("files", tuple(words))


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        return _main(argv)
    except MxtopError as error:
        print(f"mxtop: {_one_line(str(error))}", file=sys.stderr)
        return NOT_DONE
    except BrokenPipeError:
        _drop_output()  # nobody reads any more: leave quietly
        return DONE
    except OSError as error:
        # what no command expects: a full disk behind stdout, a system call that this kernel refuses
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"mxtop: {_one_line(f'{where}{error.strerror or error}')}; look at where the output goes",
            file=sys.stderr,
        )
        return NOT_DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def _drop_output() -> None:
    """What is still buffered goes nowhere, without Python's own complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(text: str) -> str:
    from mxtop.mail.text import clean

    return clean(text.replace("\n", " "))


def _main(argv: Sequence[str]) -> int:
    command, rest = split_command(argv)
    parser = PARSERS[command]()
    args = parser.parse_intermixed_args(rest)
    if command in SCREENS:
        return _screen(command, args)
    from mxtop.report import commands

    if command == "dns":
        if args.on is not None:
            target([args.on])
        return commands.dns(args.words, config_directory=args.config_dir, as_json=args.json)
    if command in ("fix", "confirm", "history", "undo"):
        return _change(command, args)
    where = target(args.words)
    if command == "record":
        if args.json:
            raise MxtopError("a recording has no JSON form", "leave --json out")
        return commands.record(
            Path(args.recording), where.files, config_directory=args.config_dir, log=args.log
        )
    if command == "parse":
        return commands.parse(
            where.files or None, config_directory=args.config_dir, log=args.log, year=args.year
        )
    if command == "report":
        return commands.report(
            where.files or None,
            config_directory=args.config_dir,
            log=args.log,
            since=args.since,
            year=args.year,
            as_json=args.json,
        )
    if where.kind == "files":
        raise MxtopError("a log file has no sockets", "run `mxtop sockets` on the mail host itself")
    return commands.sockets(config_directory=args.config_dir, as_json=args.json, filters=args.filters)


def _change(command: str, args: argparse.Namespace) -> int:
    words = list(args.words)
    fix = words.pop(0) if command == "fix" and words else None
    if target(words).kind == "files":
        raise MxtopError("a log file has no settings to change", f"run `mxtop {command}` on the mail host")
    from mxtop.report import changes

    where = changes.Where(args.config_dir, args.log, args.json)
    if command == "history":
        return changes.history(where)
    if command == "fix" and fix is None:
        if args.to is not None:
            raise MxtopError("which fix?", "see `mxtop fix`")
        return changes.catalogue(where)
    if args.read_only and not (command == "fix" and args.dry_run):
        raise MxtopError("--read-only changes nothing", "leave it out")
    if command == "confirm":
        return changes.confirm(where)
    if command == "undo":
        return changes.undo(where, args.id)
    if args.to is None:
        raise MxtopError(f"what shall {fix} be set to?", "name it with --to; see `mxtop fix`")
    return changes.fix(
        where, fix or "", args.to, dry_run=args.dry_run, yes=args.yes, window=args.confirm_within
    )


def _screen(command: str, args: argparse.Namespace) -> int:
    if args.json:
        raise MxtopError("the screen has no JSON form", "use `mxtop report --json`")
    where = target(getattr(args, "words", []))
    piped = _take_standard_input() if "-" in where.files else None
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise MxtopError("the screen needs a terminal", "use `mxtop report` or `mxtop parse` in scripts")
    from mxtop import config
    from mxtop.ui.start import show

    return show(
        config.load(theme=args.theme, interval=args.interval, utc=args.utc),
        demo=command == "demo",
        recording=Path(args.recording) if command == "replay" else None,
        speed=getattr(args, "speed", 1.0),
        files=where.files,
        config_directory=args.config_dir,
        log=args.log,
        read_only=args.read_only,
        piped=piped,
    )


def _take_standard_input() -> int:
    """The log comes on standard input, so the keys must come from the terminal: returns the
    descriptor that now holds the log.
    """
    if sys.stdin.isatty():
        raise MxtopError("no log comes on standard input", "use `zcat mail.log.2.gz | mxtop -`")
    piped = os.dup(0)
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError as error:
        raise MxtopError("the screen needs a terminal", "use `mxtop report -` in scripts") from error
    os.dup2(terminal, 0)
    os.close(terminal)
    return piped
