"""A sender host with a real Postfix, and the world it writes to; the package tells how to use it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol

from tests.lab import claims, world
from tests.lab.dns import NameServer
from tests.lab.namespaces import join
from tests.lab.postfix import Postfix
from tests.lab.sinks import Sinks
from tests.lab.syslog import Format, Syslog
from tests.lab.world import Destination

SENDER_DOMAIN = "sender.example"
SENDER_NAME = "mail.sender.example"
SENDER_IPV4 = "192.0.2.25"
SENDER_IPV6 = "2001:db8::25"
GATEWAY_IPV4 = "192.0.2.1"
GATEWAY_IPV6 = "2001:db8::1"

SETTINGS: dict[str, str] = {
    "myhostname": SENDER_NAME,
    "virtual_mailbox_domains": SENDER_DOMAIN,  # bounces end here
    "virtual_transport": "discard",
    "smtp_connect_timeout": "3s",
    "smtp_tls_security_level": "may",
    "smtp_tls_loglevel": "1",
}


class Sender(Postfix):
    """The sender host; what runs inside sees /etc/postfix and /etc/resolv.conf as its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        namespace = claims.namespace_of(directory, "mail")
        super().__init__(namespace, directory / "etc" / "postfix", directory / "sender")
        self.syslog = Syslog(directory / "syslog")
        if self.syslog.exists:
            self._log_by_syslog()
        self.netns = namespace.name

    def _log_by_syslog(self) -> None:
        self.log_path = self.syslog.log_path
        self.namespace = replace(self.namespace, prefix=self.syslog.prefix)

    @property
    def run(self) -> Callable[..., subprocess.CompletedProcess[str]]:
        """`Namespace.run` on the sender."""
        return self.namespace.run

    @property
    def popen(self) -> Callable[..., subprocess.Popen[Any]]:
        """`Namespace.popen` on the sender."""
        return self.namespace.popen

    def send(
        self,
        recipient: str,
        *,
        count: int = 1,
        sessions: int = 4,
        sender: str = f"sender@{SENDER_DOMAIN}",
        length: int | None = None,
    ) -> None:
        """Submit `count` messages by SMTP (smtp-source); returns when they are queued, not yet sent."""
        size = [] if length is None else ["-l", str(length)]
        how = ["-d", "-m", str(count), "-s", str(min(sessions, count)), "-M", SENDER_NAME, *size]
        argv = ["smtp-source", *how, "-f", sender, "-t", recipient, "127.0.0.1:25"]
        self.namespace.run(argv, timeout=120, check=True)

    def send_together(self, recipients: Sequence[str], *, sender: str = f"sender@{SENDER_DOMAIN}") -> None:
        """Submit one message with several recipients (sendmail(1), so through pickup)."""
        argv = ["sendmail", "-C", str(self.config_directory), "-i", "-f", sender, *recipients]
        body = f"From: {sender}\nSubject: lab\n\nlab\n"
        self.namespace.run(argv, input=body, check=True)


class Lab(Sender):
    """A running lab, as a context manager.

    `settings` are main.cf lines of the sender on top of `SETTINGS`.  `syslog` logs through a real
    rsyslogd, with RFC 3339 or classic times, not through `maillog_file`.  `keep` lets the lab outlive this
    process.  Raises RuntimeError or TimeoutError with the reason when something does not start; the
    lab is then gone again.
    """

    def __init__(
        self,
        destinations: Sequence[Destination] = world.ALL,
        *,
        chroot: bool = False,
        settings: Mapping[str, str] | None = None,
        syslog: Format | None = None,
        keep: bool = False,
    ) -> None:
        self.destinations = {destination.domain: destination for destination in destinations}
        self.chroot = chroot
        self.log_format = syslog
        self.settings = {**SETTINGS, **({"maillog_file": ""} if syslog else {}), **(settings or {})}
        self.keep = keep

    def __enter__(self) -> Lab:
        claims.sweep()
        directory, self._lock = claims.claim()
        super().__init__(directory)
        destinations = tuple(self.destinations.values())
        self.world = claims.namespace_of(directory, "world")
        self.sinks = Sinks(self.world, directory / "sinks", destinations)
        self.dns = NameServer(self.world, directory / "dns", destinations)
        self.resolver = self.dns.address
        self._daemons: list[subprocess.Popen[bytes]] = []
        taken_down_by_signals(self)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        if self.keep:
            claims.keep(directory)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.keep:
            self.close()

    def close(self) -> None:
        """Take everything down; a second call does nothing."""
        if not is_open(self):
            return
        claims.remove(self.directory)
        for process in (*self.sinks.running.values(), *self.dns.processes, *self._daemons):
            process.wait()
        os.close(self._lock)
        closed(self)

    def _start(self) -> None:
        etc = self.directory / "etc"
        etc.mkdir()
        (etc / "resolv.conf").write_text(f"nameserver {self.resolver}\noptions timeout:1 attempts:2\n")
        self.configure(self.settings, chroot=self.chroot)
        self._first = {path: path.read_bytes() for path in (self.main_cf, self.master_cf)}
        self.namespace.create(etc)
        self.world.create()
        self._wire()
        if self.log_format:
            self._daemons.append(self.syslog.start(self.namespace, self.log_format))
            self._log_by_syslog()
        self.sinks.start()
        self.dns.start([(SENDER_NAME, SENDER_IPV4), (SENDER_NAME, SENDER_IPV6)])
        if self.chroot:
            self.fill_chroot()
        self.start()
        self.sinks.wait_until_listening()
        self._wait_for_dns()

    def _wire(self) -> None:
        join(self.namespace, self.world)
        near = [f"addr add {SENDER_IPV4}/24 dev eth0", f"addr add {SENDER_IPV6}/64 dev eth0 nodad"]
        routes = [f"route add default via {GATEWAY_IPV4}", f"route add ::/0 via {GATEWAY_IPV6}"]
        # a throw route ends the lookup as if there were no route: "Network is unreachable", at once
        self.namespace.ip_batch([*near, *routes, f"route add throw {world.UNROUTED_PREFIX}::/48"])
        gateway = [f"addr add {GATEWAY_IPV4}/24 dev eth0", f"addr add {GATEWAY_IPV6}/64 dev eth0 nodad"]
        servers = [f"addr add {address}/24 dev eth0" for address in {self.resolver, "192.0.2.53"}]
        self.world.ip_batch([*gateway, *servers])

    def _wait_for_dns(self, timeout: float = 10) -> None:
        deadline = time.monotonic() + timeout
        argv = ["dig", "+short", "+tries=1", "+time=1", f"@{self.resolver}", SENDER_NAME, "A"]
        while self.run(argv).stdout.strip() != SENDER_IPV4:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no DNS at {self.resolver}: see {self.directory}/dns")
            time.sleep(0.03)

    def restore(self) -> None:
        """Back to the first settings and listeners, an empty queue, and no memory of failed destinations."""
        self.sinks.restore()
        for path, text in self._first.items():
            if path.read_bytes() != text:
                path.write_bytes(text)
        self.settle()
        self.clear_queue()
        if self.reload().returncode:
            self.start()  # a test may have stopped it


class Closing(Protocol):
    """What can be taken down."""

    def close(self) -> None: ...


_open: list[Closing] = []


def _take_down(signum: int, frame: FrameType | None) -> None:
    while _open:
        _open[-1].close()
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)


def taken_down_by_signals(place: Closing) -> None:
    """SIGTERM and SIGHUP end this process as before, but take `place` down first; the newest goes first."""
    _open.append(place)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _take_down)


def is_open(place: Closing) -> bool:
    return place in _open


def closed(place: Closing) -> None:
    _open.remove(place)
