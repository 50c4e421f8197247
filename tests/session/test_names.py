"""Names: the eyes of each transport, the tables asked anew after a while, and what is kept resolved."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mxtop.dns import resolver
from mxtop.hosts.local import LocalHost
from mxtop.mail.sample import Resolved
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.session import names
from mxtop.session.names import Names, Pace


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "resolv.conf").write_text("nameserver 127.0.0.9\n")
    transports = {
        "smtp": Transport(chroot=True),
        "dane": Transport(service="dane", chroot=True, smtp_dns_support_level="dnssec"),
        "bare": Transport(service="bare"),
    }
    return Settings(queue_directory=str(tmp_path), myhostname="mx.example", transports=transports)


async def test_a_chrooted_transport_sees_with_the_resolver_of_its_chroot(settings: Settings) -> None:
    async with Names(LocalHost()) as found:
        assert await found.viewpoint("smtp") is None, "the settings are not known yet"
        found.settings = settings
        inside, outside = await found.viewpoint("smtp"), await found.viewpoint("bare")
        assert inside is not None and outside is not None
        assert (inside.host, inside.resolver) == ("mx.example", "127.0.0.9")
        assert outside.resolver != "127.0.0.9"


async def test_only_a_transport_under_dnssec_asks_for_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both share a resolv.conf: who comes first must not decide for the other."""
    made: list[bool] = []
    real = resolver.Resolver

    def counted(*args: object, dnssec: bool, **more: object) -> object:
        made.append(dnssec)
        return real(*args, dnssec=dnssec, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("mxtop.session.names.Resolver", counted)
    async with Names(LocalHost()) as found:
        found.settings = settings
        for service in ("smtp", "dane", "smtp", "dane"):
            await found.viewpoint(service)
    assert made == [False, True]


async def test_routes_are_kept_for_a_while_and_not_beyond_new_settings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def route(host: object, known: Settings, destination: str) -> Route:
        asked.append(known.myhostname)
        return Route(destination=destination)

    monkeypatch.setattr("mxtop.session.names.nexthop.route", route)
    async with Names(LocalHost()) as found:
        assert (await found.resolve("a.example")).error == "the settings of Postfix are not known"
        found.settings = settings
        for _ in range(3):
            await found.resolve("a.example")
        assert asked == ["mx.example"]
        found.settings = replace(settings)  # equal: nothing changed
        await found.resolve("a.example")
        assert asked == ["mx.example"]
        found.settings = replace(settings, myhostname="new.example")
        await found.resolve("a.example")
        assert asked == ["mx.example", "new.example"]
        monkeypatch.setattr(names, "ROUTE_AGE", 0.0)
        await found.resolve("a.example")
        assert len(asked) == 3


async def test_what_is_no_destination_is_told(settings: Settings) -> None:
    async with Names(LocalHost()) as found:
        found.settings = settings
        resolved = await found.resolve("not a domain")
        assert resolved.route is None and resolved.error


async def test_the_selected_one_and_the_others_are_kept_resolved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def route(host: object, known: Settings, destination: str) -> Route:
        return Route(destination=destination)

    monkeypatch.setattr("mxtop.session.names.nexthop.route", route)
    seen: list[str] = []
    wanted = "a.example"

    def take(resolved: Resolved) -> None:
        nonlocal wanted
        seen.append(resolved.destination)
        wanted = "c.example"  # the cursor moves on

    async with Names(LocalHost()) as found:
        found.settings = settings
        task = asyncio.ensure_future(found.run(take, lambda: wanted, lambda: ["b.example"]))
        try:
            async with asyncio.timeout(10):
                while "c.example" not in seen:
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert set(seen) == {"a.example", "b.example", "c.example"}
    assert len(seen) == len(set(seen)), "none is asked again before its time"


async def test_another_selection_is_looked_up_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def route(host: object, known: Settings, destination: str) -> Route:
        return Route(destination=destination)

    monkeypatch.setattr("mxtop.session.names.nexthop.route", route)
    monkeypatch.setattr("mxtop.session.names.SELECTED_PACE", Pace(age=5.0, look=3600.0))
    selected: list[str] = []
    seen = asyncio.Queue[str]()

    async with Names(LocalHost()) as found:
        task = asyncio.ensure_future(
            found.run(
                lambda resolved: seen.put_nowait(resolved.destination),
                lambda: selected[-1] if selected else None,
                list,
            )
        )
        try:
            async with asyncio.timeout(10):
                await asyncio.sleep(0.05)  # it rests
                selected.append("a.example")
                found.settings = settings  # an event of its own
                assert await seen.get() == "a.example"
                await asyncio.sleep(0.05)
                selected.append("b.example")
                found.look_now()
                assert await seen.get() == "b.example"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
