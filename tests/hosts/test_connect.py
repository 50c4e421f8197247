"""A remote host from a target: nothing is connected, and no SSH library loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mxtop.hosts.connect import new_bastions, ssh_host
from mxtop.hosts.openssh import CONNECT_SECONDS, OpenSsh
from mxtop.hosts.ssh import Dialer
from mxtop.hosts.target import Target


def test_nothing_is_connected_yet() -> None:
    for command in (None, ["ssh"]):
        host = ssh_host(Target("mx1", "alice", 2222), config=[], command=command)
        assert (host.link.state, host.generation) == ("idle", 0)
        assert (host.name, host.whole_name) == ("mx1:2222", "alice@mx1:2222"), (
            "the user is no part of the name"
        )


@pytest.mark.parametrize(("given", "seconds"), [(None, CONNECT_SECONDS), (3.0, 3.0)])
def test_a_program_of_the_system_is_the_transport_where_one_is_named(
    given: float | None, seconds: float
) -> None:
    dial = ssh_host(Target("mx1"), command=["ssh", "-F", "x"], connect_timeout=given)._dial
    assert isinstance(dial, OpenSsh)
    assert dial._timeout == seconds and dial._command == ("ssh", "-F", "x")


def test_an_empty_configuration_is_not_the_operators() -> None:
    dial = ssh_host(Target("mx1"), config=[])._dial
    assert isinstance(dial, Dialer) and dial._config == []


def test_bastions_are_shared_only_by_those_who_are_given_the_same() -> None:
    bastions = new_bastions()
    dials = [
        ssh_host(Target("mx1"), config=[], bastions=each)._dial for each in (bastions, bastions, None, None)
    ]
    made = [dial._bastions for dial in dials if isinstance(dial, Dialer)]
    assert made[0] is made[1] is bastions and made[2] is not made[3]
    assert bastions.at("jump") is bastions.at("jump") is not bastions.at("other")


@pytest.mark.parametrize(("call", "loaded"), [("", False), ("command=['ssh']", False), ("config=[]", True)])
def test_an_ssh_library_is_loaded_only_where_it_speaks(call: str, loaded: bool) -> None:
    code = (
        "import sys; from mxtop.hosts.connect import ssh_host; from mxtop.hosts.target import Target\n"
        f"{call and f'ssh_host(Target(chr(109)), {call})'}\nprint('asyncssh' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == f"{loaded}\n"
