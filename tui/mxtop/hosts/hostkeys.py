"""The verdict on a host key, in asyncssh's terms: what it may trust, what to ask for, why it did not trust.

Imports asyncssh.  The rules for reading known_hosts are `mxtop.hosts.trust`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncssh

from mxtop.hosts import trust
from mxtop.hosts.errors import HostKeyChanged, HostKeyRevoked, HostKeyTrouble, UnknownHostKey

ALGORITHMS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""In ssh's order, so that the fingerprint shown is the one that `ssh` shows."""


def files_of(options: asyncssh.SSHClientConnectionOptions) -> list[str]:
    """The known_hosts files as ssh has them; `UserKnownHostsFile none` means no file, never no check."""
    system: Any = options.config.get("GlobalKnownHostsFile")
    return own_files(options) + _files(trust.DEFAULT_FILES[2:] if system is None else system)


def own_files(options: asyncssh.SSHClientConnectionOptions) -> list[str]:
    """Those of them that are the operator's own; an accepted key is kept in the first."""
    user: Any = options.config.get("UserKnownHostsFile")
    return _files(trust.DEFAULT_FILES[:2] if user is None else user)


def _files(named: Sequence[str]) -> list[str]:
    return [file for file in named if file and file.lower() != "none"]


def trusted(known: trust.Known) -> tuple[Sequence[Any], ...]:
    """The answer to asyncssh's question whom to trust: keys, authorities, revoked; no X.509."""
    keys, authorities, revoked = (
        [entry.key for entry in group] for group in (known.keys, known.authorities, known.revoked)
    )
    return keys, authorities, revoked, [], [], [], []


def algorithms(known: trust.Known) -> list[str]:
    """What is known comes first, as with ssh, so that a machine with several keys shows the known one."""
    first = [name.decode() for entry in known.keys for name in entry.key.sig_algorithms]
    plain = list(dict.fromkeys([*(name for name in first if name in ALGORITHMS), *ALGORITHMS]))
    if not known.authorities:
        return plain
    certified = [f"{name.removesuffix('@openssh.com')}-cert-v01@openssh.com" for name in ALGORITHMS]
    return certified + plain


def distrust(
    name: str,
    known_as: str,
    key: asyncssh.SSHKey | None,
    known: trust.Known,
    own: Sequence[str],
    *,
    hashed: bool,
    strict: bool,
    reason: str,
) -> HostKeyTrouble:
    """Why a host key is not trusted, and what may be done about it.  `own`: files that could keep it.

    A machine of which only keys of another type are known counts as changed: to offer another type is how an
    impostor would get round a known key.
    """
    if key is None:
        if "revoked" in reason:
            ours = [entry.key for entry in (*known.keys, *known.authorities)]
            mine = [entry.place for entry in known.revoked if entry.key in ours]
            places = tuple(mine or [entry.place for entry in known.revoked])
            file = places[0].rpartition(":")[0]
            return HostKeyRevoked(
                f"{name}: its host key is revoked " + (f"at {places[0]}" if not places[1:] else f"in {file}"),
                "do not connect: whoever has this key may be somebody else",
                host=name, key_type="", fingerprint="", places=places,
            )  # fmt: skip
        return HostKeyTrouble(f"{name}: {reason}", "ask who runs it", host=name)
    destination = f"ssh://{name}" if ":" in name else name  # ssh reads a port in a URL only
    public = key.export_public_key("openssh").decode().split()
    kind, fingerprint = public[0], key.get_fingerprint("sha256")
    if known.keys:
        places = tuple(entry.place for entry in known.keys)
        return HostKeyChanged(
            f"{name}: its host key changed: {kind} {fingerprint} is not the one at {places[0]}",
            "find out why from whoever runs it; then remove the old line by ssh-keygen -R",
            host=name, key_type=kind, fingerprint=fingerprint, places=places,
        )  # fmt: skip
    remedy = f"compare it with the machine's own, then connect once by `ssh {destination}` and say yes"
    if not own:  # ssh would ask, keep it nowhere, and ask again at each connection
        remedy = "compare it with the machine's own, and name a UserKnownHostsFile: yours is none"
    return UnknownHostKey(
        f"{name}: its host key is not known: {kind} {fingerprint}",
        remedy,
        host=name,
        key_type=kind,
        fingerprint=fingerprint,
        known_as=known_as,
        public_key=" ".join(public[:2]),
        file=own[0] if own else "",
        hashed=hashed,
        strict=strict or not own,
    )
