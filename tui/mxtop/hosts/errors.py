"""What keeps a remote machine from being looked at, as errors with the next step.

Each is a CommandFailed and a ConnectionError at once, since a lost connection can come out of every call of a
`Host`.  Which of them are worth another try is the link's to know (`mxtop.hosts.link`).
"""

from __future__ import annotations

from mxtop.mail.errors import CommandFailed, MxtopError


class BadTarget(MxtopError):
    """A word that names no machine."""


class HostDown(CommandFailed, ConnectionError):
    """The machine cannot be reached now, or the connection was lost."""


class NeedsAuthentication(HostDown):
    """It was reached and lets nobody in, or not without a question that nobody answered."""


class HostKeyTrouble(HostDown):
    """Its host key is not the one that known_hosts(5) vouches for; nothing was sent to it.

    `fingerprint` is as `ssh` shows it (`SHA256:…`); it and `key_type` are "" where the key was not seen.
    """

    def __init__(
        self, title: str, remedy: str, *, host: str, key_type: str = "", fingerprint: str = ""
    ) -> None:
        super().__init__(title, remedy)
        self.host = host
        self.key_type = key_type
        self.fingerprint = fingerprint


class UnknownHostKey(HostKeyTrouble):
    """No key of this machine is known: the operator may accept it (`mxtop.hosts.trust.accept`).

    `known_as` is its name in known_hosts, `public_key` type and key in base 64, `file` where an accepted one
    is kept, `hashed` whether the operator's HashKnownHosts asks for a hashed name there, `strict` whether
    their StrictHostKeyChecking is `yes`, or there is no such file: then nobody is to be asked.
    """

    def __init__(
        self,
        title: str,
        remedy: str,
        *,
        host: str,
        key_type: str,
        fingerprint: str,
        known_as: str,
        public_key: str,
        file: str,
        hashed: bool,
        strict: bool = False,
    ) -> None:
        super().__init__(title, remedy, host=host, key_type=key_type, fingerprint=fingerprint)
        self.known_as = known_as
        self.public_key = public_key
        self.file = file
        self.hashed = hashed
        self.strict = strict


class HostKeyChanged(HostKeyTrouble):
    """Another key is known for this machine, at `places` (`file:line`)."""

    def __init__(
        self, title: str, remedy: str, *, host: str, key_type: str, fingerprint: str, places: tuple[str, ...]
    ) -> None:
        super().__init__(title, remedy, host=host, key_type=key_type, fingerprint=fingerprint)
        self.places = places


class HostKeyRevoked(HostKeyChanged):
    """The key is marked @revoked at `places`, or listed there in a file of revoked ones."""
