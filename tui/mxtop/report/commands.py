"""The commands without a screen: each gathers what it needs once, prints it and gives the exit code.

Loads psutil, dnspython and asyncio only where a command needs them, and never Textual.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mxtop.mail.errors import LogUnreadable, MxtopError
from mxtop.mail.parse import Parser
from mxtop.mail.text import SafeText, clean
from mxtop.mail.tracker import Tracker
from mxtop.report.where import HERE, Where

if TYPE_CHECKING:
    from mxtop.hosts.base import Host
    from mxtop.mail.sockets import SocketRow
    from mxtop.report.hostlog import HostLog

DONE, BAD = 0, 1


def dns(domains: Sequence[str], *, config_directory: str | None, as_json: bool, where: Where = HERE) -> int:
    """`mxtop dns`: 1 where a domain cannot be delivered to."""
    import asyncio

    from mxtop.report.reach import reach

    async def ask() -> int:
        async with reach(where) as host:
            return await _dns(host, host if where.remote else None, domains, config_directory, as_json)

    return asyncio.run(ask())


async def _dns(
    host: Host, ask_from: Host | None, domains: Sequence[str], config_directory: str | None, as_json: bool
) -> int:
    import asyncio

    from mxtop.mail.answer import Viewpoint
    from mxtop.postfix import settings as postfix_settings
    from mxtop.report.dns import document, lines
    from mxtop.route.predict import predict_route, undeliverable
    from mxtop.session.names import Names

    settings = await postfix_settings.read(host, config_directory)
    async with Names(host, ask_from=ask_from) as names:
        names.settings = settings
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(names.resolve(domain, now=True)) for domain in domains]
        except ExceptionGroup as group_error:  # the host is lost, which each of them says
            raise group_error.exceptions[0] from group_error
        found = [task.result() for task in tasks]
        viewpoint: Viewpoint | None = None
        shown: list[Any] = []
        bad = False
        for resolved in found:
            if resolved.route is None or resolved.error:
                raise MxtopError(
                    f"{resolved.destination!r}: {resolved.error}",
                    "name a domain, an address or a next hop such as [host]:587",
                )
            viewpoint = await names.viewpoint(resolved.route.transport)
            prediction = predict_route(settings, resolved.route, resolved.answers)
            bad |= undeliverable(prediction)
            whole = (resolved.destination, viewpoint, resolved.route, resolved.answers, prediction, settings)
            if as_json:
                shown.append(document(*whole))
            else:
                shown += [*lines(*whole), ""]
    if as_json:
        print_json(shown)
    else:
        print_lines(shown[:-1])
        for warning in settings.warnings:
            print(f"mxtop: {warning}", file=sys.stderr)
    return BAD if bad else DONE


def sockets(*, config_directory: str | None, as_json: bool, filters: bool, where: Where = HERE) -> int:
    """`mxtop sockets`: one sample; loopback content filters only with `filters`."""
    import asyncio

    from mxtop.report.sockets import document, lines

    rows, note = asyncio.run(sampled(where, config_directory))
    rows = tuple(row for row in rows if filters or not row.filter_hop)
    if as_json:
        print_json(document(rows))
    else:
        print_lines(lines(rows))
    if note:
        print(f"mxtop: {clean(note)}", file=sys.stderr)
    return DONE


async def sampled(where: Where, config_directory: str | None) -> tuple[tuple[SocketRow, ...], str]:
    """One sample, and what could not be seen."""
    from contextlib import aclosing

    from mxtop.report import hostlog
    from mxtop.report.reach import reach
    from mxtop.sockets.remote import RemoteSampler
    from mxtop.sockets.sampler import Sampler, relay_ports

    async with reach(where) as host:
        settings = await hostlog.settings_of(host, config_directory)
        ports = relay_ports(settings) if settings else ()
        queue_directory = settings.queue_directory if settings and config_directory else None
        if where.remote:
            there = RemoteSampler(host, queue_directory)
            async with aclosing(there.samples(lambda: ports)) as samples:
                return await anext(samples), there.note
        here = Sampler(queue_directory)
        try:
            return here.sample(ports), here.note
        except OSError as error:
            raise MxtopError(f"the sockets cannot be read: {error}", "is /proc mounted?") from error


def parse(
    files: Sequence[str] | None,
    *,
    config_directory: str | None,
    log: str | None,
    year: int | None,
    where: Where = HERE,
) -> int:
    """`mxtop parse`: the events of files, or (None) of a host's log with all that was rotated."""
    from mxtop.report import parse as body

    if files is not None:
        return body.run(files, sys.stdout.buffer, year=year)
    import asyncio  # a file is read without it

    from mxtop.report import hostlog
    from mxtop.report.reach import reach

    async def read() -> tuple[str, ...]:
        async with reach(where) as host:
            place = await hostlog.find(host, config_directory, log)
            if place.path and not where.remote:
                return hostlog.files(place.path)
            parser = Parser(time.time(), year=year)
            async for first, batch in hostlog.batches(host, place, None):
                if batch.gap:
                    raise LogUnreadable(batch.gap, "unpack it by hand")
                if first:
                    parser = Parser(batch.reference or time.time(), year=year, zone=batch.zone)
                for line in batch.text.removesuffix("\n").split("\n"):
                    sys.stdout.buffer.write(body.encode(parser.parse(line)))
            sys.stdout.buffer.flush()
            return ()

    if here := asyncio.run(read()):
        return body.run(here, sys.stdout.buffer, year=year)
    return DONE


def report(
    files: Sequence[str] | None,
    *,
    config_directory: str | None,
    log: str | None,
    since: float | None,
    year: int | None,
    as_json: bool,
    where: Where = HERE,
) -> int:
    """`mxtop report`: of files as they are, or (None) of a host's instance, other instances left out."""
    from mxtop.report import report as body

    out = sys.stdout.buffer
    if files is not None:
        return body.run(files, out, since=since, as_json=as_json, year=year)
    import asyncio  # a file is read without it

    from mxtop.report import hostlog

    place, tracker = asyncio.run(counted(where, config_directory, log, since, year))
    if tracker is not None:
        body.emit(body.build(tracker, place.host), out, as_json=as_json)
        return DONE
    return body.run(
        hostlog.files(place.path),
        out,
        since=since,
        until=time.time(),
        as_json=as_json,
        year=year,
        host=place.host,
        syslog_names=place.syslog_names,
    )


async def counted(
    where: Where, config_directory: str | None, log: str | None, since: float | None, year: int | None
) -> tuple[HostLog, Tracker | None]:
    """A host's log, and what it comes to; None where it is a file of this machine."""
    from mxtop.report import hostlog
    from mxtop.report.reach import reach
    from mxtop.report.reading import Counting

    async with reach(where) as host:
        place = await hostlog.find(host, config_directory, log)
        if place.path and not where.remote:
            return place, None
        tracker = Tracker(place.syslog_names, sums_only=True)
        begin = await hostlog.clock(host) - since if since is not None and place.path else None
        counting = Counting(tracker, begin, year)
        async for first, batch in hostlog.batches(host, place, since):
            if first:
                counting.next_file()
            counting.feed(batch)
        return place, tracker


def record(
    path: Path, files: Sequence[str], *, config_directory: str | None, log: str | None, where: Where = HERE
) -> int:
    """`mxtop record`: of files or standard input, or (none) of a host."""
    from mxtop.report import record as body
    from mxtop.session.base import Session

    if where.remote:
        import asyncio

        from mxtop.report.reach import connected
        from mxtop.session.remote import RemoteSession

        async def there() -> int:
            async with await connected(where) as ssh:
                return await body.keep(RemoteSession(ssh, config_directory=config_directory, log=log), path)

        return asyncio.run(there())
    session: Session
    if files:
        from mxtop.session.files import FilesSession

        if "-" in files and sys.stdin.isatty():
            raise MxtopError(
                "no log comes on standard input", "use `zcat mail.log.2.gz | mxtop record FILE -`"
            )
        session = FilesSession(files, piped=sys.stdin.fileno() if "-" in files else None)
    else:
        from mxtop.session.local import LocalSession

        session = LocalSession(config_directory=config_directory, log=log)
    return body.run(session, path)


def print_json(document: Any) -> None:
    """One document, UTF-8; lone surrogates (bytes that were not) as escapes."""
    try:
        data = json.dumps(document, ensure_ascii=False, indent=2).encode()
    except UnicodeEncodeError:
        data = json.dumps(document, indent=2).encode()
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()


def print_lines(lines: Sequence[SafeText | str]) -> None:
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
