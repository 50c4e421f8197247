"""A real mail world in network namespaces.

    with Lab([world.DUAL, world.BLACK_HOLE], settings={"smtp_address_preference": "ipv6"}) as lab:
        lab.send("user@dual.example", count=200)
        lab.wait_idle()
        lines = lab.lines()

One sender host runs a real Postfix; NSD answers its DNS questions; smtp-sink listeners (and a second
Postfix for STARTTLS) are the mail hosts.  `world.py` lists the destinations and what each promises.
Needs root and the packages of packages.txt (`make deps`).  Tests take the `lab` fixture of tests/conftest.py.
`Lab(syslog="iso")` logs as Debian does, through rsyslogd.
For people: `python -m tests.lab up|down|traffic|shell`.
"""

from tests.lab import world
from tests.lab.lab import Lab
from tests.lab.world import ALL, Destination

__all__ = ["ALL", "Destination", "Lab", "world"]
