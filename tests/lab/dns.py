"""The lab's DNS: NSD with one zone, the root, so that every name has a true answer or a true NXDOMAIN.

Where a destination has faults that an authoritative server cannot show, the sender's resolv.conf
points to `responder.py` instead, which passes everything else on to NSD.  Neither validates or recurses.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

from tests.lab.namespaces import Namespace
from tests.lab.world import Destination, Host

NSD_ADDRESS = "192.0.2.53"
RESPONDER_ADDRESS = "192.0.2.54"
TTL = 300
ROOT = Path(__file__).resolve().parents[2]

CONFIG = """\
server:
  ip-address: {address}
  username: ""
  database: ""
  server-count: 1
  rrl-ratelimit: 0
  zonesdir: "{directory}"
  zonelistfile: "{directory}/zone.list"
  xfrdfile: "{directory}/xfrd.state"
  xfrdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  logfile: "{directory}/nsd.log"
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone"
"""


def _host_records(host: Host) -> list[str]:
    if host.cname_of:
        return [f"{host.name}. CNAME {host.cname_of}."]
    return [f"{host.name}. {'AAAA' if a.is_ipv6 else 'A'} {a.ip}" for a in host.addresses]


def records(destinations: Iterable[Destination]) -> list[str]:
    """Master file lines (RFC 1035) with absolute names, in DNS order of each destination's `mx`."""
    lines: list[str] = []
    for destination in destinations:
        for preference, host in destination.mx:
            name = host if host.endswith(".") else f"{host}."
            lines.append(f"{destination.domain}. MX {preference} {name}")
        for host_ in destination.hosts:
            lines += _host_records(host_)
    return lines


def zone(destinations: Iterable[Destination], own: Iterable[tuple[str, str]]) -> str:
    """The root zone: the destinations, and `own` (name, address) with their reverse names."""
    lines = [f"$TTL {TTL}", ". SOA ns.example. hostmaster.example. 1 3600 600 86400 60", ". NS ns.example."]
    lines += [f"ns.example. A {NSD_ADDRESS}", *records(destinations)]
    for name, address in own:
        lines.append(f"{name}. {'AAAA' if ':' in address else 'A'} {address}")
        lines.append(f"{ip_address(address).reverse_pointer}. PTR {name}.")
    return "\n".join(lines) + "\n"


class NameServer:
    """NSD in a namespace, with `responder.py` before it where there are faults."""

    def __init__(self, namespace: Namespace, directory: Path, destinations: Sequence[Destination]) -> None:
        self.namespace = namespace
        self.directory = directory
        self.destinations = destinations
        self.processes: list[subprocess.Popen[bytes]] = []
        self.faults = [fault for destination in destinations for fault in destination.faults]

    @property
    def address(self) -> str:
        """What the sender's resolv.conf names."""
        return RESPONDER_ADDRESS if self.faults else NSD_ADDRESS

    def start(self, own: Iterable[tuple[str, str]]) -> None:
        self.directory.mkdir()
        (self.directory / "root.zone").write_text(zone(self.destinations, own))
        config = self.directory / "nsd.conf"
        config.write_text(CONFIG.format(address=NSD_ADDRESS, directory=self.directory))
        self._daemon(["nsd", "-d", "-c", str(config)])
        if self.faults:
            words = [f"{fault.name}/{fault.type}/{fault.kind}" for fault in self.faults]
            self._daemon(
                [sys.executable, "-m", "tests.lab.responder", RESPONDER_ADDRESS, NSD_ADDRESS, *words]
            )

    def _daemon(self, argv: list[str]) -> None:
        with (self.directory / "stderr").open("a") as log:
            self.processes.append(self.namespace.daemon(argv, log, cwd=ROOT))
