"""A real authoritative server, NSD, on a high loopback port: `with nsd(zone) as port:`.

Skips the test where NSD is not installed.  The server ends with the block, whatever happens in it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from mxtop.dns.resolvconf import Endpoint, ResolvConf

NSD = shutil.which("nsd", path="/usr/sbin:/usr/local/sbin:/usr/bin")

HEAD = """$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 1 3600 900 86400 60
@ NS ns
ns A 127.0.0.1
"""

CONF = """server:
  ip-address: {address}@{port}
  username: ""
  database: ""
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  zonelistfile: "{directory}/zone.list"
  xfrdfile: "{directory}/xfrd.state"
  xfrdir: "{directory}"
  server-count: 1
  hide-version: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example.
  zonefile: example.zone
"""


@contextmanager
def nsd(records: str, address: str = "127.0.0.1", port: int | None = None) -> Iterator[int]:
    """Serve the zone `example.` with these records besides SOA and NS; the port it listens on."""
    if NSD is None:
        pytest.skip("nsd is not installed")
    with tempfile.TemporaryDirectory(prefix="mxtop-nsd-") as directory:
        port = port or free_port(address)
        Path(directory, "example.zone").write_text(HEAD + records)
        conf = Path(directory, "nsd.conf")
        conf.write_text(CONF.format(address=address, port=port, directory=directory))
        with Path(directory, "nsd.log").open("w+") as log:
            server = subprocess.Popen([NSD, "-d", "-c", str(conf)], stdout=log, stderr=log)
            try:
                _wait_until_it_answers(server, address, port, Path(directory, "nsd.log"))
                yield port
            finally:
                server.terminate()
                server.wait(10)


def conf_for(port: int, address: str = "127.0.0.1") -> ResolvConf:
    return ResolvConf((Endpoint(address, port),))


def free_port(address: str) -> int:
    """A port that is free for UDP and TCP at this moment."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family) as tcp:
            udp.bind((address, 0))
            try:
                tcp.bind(udp.getsockname()[:2])
            except OSError:
                continue
            return int(udp.getsockname()[1])


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str, port: int, log: Path) -> None:
    query = dns.message.make_query("example.", "SOA")
    for _ in range(100):
        if server.poll() is not None:
            break
        try:
            if dns.query.udp(query, address, timeout=0.2, port=port).answer:
                return
        except (dns.exception.Timeout, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"nsd did not start: {log.read_text()}")
