"""Own addresses, from inet_interfaces and proxy_interfaces."""

from mxtop.hosts.local import LocalHost
from mxtop.postfix.addresses import interfaces, own

host = LocalHost()
OF_HOST = ("127.0.0.1", "::1", "192.0.2.1", "2001:db8::1")


async def test_interfaces_of_this_machine() -> None:
    assert "127.0.0.1" in await interfaces(host)


async def test_expansion() -> None:
    assert await own(host, "all", "", OF_HOST) == set(OF_HOST)
    assert await own(host, "loopback-only", "203.0.113.1", OF_HOST) == {"127.0.0.1", "::1", "203.0.113.1"}
    assert await own(host, "192.0.2.1, [2001:DB8:0::1]", "[ipv6:2001:db8::2]", OF_HOST) == {
        "192.0.2.1", "2001:db8::1", "2001:db8::2",
    }  # fmt: skip


async def test_names() -> None:
    assert await own(host, "localhost", "", ()) & {"127.0.0.1", "::1"}
    assert await own(host, "no-such-host.invalid, -x", "", ()) == set()
