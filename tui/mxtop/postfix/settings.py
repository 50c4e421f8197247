"""The settings of one Postfix instance, read once with few processes.

Three postconf calls at the same time and a look at the interfaces; nothing is changed and Postfix need
not run.  What postconf does not check is not checked here either: values are kept as configured.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Override, Settings
from mxtop.postfix import addresses, postconf, resolver, transports

NOT_A_NAME: Final = ("/", ":", "!", "$")
"""Characters that start or mark what is no plain domain in a match list: files, tables, exceptions."""


async def read(host: Host, config_directory: str | None = None) -> Settings:
    """The settings of the instance in `config_directory`, or of the default one.

    CommandFailed, in postconf's words, where Postfix is not installed or refuses its files.  A master.cf
    that is not there costs its services and overrides, and is said in `warnings`.
    """
    problem: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            main = group.create_task(postconf.ask(host, config_directory, "-x"))
            master = group.create_task(_master(host, config_directory))
            local = group.create_task(addresses.interfaces(host))
    except* CommandFailed as failures:
        problem = failures.exceptions[0]
    if problem is not None:
        raise problem
    values = postconf.parameters(main.result())
    values.pop("process_id", None)  # postconf's own: two readings of the same settings shall be equal
    entries = master.result()
    overrides = tuple(override for kind, override in entries.overrides if kind == "unix")
    syslog_name = values.get("syslog_name", "postfix")
    own_names = (one.value for _, one in entries.overrides if one.parameter == "syslog_name")
    settings = Settings(
        config_directory=values.get("config_directory", config_directory or "/etc/postfix"),
        mail_version=values.get("mail_version", ""),
        myhostname=values.get("myhostname", ""),
        syslog_name=syslog_name,
        syslog_names=tuple(dict.fromkeys((syslog_name, *own_names))),
        queue_directory=values.get("queue_directory", "/var/spool/postfix"),
        daemon_directory=values.get("daemon_directory", ""),
        maillog_file=values.get("maillog_file", ""),
        values=values,
        transports=transports.build(entries.services, overrides, values),
        overrides=overrides,
        own_addresses=await addresses.own(
            host, values.get("inet_interfaces", "all"), values.get("proxy_interfaces", ""), local.result()
        ),
        local_domains=tuple(
            word.lower()
            for word in postconf.words(values.get("mydestination", ""))
            if not any(mark in word for mark in NOT_A_NAME)
        ),
        warnings=entries.warnings,
    )
    chrooted = next((one for one in settings.transports.values() if one.chroot), None)
    if chrooted is None:
        return settings
    place = await resolver.resolver_place(host, settings, chrooted)
    return replace(settings, warnings=(*entries.warnings, place.warning)) if place.warning else settings


@dataclass(frozen=True, slots=True)
class _Master:
    """master.cf: overrides each with its service's type, and what is wrong with the file."""

    services: tuple[postconf.Service, ...] = ()
    overrides: tuple[tuple[str, Override], ...] = ()
    warnings: tuple[str, ...] = ()


async def _master(host: Host, config_directory: str | None) -> _Master:
    problem: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            listed = group.create_task(postconf.ask(host, config_directory, "-M"))
            own = group.create_task(postconf.ask(host, config_directory, "-xP"))
    except* CommandFailed as failures:
        problem = failures.exceptions[0]
    if problem is not None:
        return _Master(warnings=(str(problem),))
    return _Master(tuple(postconf.services(listed.result())), tuple(postconf.overrides(own.result())))
