"""Routes and DNS of the destinations that matter: the selected one first, then those with traffic.

Asks as the mail host asks: the resolv.conf of the chroot where smtp(8) is chrooted.  A resolver
that does not answer costs this feed alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, NamedTuple, Self

from mxtop.dns import resolvconf
from mxtop.dns.cache import Cache
from mxtop.dns.lookup import Lookup
from mxtop.dns.resolver import Resolver
from mxtop.hosts import beat
from mxtop.hosts.base import Host
from mxtop.mail import nexthop as next_hops
from mxtop.mail.answer import Viewpoint
from mxtop.mail.sample import Resolved
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.postfix import nexthop
from mxtop.postfix.resolver import resolv_conf_path

ROUTE_AGE: Final = 300.0
"""Seconds after which the tables of Postfix are asked again."""


class Pace(NamedTuple):
    """How often destinations are looked at, in seconds; what is fresh by its TTL is not asked again."""

    age: float
    """After which a destination is resolved again."""
    look: float
    """Between two looks which destinations are wanted; another selection is told by `look_now`."""


SELECTED_PACE: Final = Pace(age=5.0, look=1.0)
OTHERS_PACE: Final = Pace(age=60.0, look=2.0)
BEHIND_PACE: Final = Pace(age=300.0, look=10.0)
"""Of a host that nobody looks at."""

AT_ONCE: Final = 4


class Names:
    """`async with Names(host) as names`: `names.settings = …`, then `await names.resolve(…)`.

    `ask_from`: the nameservers are asked from that machine; else from here.  `phase`: seconds, as in `beat`.
    """

    def __init__(self, host: Host, *, ask_from: Host | None = None, phase: float = 0.0) -> None:
        self._host = host
        self._ask_from = ask_from
        self._phase = phase
        self._settings: Settings | None = None
        self._cache = Cache()
        self._lookups: dict[tuple[str, bool], Lookup] = {}
        self._routes: dict[str, tuple[float, Route]] = {}
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._turned = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def settings(self) -> Settings | None:
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._routes.clear()
            self._lookups.clear()
            self.look_now()

    def look_now(self) -> None:
        """Another destination is selected, or the same one in another way."""
        self._turned.set()

    async def resolve(self, destination: str, *, now: bool = False) -> Resolved:
        """The route of a destination and what DNS says; `now` where somebody waits for it."""
        if self._settings is None:
            return Resolved(destination, None, error="the settings of Postfix are not known")
        try:
            route = await self._route(self._settings, destination)
        except ValueError as error:
            return Resolved(destination, None, error=str(error))
        transport = self._settings.transport(route.transport)
        lookup = await self._lookup(self._settings, transport)
        answers = []
        for hop in (*route.next_hops, *route.fallback):
            try:
                parsed = next_hops.parse(hop)
            except ValueError as error:
                return Resolved(destination, route, error=str(error))
            own = self._settings.own_addresses
            version = self._settings.mail_version
            answers.append(await lookup.answer(parsed, transport, version, own=own, now=now))
        return Resolved(destination, route, tuple(answers))

    async def viewpoint(self, transport: str) -> Viewpoint | None:
        """Whose eyes a transport resolves with; None while the settings are not known."""
        if self._settings is None:
            return None
        lookup = await self._lookup(self._settings, self._settings.transport(transport))
        return lookup.viewpoint

    async def _route(self, settings: Settings, destination: str) -> Route:
        known = self._routes.get(destination)
        if known is not None and known[0] > time.monotonic() - ROUTE_AGE:
            return known[1]
        route = await nexthop.route(self._host, settings, destination)
        self._routes[destination] = (time.monotonic(), route)
        return route

    async def _lookup(self, settings: Settings, transport: Transport) -> Lookup:
        path = resolv_conf_path(settings, transport)
        dnssec = transport.smtp_dns_support_level == "dnssec"
        async with self._opening:
            if (path, dnssec) not in self._lookups:
                try:
                    text = (await self._host.read_file(path)).decode("utf-8", "replace")
                except ConnectionError:
                    raise  # the host is lost, which says nothing of its files
                except OSError:
                    text = None  # as the C library: the nameserver of this host
                name = settings.myhostname or self._host.name
                resolver = Resolver(resolvconf.parse(text), host=name, dnssec=dnssec, ask_from=self._ask_from)
                await self._stack.enter_async_context(resolver)
                self._lookups[path, dnssec] = Lookup(resolver, self._cache)
            return self._lookups[path, dnssec]

    async def run(
        self,
        take: Callable[[Resolved], None],
        selected: Callable[[], str | None],
        others: Callable[[], Sequence[str]],
        pace: Callable[[], Pace] = lambda: OTHERS_PACE,
    ) -> None:
        """Keep the selected destination and the `others` (at their `pace`) resolved, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(
                self._keep(take, lambda: [s] if (s := selected()) else [], lambda: SELECTED_PACE, now=True)
            )
            group.create_task(self._keep(take, others, pace, now=False))

    async def _keep(
        self,
        take: Callable[[Resolved], None],
        wanted: Callable[[], Sequence[str]],
        pace: Callable[[], Pace],
        *,
        now: bool,
    ) -> None:
        done: dict[str, tuple[float, Settings | None]] = {}
        while True:
            current = wanted() if self._settings is not None else ()  # without settings there is no next hop
            done = {name: done[name] for name in current if name in done}
            due = [name for name in current if not self._fresh(done.get(name), pace().age)][:AT_ONCE]
            if not due:
                await self._rest(pace().look, until_turned=now)
                continue
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.resolve(name, now=now)) for name in due]
            for task in tasks:
                take(task.result())
                done[task.result().destination] = (time.monotonic(), self._settings)

    async def _rest(self, seconds: float, *, until_turned: bool) -> None:
        if not until_turned:
            await beat.rest(seconds, self._phase)
            return
        try:
            async with asyncio.timeout_at(beat.due(seconds, self._phase)):
                await self._turned.wait()
        except TimeoutError:
            pass
        self._turned.clear()

    def _fresh(self, done: tuple[float, Settings | None] | None, age: float) -> bool:
        return done is not None and done[0] > time.monotonic() - age and done[1] is self._settings
