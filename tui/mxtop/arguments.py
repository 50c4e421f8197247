"""The words of a command line: every command with its options, help and example.

Loads nothing but argparse.  Says what was typed, not whether it can be done.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from mxtop import __version__
from mxtop.mail.errors import MxtopError

LEAST, MOST = 60, 900
"""Seconds that may be chosen until an unanswered change goes back."""

_EPILOG: Final = """commands:
  mxtop [TARGET ...]   the screen: which way the mail goes, and why; a tab for each host
  mxtop demo           the screen on a recording; needs no Postfix, no root, no network
  mxtop report         counts, families, destinations, delays, reasons
  mxtop parse          one JSON event for each log line
  mxtop sockets        live SMTP connections
  mxtop dns DOMAIN ... next hop, MX, addresses, the order Postfix will try
  mxtop fix            the guided fixes; `mxtop fix address-preference --to ipv6` makes one
  mxtop confirm        keep a change that waits for its answer
  mxtop undo           take a change back, the last one or --id
  mxtop history        what was changed, by whom, when
  mxtop record FILE    save raw lines and samples, of a host or of a log
  mxtop replay FILE    the screen on what was recorded

TARGET: nothing is this host; `-` standard input; a file (or a word with `/`) a mail log, .gz too;
anything else [user@]host[:port] over SSH, for every command but demo and replay; `dns DOMAIN --on HOST`.
`mxtop COMMAND --help` shows an example of each.

exit codes: 0 done; 1 done, and the answer is bad; 2 not done; 130 interrupted.
fix, confirm, undo: 0 as asked; 1 taken back; 2 refused; 3 look now; 75 another change waits.

example:
  sudo mxtop"""


class Parser(argparse.ArgumentParser):
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


def _place(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("an empty word names nothing; leave the option out")
    return text


def _words(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be read: {error}") from error
    if not words:
        raise argparse.ArgumentTypeError("an empty command reaches no host")
    return words


def _parser(command: str, description: str, example: str) -> Parser:
    parser = Parser(
        prog=f"mxtop {command}".rstrip(),
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    everywhere = parser.add_argument_group("options everywhere")
    everywhere.add_argument(
        "--config-dir", type=_place, metavar="DIR", help="the Postfix instance, as postconf -c"
    )
    everywhere.add_argument("--log", type=_place, metavar="FILE|journal", help="where the mail log is")
    everywhere.add_argument(
        "--ssh-command", type=_words, metavar="CMD", help="reach hosts by this program, such as ssh"
    )
    everywhere.add_argument("--read-only", action="store_true", help="refuse whatever would change anything")
    everywhere.add_argument("--json", action="store_true", help="print JSON")
    everywhere.add_argument("--version", action="version", version=f"mxtop {__version__}")
    return parser


def _targets(parser: Parser, metavar: str = "HOST", help: str = "nothing is this host") -> None:
    """What the command is about, and options for more hosts than one likes to type."""
    parser.add_argument("words", nargs="*", metavar=metavar, help=help)
    parser.add_argument(
        "--hosts", action="append", default=[], metavar="FILE", help="hosts of a file too, one a line"
    )
    parser.add_argument(
        "--group", action="append", default=[], metavar="NAME", help="those of [group.NAME] in config.toml"
    )


def _screen_parser() -> Parser:
    parser = _parser("", "See which way your outgoing mail goes, and why.", _EPILOG)
    _targets(parser, "TARGET", argparse.SUPPRESS)
    _screen_options(parser)
    return parser


def _screen_options(parser: Parser) -> None:
    parser.add_argument("--theme", help="name of a theme")
    parser.add_argument("--interval", type=float, metavar="SECONDS", help="seconds between two looks")
    parser.add_argument("--utc", action="store_true", default=None, help="show times in UTC")


def _demo_parser() -> Parser:
    parser = _parser(
        "demo",
        "Play a recording made on a real Postfix: no Postfix, no root, no network needed.",
        "example:\n  mxtop demo --theme mxtop-light",
    )
    _screen_options(parser)
    return parser


def _parse_parser() -> Parser:
    parser = _parser(
        "parse",
        "One JSON event for each log line, in order, nothing left out.",
        "example:\n  mxtop parse /var/log/mail.log | jq -c 'select(.event == \"connect_failed\")'",
    )
    parser.add_argument("words", nargs="*", metavar="FILE|-|HOST", help="nothing is this host's log")
    parser.add_argument("--year", type=_year, help="the year of times that were logged without one")
    return parser


def _report_parser() -> Parser:
    parser = _parser(
        "report",
        "Counts, families, destinations, delays and reasons of a mail log.",
        "example:\n  mxtop report --since 1h\n  zcat mail.log.2.gz | mxtop report --json - | jq .families",
    )
    _targets(parser, "FILE|-|HOST")
    parser.add_argument("--since", type=_seconds, metavar="1h", help="the last hour only (s, m, h, d)")
    parser.add_argument("--year", type=_year, help="the year of times that were logged without one")
    return parser


def _sockets_parser() -> Parser:
    parser = _parser(
        "sockets",
        "Live SMTP connections: family, state, local and peer address, owner.",
        "example:\n  sudo mxtop sockets --json | jq '.[] | select(.state == \"SYN_SENT\") | .peer_address'",
    )
    _targets(parser)
    parser.add_argument("--filters", action="store_true", help="loopback content filters too")
    return parser


def _dns_parser() -> Parser:
    parser = _parser(
        "dns",
        "Next hop, MX, addresses, the order Postfix will try and the expected first-try IPv6 share.",
        "example:\n  mxtop dns example.org user@example.net '[smtp.example.com]:587'",
    )
    parser.add_argument("words", nargs="+", metavar="DOMAIN", help="a domain, an address or a next hop")
    parser.add_argument("--on", metavar="HOST", help="as Postfix on that host sees it")
    return parser


def _record_parser() -> Parser:
    parser = _parser(
        "record",
        "Save the raw lines and samples of a host, or of a log, until Ctrl-C.",
        "example:\n  sudo mxtop record monday.mxtop\n  mxtop record mx1.mxtop mx1\n"
        "  mxtop replay monday.mxtop",
    )
    parser.add_argument("recording", metavar="FILE", help="a new file; none is overwritten")
    # with a default of its own argparse does not ask for it where FILE is missing
    parser.add_argument("words", nargs="*", default=[], metavar="LOG|-|HOST", help="nothing is this host")
    return parser


def _speed(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 0 < float(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; write 1 to 1000, or 0.5 for half")
    return float(text)


def _replay_parser() -> Parser:
    parser = _parser(
        "replay",
        "The screen on a recording: as it was, or faster.",
        "example:\n  mxtop replay monday.mxtop --speed 10",
    )
    parser.add_argument("recording", metavar="FILE", help="what `mxtop record` wrote")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="times as fast (1)")
    _screen_options(parser)
    return parser


def _window(text: str) -> int:
    if not re.fullmatch(r"\d+", text) or not LEAST <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no such time; write {LEAST} to {MOST} seconds")
    return int(text)


def _fix_parser() -> Parser:
    parser = _parser(
        "fix",
        "List the guided fixes; or preview one, apply it, watch its effect, keep it or take it back.",
        "example:\n  sudo mxtop fix address-preference --to ipv6 --dry-run\n"
        "  sudo mxtop fix address-preference --to ipv6\n"
        "  mxtop fix address-preference --to ipv6 mx1 mx2 mx3 --canary mx2",
    )
    _targets(parser, "FIX", "its name, then hosts; nothing lists them")
    parser.add_argument("--to", metavar="VALUE", help="what to set, such as ipv6")
    parser.add_argument("--dry-run", action="store_true", help="the preview only")
    parser.add_argument(
        "--yes", action="store_true", help="ask nothing: apply, watch, keep it unless the verdict is bad"
    )
    parser.add_argument(
        "--confirm-within",
        type=_window,
        default=120,
        metavar="SECONDS",
        help="an unanswered change goes back after this time, 60 to 900 (120)",
    )
    parser.add_argument(
        "--canary", metavar="HOST", help="of several hosts the first (one with enough traffic to judge by)"
    )
    return parser


def _confirm_parser() -> Parser:
    parser = _parser(
        "confirm", "Keep the change that waits for its answer.", "example:\n  sudo mxtop confirm"
    )
    _targets(parser)
    return parser


def _history_parser() -> Parser:
    parser = _parser(
        "history",
        "What mxtop changed here, by whom, when, and what became of it.",
        "example:\n  sudo mxtop history --json | jq '.[] | [.time, .operator, .state]'",
    )
    _targets(parser)
    return parser


def _undo_parser() -> Parser:
    parser = _parser(
        "undo",
        "Take a change back: the file to the byte, or the setting alone where somebody edited since.",
        "example:\n  sudo mxtop undo\n  mxtop undo mx1 mx2",
    )
    _targets(parser)
    parser.add_argument("--id", metavar="ID", help="which change, from `mxtop history` (the last)")
    return parser


PARSERS: Final[dict[str, Callable[[], Parser]]] = {
    "": _screen_parser,
    "demo": _demo_parser,
    "parse": _parse_parser,
    "report": _report_parser,
    "sockets": _sockets_parser,
    "dns": _dns_parser,
    "fix": _fix_parser,
    "confirm": _confirm_parser,
    "history": _history_parser,
    "undo": _undo_parser,
    "record": _record_parser,
    "replay": _replay_parser,
}
SCREENS: Final = frozenset({"", "demo", "replay"})
_VALUED: Final = frozenset(
    {
        *(
            "--config-dir",
            "--log",
            "--since",
            "--year",
            "--theme",
            "--interval",
            "--on",
            "--speed",
            "--hosts",
            "--group",
        ),
        *("--to", "--confirm-within", "--id", "--ssh-command", "--canary"),
    }
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
        if word and word in PARSERS:
            return word, rest[:i] + rest[i + 1 :]
        break
    return "", rest
