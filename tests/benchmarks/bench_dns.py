"""1,000 destinations (MX, then A and AAAA of two hosts each: 5,000 queries) on a local NSD.

`python -m tests.benchmarks.bench_dns`, or with the others under pytest: each contender is a process of
its own, timed from start to end.  The peer is plain dns.asyncresolver.  The target is 3 s for ours.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import dns.asyncresolver
from tests.dns.nsd import conf_for, nsd

from mxtop.dns.cache import Cache
from mxtop.dns.lookup import Lookup
from mxtop.dns.resolver import Resolver
from mxtop.mail.nexthop import NextHop
from mxtop.mail.settings import Transport

DESTINATIONS = 1000
TARGET_SECONDS = 3.0
PEER_OPEN = 16  # destinations at once: more only adds lag


def zone() -> str:
    lines = []
    for number in range(DESTINATIONS):
        lines.append(f"d{number} MX 10 mx1.d{number}\nd{number} MX 20 mx2.d{number}")
        for host in (1, 2):
            lines.append(f"mx{host}.d{number} A 192.0.2.{number % 250 + 1}")
            lines.append(f"mx{host}.d{number} AAAA 2001:db8::{number:x}:{host}")
    return "\n".join(lines) + "\n"


async def ours(port: int) -> int:
    """The number of addresses found."""
    async with Resolver(conf_for(port)) as resolver:
        lookup = Lookup(resolver, Cache())
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(lookup.answer(NextHop(f"d{number}.example"), Transport(), now=True))
                for number in range(DESTINATIONS)
            ]
    return sum(len(host.addresses) for task in tasks for host in task.result().hosts)


async def peer(port: int) -> int:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    gate = asyncio.Semaphore(PEER_OPEN)

    async def one(number: int) -> int:
        async with gate:
            found = 0
            for record in await resolver.resolve(f"d{number}.example.", "MX"):
                for rdtype in ("A", "AAAA"):
                    found += len(await resolver.resolve(record.exchange, rdtype))
            return found

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number)) for number in range(DESTINATIONS)]
    return sum(task.result() for task in tasks)


async def _with_lag(work: Awaitable[int]) -> tuple[int, list[float]]:
    """The result, and how late a 5 ms timer was each time, in seconds."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - start - 0.005)

    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(watch())
        found = await work
        watcher.cancel()
    return found, sorted(lags)


def contender(name: str, port: int) -> None:
    run: Callable[[int], Awaitable[int]] = {"ours": ours, "peer": peer}[name]
    found, lags = asyncio.run(_with_lag(run(port)))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "addresses": found,
                "cpu": usage.ru_utime + usage.ru_stime,
                "rss_mb": usage.ru_maxrss / 1024,
                "lag_p99_ms": lags[int(len(lags) * 0.99)] * 1000 if lags else None,
            }
        )
    )


def measure(name: str, port: int) -> dict[str, float]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_dns", name, str(port)],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    return {"wall": time.perf_counter() - start, **json.loads(done.stdout)}


def main() -> int:
    with nsd(zone()) as port:
        results = {name: measure(name, port) for name in ("ours", "peer")}
    for name, figures in results.items():
        print(
            f"{name}: {figures['wall']:.2f} s wall, {figures['cpu']:.2f} s CPU, "
            f"loop lag p99 {figures['lag_p99_ms']:.0f} ms, {figures['rss_mb']:.0f} MB, "
            f"{figures['addresses']:.0f} addresses"
        )
    good = results["ours"]["addresses"] == results["peer"]["addresses"] == DESTINATIONS * 4
    within = results["ours"]["wall"] <= TARGET_SECONDS
    print(f"target {TARGET_SECONDS:g} s: {'held' if within and good else 'MISSED'}")
    return 0 if within and good else 1


def test_a_thousand_destinations_within_the_target() -> None:
    assert main() == 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        contender(sys.argv[1], int(sys.argv[2]))
    else:
        sys.exit(main())
