"""The mail hosts of the world: one listener for each address, so that each can be stopped or changed alone.

smtp-sink(1) plays every service that does not need TLS; a second Postfix offers STARTTLS.  Nothing
that is taken is stored.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.lab.namespaces import Namespace, command
from tests.lab.postfix import Postfix
from tests.lab.world import GMAIL_REPLY, GREYLIST_REPLY, TARPIT_SECONDS, Address, Destination, Service

SINK_OPTIONS: dict[Service, tuple[str, ...]] = {
    Service.ACCEPT: (),
    Service.REJECT: ("-f", ".", "-B", GMAIL_REPLY),
    Service.GREYLIST: ("-r", "RCPT", "-b", GREYLIST_REPLY),
    Service.BUSY: ("-W", "DATA:1:60"),
    Service.TARPIT: ("-W", f"CONNECT:{TARPIT_SECONDS}"),
    Service.HANG_UP: ("-q", "CONNECT"),
    Service.HOLE: (),
}
DROPS: dict[Service, str] = {Service.DROPPED: "drop", Service.HOLE: "meta length > 1280 drop"}
"""What nftables does with packets to an address; 1280 is the least MTU of IPv6 (RFC 8200, 5)."""

BACKLOG = "1000"
TLS_NAME = "tls-sink.example"


def addresses(destinations: Sequence[Destination]) -> dict[str, tuple[Address, str]]:
    """Each address once, with the name of the host that has it first."""
    found: dict[str, tuple[Address, str]] = {}
    for destination in destinations:
        for host in destination.hosts:
            for address in host.addresses:
                found.setdefault(address.ip, (address, host.name))
    return found


class Sinks:
    """The listeners of one lab, by address."""

    def __init__(self, namespace: Namespace, directory: Path, destinations: Sequence[Destination]) -> None:
        self.namespace = namespace
        self.directory = directory
        self.addresses = addresses(destinations)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.changed: set[str] = set()

    def start(self) -> None:
        """Addresses on loopback, packets to holes dropped, then every listener."""
        self.directory.mkdir()
        local = [a for a, _ in self.addresses.values() if a.service is not Service.UNROUTED]
        self.namespace.ip_batch([f"addr add {a.ip} dev lo{' nodad' if a.is_ipv6 else ''}" for a in local])
        dropped = [a for a in local if a.service in DROPS]
        if dropped:
            rules = "".join(
                f"add rule inet lab input {'ip6' if a.is_ipv6 else 'ip'} daddr {a.ip} {DROPS[a.service]}\n"
                for a in dropped
            )
            chain = "add chain inet lab input { type filter hook input priority 0; }\n"
            ruleset = self.directory / "nft"
            ruleset.write_text(f"add table inet lab\n{chain}{rules}")
            self.namespace.run(["nft", "-f", str(ruleset)], check=True)
        for ip in self.addresses:
            self._serve(ip)
        tls = [a.ip for a, _ in self.addresses.values() if a.service is Service.TLS]
        if tls:
            self._start_tls(tls)

    def _serve(self, ip: str) -> None:
        """What `world.py` says of this address (a Postfix for TLS is started apart)."""
        address, name = self.addresses[ip]
        if address.service in SINK_OPTIONS:
            self._sink(ip, name, SINK_OPTIONS[address.service])

    def _sink(self, ip: str, name: str, options: Sequence[str]) -> None:
        where = f"inet:[{ip}]:25" if ":" in ip else f"inet:{ip}:25"
        argv = ["smtp-sink", "-u", "nobody", "-h", name, *options, where, BACKLOG]
        with (self.directory / "smtp-sink.log").open("a") as log:
            self.running[ip] = self.namespace.daemon(argv, log)

    def stop(self, ip: str) -> None:
        """From now on `ip` refuses connections."""
        self.changed.add(ip)
        process = self.running.pop(ip, None)
        if process is not None:
            process.kill()
            process.wait()

    def change(self, ip: str, service: Service) -> None:
        """From now on `ip` behaves as `service`, which is one of `SINK_OPTIONS`."""
        self.stop(ip)
        self._sink(ip, self.addresses[ip][1], SINK_OPTIONS[service])
        self.wait_until_listening([ip])

    def restore(self) -> None:
        """Undo every `stop` and `change`."""
        back = sorted(self.changed)
        for ip in back:
            self.stop(ip)
            self._serve(ip)
        self.changed.clear()
        self.wait_until_listening(back)

    def _start_tls(self, ips: Sequence[str]) -> None:
        certificate, key = self.directory / "tls.crt", self.directory / "tls.key"
        subject = ["-subj", f"/CN={TLS_NAME}", "-days", "2", "-nodes"]
        out = ["-keyout", str(key), "-out", str(certificate)]
        command(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                *subject,
                *out,
            ]
        )
        self.tls = Postfix(self.namespace, self.directory / "postfix", self.directory / "postfix-state")
        self.tls.configure(
            {
                "myhostname": TLS_NAME,
                "inet_interfaces": ", ".join(ips),
                "mynetworks": "192.0.2.0/24 [2001:db8::]/64",
                "default_transport": "discard",
                "smtpd_tls_security_level": "may",
                "smtpd_tls_cert_file": str(certificate),
                "smtpd_tls_key_file": str(key),
            }
        )
        self.tls.start()

    def wait_until_listening(self, ips: Iterable[str] | None = None, timeout: float = 10) -> None:
        """Return when those of `ips` (default: all) that should answer do; TimeoutError names the others."""
        asked = self.addresses if ips is None else ips
        wanted = {f"[{ip}]" if ":" in ip else ip for ip in asked if self.addresses[ip][0].service.listens}
        deadline = time.monotonic() + timeout
        while missing := wanted - self._listening():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on {sorted(missing)}: see {self.directory}/smtp-sink.log")
            time.sleep(0.03)

    def _listening(self) -> set[str]:
        rows = command(["ss", "-N", self.namespace.name, "-Hltn", "sport = :25"]).splitlines()
        return {row.split()[3].rpartition(":")[0] for row in rows}
