"""Which log a Postfix instance writes: maillog_file, a syslog file, or the systemd journal.

Only looks; nothing is opened for good.  Lines of other instances may be in the same log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from mxtop.hosts import rights
from mxtop.hosts.base import FileStat, Host
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Settings

SYSLOG_FILES: Final = ("/var/log/mail.log", "/var/log/maillog")
JOURNALS: Final = ("/var/log/journal", "/run/log/journal")
SLACK: Final = 1.0
"""Seconds that a file's last write may lie before the start: the start itself is logged a little earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where the log is.

    `kind` "none" where none was found; `tried` says of each other place why it is not the one.  `problem`
    is set where this user cannot read it, `remedy` then says what to do.
    """

    kind: Literal["file", "journal", "none"]
    path: str = ""
    tried: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""


async def find(host: Host, settings: Settings | None, *, log_option: str | None = None) -> LogPlace:
    """The log of an instance; `log_option` is --log: a path of the host, or `journal`.

    Where none is named: maillog_file if it is a regular file; else a syslog file that was written since
    Postfix last started; else the journal.  `settings` None: no Postfix here, any syslog file will do.
    """
    if log_option == "journal":
        return await _journal(host, ())
    if log_option is not None:
        return await _named(host, log_option)
    tried: list[str] = []
    maillog_file = settings.maillog_file if settings else ""
    started = await _started(host, settings) if settings else None
    for path in filter(None, (maillog_file, *SYSLOG_FILES)):
        found = await _stat(host, path)
        if isinstance(found, LogPlace):
            return replace(found, tried=tuple(tried))
        if found is None:
            tried.append(f"{path} does not exist")
        elif not found.is_file:
            tried.append(f"{path} is not a regular file")
        elif path != maillog_file and started is not None and found.mtime < started - SLACK:
            tried.append(f"{path} was not written since Postfix started")
        else:
            return replace(await _file(host, path, found), tried=tuple(tried))
    return await _journal(host, tuple(tried))


async def _named(host: Host, path: str) -> LogPlace:
    found = await _stat(host, path)
    if isinstance(found, LogPlace):
        return found
    if found is None:
        return LogPlace(
            kind="file",
            path=path,
            problem=f"{path}: no such file",
            remedy="name the log with `--log FILE` or `--log journal`",
        )
    if found.is_directory:
        return LogPlace(
            kind="file",
            path=path,
            problem=f"{path} is a directory",
            remedy="name the log with `--log FILE` or `--log journal`",
        )
    return await _file(host, path, found)


async def _started(host: Host, settings: Settings) -> float | None:
    """When Postfix last started: master(8) writes its pid file then, and leaves it when it stops.

    The directory is open to everybody.  None where it has never started or nobody says.
    """
    try:
        found = await host.stat(f"{settings.queue_directory}/pid/master.pid")
    except PermissionError:
        return None
    return found.mtime if found else None


async def _stat(host: Host, path: str) -> FileStat | LogPlace | None:
    try:
        return await host.stat(path)
    except PermissionError:
        problem = f"{path} is in a directory that this user may not enter"
        return LogPlace(kind="file", path=path, problem=problem, remedy=host.rights.root)


async def _file(host: Host, path: str, found: FileStat) -> LogPlace:
    if await host.can_read(path):
        return LogPlace(kind="file", path=path)
    remedy = await rights.to_read(host, found)
    return LogPlace(kind="file", path=path, problem=f"{path}: this user may not read it", remedy=remedy)


async def _journal(host: Host, tried: tuple[str, ...]) -> LogPlace:
    """The journal of this machine, persistent or volatile: its directory bears the machine's id."""
    try:
        machine = (await host.read_file("/etc/machine-id")).decode("ascii", "replace").strip()
        await host.run(["journalctl", "--version"], timeout=10.0)
    except (OSError, CommandFailed):
        return _nowhere((*tried, "no systemd journal"))
    for directory in JOURNALS if machine else ():
        path = f"{directory}/{machine}/system.journal"
        found = await host.stat(path)
        if found is None:
            continue
        if await host.can_read(path):
            return LogPlace(kind="journal", tried=tried)
        return LogPlace(
            kind="journal",
            tried=tried,
            problem="this user may not read the system's journal",
            remedy=await rights.to_read(host, found),
        )
    return _nowhere((*tried, "the systemd journal is empty"))


def _nowhere(tried: tuple[str, ...]) -> LogPlace:
    return LogPlace(
        kind="none",
        tried=tried,
        problem="no mail log found: " + ", ".join(tried),
        remedy="name the log with `--log FILE`",
    )
