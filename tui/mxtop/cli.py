"""Arguments to a front end: which command, on which target, and the exit code.

Loads only what the command needs: neither Textual nor dnspython for `--help`,
`--version` or `report`.  Promises no traceback: what cannot be done is one line on
stderr with the next step, and exit code 2.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

from mxtop import __version__
from mxtop.mail.errors import MxtopError

DONE, BAD, NOT_DONE, INTERRUPTED = 0, 1, 2, 130

_EPILOG: Final = """commands:
  mxtop [TARGET ...]   the screen: which way the mail goes, and why
  mxtop demo           the screen on a recording; needs no Postfix, no root, no network
  mxtop report         counts, families, destinations, delays, reasons
  mxtop parse          one JSON event for each log line
  mxtop sockets        live SMTP connections
  mxtop dns DOMAIN ... next hop, MX, addresses, the order Postfix will try
  mxtop record FILE    save raw lines and samples, of this host or of a log
  mxtop replay FILE    the screen on what was recorded

TARGET: nothing is this host; `-` standard input; a file (or a word with `/`) a mail log, .gz too.
`mxtop COMMAND --help` shows an example of each.

exit codes: 0 done; 1 done, and the answer is bad; 2 not done; 130 interrupted.

example:
  sudo mxtop"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a word on the command line means; `files` in the order given."""

    kind: Literal["local", "files"]
    files: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise MxtopError(message, f"see `{self.prog} --help`")


def _seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `1h`, `2d` in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write 90s, 15m, 1h or 2d")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2]]


def _year(text: str) -> int:
    if not re.fullmatch(r"\d{4}", text) or text == "0000":
        raise argparse.ArgumentTypeError(f"{text!r} is no year; write four digits")
    return int(text)


def _parser(command: str, description: str, example: str) -> _Parser:
    parser = _Parser(
        prog=f"mxtop {command}".rstrip(),
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    everywhere = parser.add_argument_group("options everywhere")
    everywhere.add_argument("--config-dir", metavar="DIR", help="the Postfix instance, as postconf -c")
    everywhere.add_argument("--log", metavar="FILE|journal", help="where the mail log is")
    everywhere.add_argument("--read-only", action="store_true", help="refuse whatever would change anything")
    everywhere.add_argument("--json", action="store_true", help="print JSON")
    everywhere.add_argument("--version", action="version", version=f"mxtop {__version__}")
    return parser


def _screen_parser() -> _Parser:
    parser = _parser("", "See which way your outgoing mail goes, and why.", _EPILOG)
    parser.add_argument("words", nargs="*", metavar="TARGET", help=argparse.SUPPRESS)
    _screen_options(parser)
    return parser


def _screen_options(parser: _Parser) -> None:
    parser.add_argument("--theme", help="name of a theme")
    parser.add_argument("--interval", type=float, metavar="SECONDS", help="seconds between two looks")
    parser.add_argument("--utc", action="store_true", default=None, help="show times in UTC")


def _demo_parser() -> _Parser:
    parser = _parser(
        "demo",
        "Play a recording made on a real Postfix: no Postfix, no root, no network needed.",
        "example:\n  mxtop demo --theme mxtop-light",
    )
    _screen_options(parser)
    return parser


def _parse_parser() -> _Parser:
    parser = _parser(
        "parse",
        "One JSON event for each log line, in order, nothing left out.",
        "example:\n  mxtop parse /var/log/mail.log | jq -c 'select(.event == \"connect_failed\")'",
    )
    parser.add_argument("words", nargs="*", metavar="FILE|-", help="logs; nothing is this host's log")
    parser.add_argument("--year", type=_year, help="the year of times that were logged without one")
    return parser


def _report_parser() -> _Parser:
    parser = _parser(
        "report",
        "Counts, families, destinations, delays and reasons of a mail log.",
        "example:\n  mxtop report --since 1h\n  zcat mail.log.2.gz | mxtop report --json - | jq .families",
    )
    parser.add_argument("words", nargs="*", metavar="FILE|-", help="logs; nothing is this host")
    parser.add_argument("--since", type=_seconds, metavar="1h", help="the last hour only (s, m, h, d)")
    parser.add_argument("--year", type=_year, help="the year of times that were logged without one")
    return parser


def _sockets_parser() -> _Parser:
    parser = _parser(
        "sockets",
        "Live SMTP connections: family, state, local and peer address, owner.",
        "example:\n  sudo mxtop sockets --json | jq '.[] | select(.state == \"SYN_SENT\") | .peer_address'",
    )
    parser.add_argument("words", nargs="*", metavar="TARGET", help=argparse.SUPPRESS)
    parser.add_argument("--filters", action="store_true", help="loopback content filters too")
    return parser


def _dns_parser() -> _Parser:
    parser = _parser(
        "dns",
        "Next hop, MX, addresses, the order Postfix will try and the expected first-try IPv6 share.",
        "example:\n  mxtop dns example.org user@example.net '[smtp.example.com]:587'",
    )
    parser.add_argument("words", nargs="+", metavar="DOMAIN", help="a domain, an address or a next hop")
    parser.add_argument("--on", metavar="TARGET", help=argparse.SUPPRESS)
    return parser


def _record_parser() -> _Parser:
    parser = _parser(
        "record",
        "Save the raw lines and samples of this host, or of a log, until Ctrl-C.",
        "example:\n  sudo mxtop record monday.mxtop\n  mxtop replay monday.mxtop",
    )
    parser.add_argument("recording", metavar="FILE", help="a new file; none is overwritten")
    parser.add_argument("words", nargs="*", metavar="LOG|-", help="logs; nothing is this host")
    return parser


def _speed(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 0 < float(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; write 1 to 1000, or 0.5 for half")
    return float(text)


def _replay_parser() -> _Parser:
    parser = _parser(
        "replay",
        "The screen on a recording: as it was, or faster.",
        "example:\n  mxtop replay monday.mxtop --speed 10",
    )
    parser.add_argument("recording", metavar="FILE", help="what `mxtop record` wrote")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="times as fast (1)")
    _screen_options(parser)
    return parser


_PARSERS: Final[dict[str, Callable[[], _Parser]]] = {
    "": _screen_parser,
    "demo": _demo_parser,
    "parse": _parse_parser,
    "report": _report_parser,
    "sockets": _sockets_parser,
    "dns": _dns_parser,
    "record": _record_parser,
    "replay": _replay_parser,
}
_SCREENS: Final = frozenset({"", "demo", "replay"})
_VALUED: Final = frozenset(
    {"--config-dir", "--log", "--since", "--year", "--theme", "--interval", "--on", "--speed"}
)


def split_command(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The command ("" for the screen) and the other words: the first word that is not an option is
    a command if it names one.
    """
    rest = list(argv)
    i = 0
    while i < len(rest):
        word = rest[i]
        if word == "--":
            break
        if word.startswith("-") and word != "-":
            i += 2 if word in _VALUED else 1
            continue
        if word in _PARSERS:
            return word, rest[:i] + rest[i + 1 :]
        break
    return "", rest


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
    parser = _PARSERS[command]()
    args = parser.parse_intermixed_args(rest)
    if command in _SCREENS:
        return _screen(command, args)
    from mxtop.report import commands

    if command == "dns":
        if args.on is not None:
            target([args.on])
        return commands.dns(args.words, config_directory=args.config_dir, as_json=args.json)
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
