"""The commands without a screen: each gathers what it needs once, prints it and gives the exit code.

Loads psutil, dnspython and asyncio only where a command needs them, and never Textual.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mxtop.mail.batch import Batch
from mxtop.mail.errors import LogUnreadable, MxtopError
from mxtop.mail.parse import Parser
from mxtop.mail.scan import Scanner
from mxtop.mail.settings import Settings
from mxtop.mail.text import SafeText
from mxtop.mail.tracker import Tracker

DONE, BAD = 0, 1


def dns(domains: Sequence[str], *, config_directory: str | None, as_json: bool) -> int:
    """`mxtop dns`: 1 where a domain cannot be delivered to."""
    import asyncio

    return asyncio.run(_dns(domains, config_directory, as_json))


async def _dns(domains: Sequence[str], config_directory: str | None, as_json: bool) -> int:
    import asyncio

    from mxtop.hosts.local import LocalHost
    from mxtop.mail.answer import Viewpoint
    from mxtop.postfix import settings as postfix_settings
    from mxtop.report.dns import document, lines
    from mxtop.route.predict import predict_route, undeliverable
    from mxtop.session.names import Names

    host = LocalHost()
    settings = await postfix_settings.read(host, config_directory)
    async with Names(host) as names:
        names.settings = settings
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(names.resolve(domain, now=True)) for domain in domains]
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


def sockets(*, config_directory: str | None, as_json: bool, filters: bool) -> int:
    """`mxtop sockets`: one sample; loopback content filters only with `filters`."""
    import asyncio

    from mxtop.report.sockets import document, lines
    from mxtop.sockets.sampler import Sampler, relay_ports

    settings = asyncio.run(_settings(config_directory))
    sampler = Sampler(settings.queue_directory if settings and config_directory else None)
    try:
        rows = sampler.sample(relay_ports(settings) if settings else ())
    except OSError as error:
        raise MxtopError(f"the sockets cannot be read: {error}", "is /proc mounted?") from error
    rows = tuple(row for row in rows if filters or not row.filter_hop)
    if as_json:
        print_json(document(rows))
    else:
        print_lines(lines(rows))
    if sampler.note:
        print(f"mxtop: {sampler.note}", file=sys.stderr)
    return DONE


def parse(
    files: Sequence[str] | None, *, config_directory: str | None, log: str | None, year: int | None
) -> int:
    """`mxtop parse`: the events of files, or (None) of this host's log with all that was rotated."""
    from mxtop.report import parse as body

    if files is not None:
        return body.run(files, sys.stdout.buffer, year=year)
    import asyncio  # a file is read without it

    place = asyncio.run(_log(config_directory, log))
    if place.files:
        return body.run(place.files, sys.stdout.buffer, year=year)
    parser = Parser(time.time())

    def print_events(batch: Batch) -> None:
        for line in batch.text.removesuffix("\n").split("\n"):
            sys.stdout.buffer.write(body.encode(parser.parse(line)))

    asyncio.run(_journal(print_events, None))
    return DONE


def report(
    files: Sequence[str] | None,
    *,
    config_directory: str | None,
    log: str | None,
    since: float | None,
    year: int | None,
    as_json: bool,
) -> int:
    """`mxtop report`: of files as they are, or (None) of this host's instance, other instances left out."""
    from mxtop.report import report as body

    out = sys.stdout.buffer
    if files is not None:
        return body.run(files, out, since=since, as_json=as_json, year=year)
    import asyncio  # a file is read without it

    place = asyncio.run(_log(config_directory, log))
    if place.files:
        return body.run(
            place.files,
            out,
            since=since,
            until=time.time(),
            as_json=as_json,
            year=year,
            host=place.host,
            syslog_names=place.syslog_names,
        )
    tracker = Tracker(place.syslog_names)
    scanner = Scanner(tracker, time.time())
    asyncio.run(_journal(lambda batch: scanner.feed(batch.text), since))
    body.emit(body.build(tracker, place.host), out, as_json=as_json)
    return DONE


def record(path: Path, files: Sequence[str], *, config_directory: str | None, log: str | None) -> int:
    """`mxtop record`: of files or standard input, or (none) of this host."""
    from mxtop.report import record as body
    from mxtop.session.base import Session

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


@dataclass(frozen=True, slots=True)
class _HostLog:
    """This host's log: its files in time order, none where it is the journal."""

    host: str
    files: tuple[str, ...]
    syslog_names: tuple[str, ...] | None


async def _log(config_directory: str | None, log: str | None) -> _HostLog:
    from mxtop.hosts.local import LocalHost
    from mxtop.postfix import logplace
    from mxtop.sources import history

    host = LocalHost()
    settings = await _settings(config_directory)
    place = await logplace.find(host, settings, log_option=log)
    if place.kind == "none" or place.problem:
        raise LogUnreadable(place.problem or "no mail log was found", place.remedy)
    files: tuple[str, ...] = ()
    if place.kind == "file":
        files = (*(str(file.path) for file in history.files(place.path)), place.path)
    name = settings.myhostname if settings and settings.myhostname else host.name
    return _HostLog(name, files, settings.syslog_names if settings else None)


async def _journal(take: Callable[[Batch], None], since: float | None) -> None:
    from mxtop.hosts.local import LocalHost
    from mxtop.sources.journal import Journal

    begin = None if since is None else f"@{time.time() - since:.0f}"
    async for batch in Journal(LocalHost(), follow=False, lines=None, since=begin).batches():
        take(batch)


async def _settings(config_directory: str | None) -> Settings | None:
    """The instance's settings; None where there is no Postfix, unless one was named."""
    from mxtop.hosts.local import LocalHost
    from mxtop.postfix import settings as postfix_settings

    try:
        return await postfix_settings.read(LocalHost(), config_directory)
    except MxtopError:
        if config_directory is not None:
            raise
        return None


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
