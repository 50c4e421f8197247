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
from pathlib import Path
from typing import Literal

from mxtop.arguments import PARSERS, SCREENS, split_command
from mxtop.mail.errors import MxtopError
from mxtop.mail.value import value

DONE, BAD, NOT_DONE, INTERRUPTED = 0, 1, 2, 130


@value
class Target:
    """What the words on a command line mean; `files` and `hosts` in the order given."""

    kind: Literal["local", "files", "hosts"]
    files: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def target(words: Sequence[str]) -> Target:
    """Nothing is this host; `-`, a word with `/` and existing files are logs; else a host.

    MxtopError where a word is neither, or some are files and some hosts.
    """
    if not words:
        return Target("local")
    hosts = tuple(word for word in words if _is_host(word))
    if not hosts:
        return Target("files", files=tuple(words))
    from mxtop.hosts.target import parse_target

    for word in hosts:
        parse_target(word)
    if len(hosts) < len(words):
        raise MxtopError(
            f"{hosts[0]!r} is a host and other words are log files",
            "name either; a log file in this directory may be written ./NAME",
        )
    return Target("hosts", hosts=hosts)


def _is_host(word: str) -> bool:
    if word.lower().startswith("ssh://"):
        return True
    return not (word == "-" or "/" in word or (word and Path(word).exists()))


def _with_named(at: Target, args: argparse.Namespace, words: Sequence[str]) -> Target:
    """With the hosts of --hosts and --group after those that were typed; each once."""
    named: list[str] = []
    for file in getattr(args, "hosts", ()):
        from mxtop.hosts.target import read_targets

        named += read_targets(file)
    if groups := getattr(args, "group", ()):
        from mxtop import config

        known = config.load().groups
        for name in groups:
            if name not in known:
                raise MxtopError(
                    f"config.toml has no [group.{name}]",
                    f"it has {', '.join(sorted(known))}" if known else "write one with `hosts = [...]`",
                )
            named += known[name]
    if not named:
        return at
    from mxtop.hosts.target import parse_target

    for word in named:
        parse_target(word)
    if at.kind == "files":
        raise MxtopError(f"{words[0]!r} is a log file and --hosts or --group name hosts", "name either")
    return Target("hosts", hosts=tuple(dict.fromkeys((*at.hosts, *named))))


def _one_host(where: Target, command: str) -> str | None:
    """The one host that was named; None where none was."""
    if len(where.hosts) > 1:
        raise MxtopError(
            f"{command} takes one host at a time, and {len(where.hosts)} are named",
            f"begin with `{command} {where.hosts[0]}`",
        )
    return where.hosts[0] if where.hosts else None


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
    if command in ("fix", "confirm", "history", "undo"):
        return _change(command, args)
    return _read(command, args)


def _read(command: str, args: argparse.Namespace) -> int:
    from mxtop.report import commands
    from mxtop.report.where import Where

    at = target(([args.on] if args.on is not None else []) if command == "dns" else args.words)
    at = _with_named(at, args, args.words)
    if len(at.hosts) > 1 and command in ("report", "sockets"):
        from mxtop.report import several
        from mxtop.report.attached import Hosts

        hosts = Hosts(at.hosts, args.ssh_command, args.config_dir, args.log, args.json)
        if command == "sockets":
            return several.sockets(hosts, filters=args.filters)
        return several.report(hosts, since=args.since, year=args.year)
    if at.kind == "files" and command in ("dns", "sockets"):
        had = "resolver" if command == "dns" else "sockets"
        raise MxtopError(f"a log file has no {had}", f"run `mxtop {command}` on the mail host itself")
    where = Where(_one_host(at, f"mxtop {command}"), args.ssh_command)
    if command == "dns":
        return commands.dns(args.words, config_directory=args.config_dir, as_json=args.json, where=where)
    if command == "record":
        if args.json:
            raise MxtopError("a recording has no JSON form", "leave --json out")
        if args.recording in ("", "-"):
            raise MxtopError("a recording is a file", "name a new one, such as monday.mxtop")
        place = {"config_directory": args.config_dir, "log": args.log}
        return commands.record(Path(args.recording), at.files, where=where, **place)
    if command == "parse":
        return commands.parse(
            at.files or None, config_directory=args.config_dir, log=args.log, year=args.year, where=where
        )
    if command == "report":
        return commands.report(
            at.files or None,
            config_directory=args.config_dir,
            log=args.log,
            since=args.since,
            year=args.year,
            as_json=args.json,
            where=where,
        )
    return commands.sockets(
        config_directory=args.config_dir, as_json=args.json, filters=args.filters, where=where
    )


def _change(command: str, args: argparse.Namespace) -> int:
    words = list(args.words)
    fix = words.pop(0) if command == "fix" and words else None
    at = _with_named(target(words), args, words)
    if len(at.hosts) > 1:
        return _change_together(command, fix or "", at.hosts, args)
    if command == "fix" and args.canary is not None:
        raise MxtopError("--canary says which of several hosts is the first", "leave it out")
    if at.kind == "files":
        raise MxtopError("a log file has no settings to change", f"run `mxtop {command}` on the mail host")
    from mxtop.report import changes
    from mxtop.report.where import Instance, Where

    host = _one_host(at, f"mxtop {command}")
    instance = Instance(Where(host, args.ssh_command), args.config_dir, args.log, args.json)
    if command == "history":
        return changes.history(instance)
    if command == "fix" and fix is None:
        if args.to is not None:
            raise MxtopError("which fix?", "see `mxtop fix`")
        return changes.catalogue(instance)
    if args.read_only and not (command == "fix" and args.dry_run):
        raise MxtopError("--read-only changes nothing", "leave it out")
    if command == "confirm":
        return changes.confirm(instance)
    if command == "undo":
        return changes.undo(instance, args.id)
    if args.to is None:
        raise MxtopError(f"what shall {fix} be set to?", "name it with --to; see `mxtop fix`")
    return changes.fix(
        instance, fix or "", args.to, dry_run=args.dry_run, yes=args.yes, window=args.confirm_within
    )


def _change_together(command: str, fix: str, words: tuple[str, ...], args: argparse.Namespace) -> int:
    """`fix`, `confirm`, `undo` and `history` on several hosts."""
    if args.read_only and command != "history" and not (command == "fix" and args.dry_run):
        raise MxtopError("--read-only changes nothing", "leave it out")
    if command == "undo" and args.id is not None:
        raise MxtopError("a change with that --id is on one host only", "name that host alone")
    if command == "fix" and args.to is None:
        raise MxtopError(f"what shall {fix} be set to?", "name it with --to; see `mxtop fix`")
    from mxtop.report import each, together
    from mxtop.report.attached import Hosts
    from mxtop.report.fixing import Wishes

    hosts = Hosts(words, args.ssh_command, args.config_dir, args.log, args.json)
    if command != "fix":
        return {"confirm": each.confirm, "undo": each.undo, "history": each.history}[command](hosts)
    wishes = Wishes(
        fix, args.to, dry_run=args.dry_run, yes=args.yes, window=args.confirm_within, as_json=args.json
    )
    return together.fix(hosts, wishes, args.canary)


def _screen(command: str, args: argparse.Namespace) -> int:
    if args.json:
        raise MxtopError("the screen has no JSON form", "use `mxtop report --json`")
    words = getattr(args, "words", [])
    where = _with_named(target(words), args, words)
    piped = _take_standard_input() if "-" in where.files else None
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise MxtopError("the screen needs a terminal", "use `mxtop report` or `mxtop parse` in scripts")
    if where.hosts:
        from mxtop.hosts.target import by_name

        by_name(where.hosts)  # each has a tab of that name
    from mxtop import config
    from mxtop.ui.start import show

    chosen = config.load(theme=args.theme, interval=args.interval, utc=args.utc)
    return show(
        chosen,
        demo=command == "demo",
        recording=Path(args.recording) if command == "replay" else None,
        speed=getattr(args, "speed", 1.0),
        files=where.files,
        hosts=where.hosts,
        ssh_command=args.ssh_command,
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
