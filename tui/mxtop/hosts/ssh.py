"""SSH by asyncssh: the operator's ssh_config(5), keys and agent; known_hosts always enforced.

Imports asyncssh, so import this module only where a connection is to be made (`mxtop.hosts.connect`).
Honoured are Host, Match, Include, HostName, User, Port, ProxyJump, ProxyCommand, identities, certificates,
agent, HostKeyAlias, known_hosts files, RevokedHostKeys, algorithms, Compression, ConnectTimeout; what is not
is told by `mxtop.hosts.sshconfig`.  No agent or X11 is ever forwarded, and no pty asked for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncssh

from mxtop.hosts import hostkeys, trust
from mxtop.hosts.errors import BadTarget, HostDown, NeedsAuthentication
from mxtop.hosts.login import Ask, Client
from mxtop.hosts.sshconfig import config_files, effective
from mxtop.hosts.sshwire import SshWire
from mxtop.hosts.target import Target, parse_target

# What it has to say comes as exceptions; without a handler Python writes its warnings over the screen.
logging.getLogger("asyncssh").addHandler(logging.NullHandler())

CIPHERS: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
"""The fastest first (AES-NI); none that Terrapin weakens before one that it does not."""

CONNECT_SECONDS: Final = 15.0
KEEPALIVE_SECONDS: Final = 5.0
KEEPALIVE_COUNT: Final = 3
THROUGH_ONE_BASTION: Final = 8
"""Connections that are made through one bastion at the same time; sshd's MaxStartups begins to drop at 10."""


class Bastions:
    """Connections to jump hosts, each shared by all who go through it and closed after the last of them."""

    def __init__(self) -> None:
        self._jumps: dict[str, _Bastion] = {}

    def at(self, jump: str) -> _Bastion:
        """The one for a value of ProxyJump."""
        return self._jumps.setdefault(jump, _Bastion())


class _Bastion:
    """One jump: its connection while somebody uses it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.gate = asyncio.Semaphore(THROUGH_ONE_BASTION)
        self.users = 0
        self.connection: _Connection | None = None

    async def leave(self) -> None:
        self.users -= 1
        if self.users == 0 and self.connection is not None:
            connection, self.connection = self.connection, None
            await connection.close()


class _Connection:
    """One asyncssh connection, and the jump that it goes through."""

    def __init__(self, inner: asyncssh.SSHClientConnection, client: Client, bastion: _Bastion | None) -> None:
        self.inner = inner
        self.client = client
        self._bastion = bastion

    @property
    def gone(self) -> bool:
        return self.client.over.is_set()

    async def close(self) -> None:
        bastion, self._bastion = self._bastion, None
        self.inner.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self.inner.wait_closed()
        self.inner.abort()
        if bastion is not None:
            await bastion.leave()


class Dialer:
    """Makes connections to one target: a `Dial`.

    `config` are ssh_config files (default: the operator's, then the system's).  Hosts that share `bastions`
    share their jump connections.  Without `ask` nobody is asked for anything.  `connect_timeout` (seconds,
    else ConnectTimeout, else 15) is the whole handshake's, without the time that a person thinks; a machine
    that is silent for three times `keepalive` seconds is lost.
    """

    def __init__(
        self,
        target: Target,
        *,
        config: Sequence[str] | None = None,
        ask: Ask | None = None,
        bastions: Bastions | None = None,
        connect_timeout: float | None = None,
        keepalive: float = KEEPALIVE_SECONDS,
    ) -> None:
        self._target = target
        self._config = config_files() if config is None else list(config)
        self._ask = ask
        self._bastions = bastions if bastions is not None else Bastions()
        self._timeout = connect_timeout
        self._keepalive = keepalive
        self.at = ""
        """The machine of the last handshake that was begun: a jump host first, then the target."""

    async def __call__(self) -> SshWire:
        connection = await self._connect(self._target, frozenset())
        return SshWire(str(self._target), connection.inner, connection.client, connection.close)

    async def _connect(self, target: Target, gone_through: frozenset[str]) -> _Connection:
        """Directly, or as its ProxyJump says."""
        options = await self._options(target)
        jump = options.tunnel if isinstance(options.tunnel, str) else ""
        if not jump or jump.lower() == "none":
            return await self._handshake(target, options, None)
        return await self._through(jump, target, options, gone_through)

    async def _through(
        self,
        jump: str,
        target: Target,
        options: asyncssh.SSHClientConnectionOptions,
        gone_through: frozenset[str],
    ) -> _Connection:
        if jump in gone_through:
            raise HostDown(f"{target}: ProxyJump goes in a circle", "mend it in ~/.ssh/config")
        bastion = self._bastions.at(jump)
        bastion.users += 1
        try:
            async with bastion.gate:
                async with bastion.lock:
                    if bastion.connection is None or bastion.connection.gone:
                        bastion.connection = await self._jump(jump, gone_through | {jump})
                return await self._handshake(target, options, bastion)
        except BaseException:
            await bastion.leave()
            raise

    async def _jump(self, jump: str, gone_through: frozenset[str]) -> _Connection:
        """A connection to the last host of a ProxyJump list, through those before it."""
        before, _, last = jump.rpartition(",")
        try:
            target = parse_target(last.strip())
        except BadTarget as error:
            raise HostDown(f"ProxyJump {jump}: {error.title}", "mend it in ~/.ssh/config") from error
        if not before:
            return await self._connect(target, gone_through)
        return await self._through(before, target, await self._options(target), gone_through)

    async def _options(self, target: Target) -> asyncssh.SSHClientConnectionOptions:
        """What ssh_config says of a target."""
        try:
            options: asyncssh.SSHClientConnectionOptions = (
                await asyncssh.SSHClientConnectionOptions.construct(
                    config=self._config, ignore_encrypted=True, **_named(target)
                )
            )
        except (ValueError, OSError, asyncssh.Error) as error:
            raise HostDown(f"{target}: {error}", "mend it in ~/.ssh/config") from error
        return options

    async def _handshake(
        self, target: Target, options: asyncssh.SSHClientConnectionOptions, bastion: _Bastion | None
    ) -> _Connection:
        files = hostkeys.files_of(options)
        key_name = options.host_key_alias or options.host
        port = 22 if options.host_key_alias else options.port
        wanted = await effective(target, self._config)
        revoked_in = wanted.get("revokedhostkeys", "none")
        known = await asyncio.to_thread(trust.look_up, files, key_name, port, revoked_in)
        limit = float(self._timeout or options.connect_timeout or CONNECT_SECONDS)
        deadline = asyncio.timeout(limit)
        self.at = str(target)
        client = Client(str(target), self._ask, deadline)
        try:
            async with deadline:
                inner = await self._dial(target, options, bastion, client, known)
        except TimeoutError as error:
            raise HostDown(
                f"{target} gave no answer in {limit:g} s", "is it up, and the port right?"
            ) from error
        except asyncssh.HostKeyNotVerifiable as error:
            raise hostkeys.distrust(
                str(target),
                trust.known_as(key_name, port),
                client.offered,
                known,
                hostkeys.own_files(options),
                hashed=wanted.get("hashknownhosts") in ("yes", "true"),
                strict=wanted.get("stricthostkeychecking") in ("yes", "true"),
                reason=error.reason,
            ) from error
        except asyncssh.PermissionDenied as error:
            raise NeedsAuthentication(
                f"{target} does not let {options.username} in: {error.reason}",
                "load the key into the agent (ssh-add), or try `ssh` by hand",
            ) from error
        except asyncssh.ChannelOpenError as error:
            raise HostDown(f"{target}: the jump host cannot reach it: {error.reason}") from error
        except (asyncssh.Error, OSError, ValueError) as error:
            # what names no host may be a log file, mistyped or elsewhere
            other = f", or write ./{target.host} for a log file" if isinstance(error, socket.gaierror) else ""
            raise HostDown(f"{target}: {_words(error)}", f"try `ssh` by hand{other}") from error
        return _Connection(inner, client, bastion)

    async def _dial(
        self,
        target: Target,
        options: asyncssh.SSHClientConnectionOptions,
        bastion: _Bastion | None,
        client: Client,
        known: trust.Known,
    ) -> asyncssh.SSHClientConnection:
        async def passphrase(file: str) -> str | None:
            return await client.question("passphrase", file)

        extra: dict[str, Any] = {}
        if options.config.get("Ciphers") is None:
            extra["encryption_algs"] = CIPHERS
        if options.config.get("HostKeyAlgorithms") is None:
            extra["server_host_key_algs"] = hostkeys.algorithms(known)
        through = bastion.connection if bastion is not None else None
        return await asyncssh.connect(
            config=self._config,
            tunnel=through.inner if through is not None else None,
            client_factory=lambda: client,
            known_hosts=lambda host, addr, port: hostkeys.trusted(known),
            passphrase=passphrase if self._ask is not None else None,
            ignore_encrypted=True,
            agent_forwarding=False,
            x11_forwarding=False,
            encoding=None,
            utf8_decode_errors="replace",
            connect_timeout=None,
            login_timeout=0,
            keepalive_interval=self._keepalive,
            keepalive_count_max=KEEPALIVE_COUNT,
            **_named(target),
            **extra,
        )


def _named(target: Target) -> dict[str, Any]:
    """A target as asyncssh's arguments; what it leaves open is for ssh_config."""
    named: dict[str, Any] = {"host": target.host, "port": target.port, "username": target.user}
    return {name: value for name, value in named.items() if value is not None}


def _words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or "no such host"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # asyncio's own words leave the reason out
    return str(error).strip() or type(error).__name__
