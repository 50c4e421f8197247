"""Every destination of the lab behaves as `world.py` promises: one message, and what the log says of it."""

import re

import pytest

from tests.lab import Lab, world

pytestmark = pytest.mark.lab


def deliver(lab: Lab, destination: world.Destination) -> str:
    """The delivery line of one message to it."""
    lab.send(f"user@{destination.domain}")
    line = lab.wait_lines(rf"to=<user@{re.escape(destination.domain)}>")[0]
    lab.wait_idle()
    return line


def test_dual(lab: Lab) -> None:
    line = deliver(lab, world.DUAL)
    assert re.search(r"relay=mx\.dual\.example\[(198\.51\.100\.4|2001:db8:0:1::1)\]:25, .* status=sent", line)
