"""The lab for people: `python -m tests.lab up|down|traffic|shell|record`, as root.

up        start a lab that stays until `down`, and say where its files are
down      take down every lab that was started to stay
traffic   send messages to all destinations until Ctrl-C
shell     a shell on the sender host with traffic behind it; `shell -- COMMAND…` runs that instead
record    make the demo's recording in a lab of its own: five minutes of mail, then two guided fixes

`traffic` and `shell` use the lab that stands, else one of their own that ends with them.  Inside the
shell /etc/postfix, /etc/resolv.conf, /var/lib and the network are the sender's, so postconf, mailq and mxtop
need no options, and what they leave behind ends with the lab.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.lab import Lab, claims, world
from tests.lab.lab import Sender
from tests.lab.needs import missing
from tests.lab.record import SECONDS, record


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "traffic", "shell"):
        command = commands.add_parser(name)
        if name != "down":
            command.add_argument("--chroot", action="store_true", help="smtp(8) chrooted, as Debian has it")
            command.add_argument("--syslog", choices=("iso", "classic"), help="log by rsyslogd")
        if name in ("traffic", "shell"):
            command.add_argument("--rate", type=float, default=4.0, help="messages a second (4; 0: none)")
        if name == "shell":
            command.add_argument("argv", nargs="*", metavar="-- COMMAND", help="run this, not a shell")
    command = commands.add_parser("record")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--seconds", type=float, default=SECONDS, help=f"how long ({SECONDS:g})")
    return parser.parse_args()


@contextmanager
def _standing_or_own(arguments: argparse.Namespace) -> Iterator[Sender]:
    standing = claims.kept()
    if standing:
        yield Sender(standing[-1])
    else:
        with Lab(chroot=arguments.chroot, syslog=arguments.syslog) as lab:
            yield lab


@contextmanager
def _traffic(lab: Sender, rate: float) -> Iterator[threading.Event]:
    """Messages to random destinations behind what runs in the block."""
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(random.expovariate(rate)):
            number += 1
            with suppress(subprocess.SubprocessError):  # Postfix may just be stopped, by whoever plays
                lab.send(f"user{number}@{random.choice(world.ALL).domain}")

    thread = threading.Thread(target=send)
    if rate > 0:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        if rate > 0:
            thread.join()


def _shell(lab: Sender, argv: list[str]) -> int:
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PS1": "lab:\\w\\$ "}
    state = lab.directory / "lib"  # what mxtop notes of its changes ends with the lab
    state.mkdir(exist_ok=True)
    own = ["sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(state)]
    inside = [*own, *(argv or [os.environ.get("SHELL", "/bin/sh")])]
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for what runs in the shell
    return lab.popen(inside, env=environment).wait()


def _describe(lab: Sender) -> str:
    return (
        f"lab {lab.directory}\n  namespace {lab.netns}\n  settings  {lab.config_directory}\n"
        f"  log       {lab.log_path}\n  destinations:\n"
        + "".join(f"    {d.domain:20} {d.promise}\n" for d in world.ALL)
    )


def main() -> int:
    arguments = _arguments()
    reason = missing()
    if reason:
        print(f"the lab cannot run: {reason}", file=sys.stderr)
        return 2
    match arguments.command:
        case "up":
            with Lab(chroot=arguments.chroot, syslog=arguments.syslog, keep=True) as lab:
                print(_describe(lab), end="")
        case "down":
            for directory in claims.kept():
                claims.remove(directory)
                print(f"{directory} is gone")
        case "traffic":
            with _standing_or_own(arguments) as lab:
                print(_describe(lab), end="")
                with _traffic(lab, arguments.rate) as stop:
                    try:
                        stop.wait()
                    except KeyboardInterrupt:
                        return 0
        case "record":
            record(arguments.file, arguments.seconds)
        case "shell":
            with _standing_or_own(arguments) as lab:
                print(_describe(lab), file=sys.stderr, end="")
                with _traffic(lab, arguments.rate):
                    return _shell(lab, arguments.argv)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, TimeoutError, FileExistsError, subprocess.SubprocessError) as error:
        sys.exit(f"lab: {error}")
