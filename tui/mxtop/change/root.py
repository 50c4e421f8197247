"""Commands as root on a host: as they are, by `sudo -n`, or by sudo with a password that is asked for once.

The password goes from the front end's answer to the stdin of the sudo that asked for it with a prompt
which nobody else can know, and nowhere else: no argument, environment, file or log has it.  Here it is
kept in memory until `forget`, in bytes that are then overwritten; of the front end's `str`, which cannot be,
no reference is kept.  English is never matched: whether sudo let a command through is known from a word
that the command itself says first.  What sudo wants besides a password (a code, a key) is not given.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from mxtop.change.values import Refused
from mxtop.hosts.base import Completed, Host, Reply
from mxtop.mail.errors import CommandFailed

Ask = Callable[[str], Awaitable[str | None]]
"""Shows a prompt, and gives the password that was typed without showing it; None where it was not."""

TRIES: Final = 3

# The two halves are one word only where this really ran: sudo's own complaints repeat command lines.
_STARTED: Final = 'printf "%s%s\\n" "$1" "$2" >&2; shift 2; exec "$@"'


class Root:
    """The right to run commands as root on one host; found out when it is first needed."""

    def __init__(self, host: Host, ask: Ask | None = None) -> None:
        self._host = host
        self._ask = ask
        self._known = False
        self._sudo = False
        self._password: bytearray | None = None
        self._gaining = asyncio.Lock()

    async def gain(self, *, quietly: bool = False) -> None:
        """Find out how commands become root's; Refused, with the reason, where they do not.

        `quietly` asks nobody anything.
        """
        async with self._gaining:
            if self._known:
                return
            self._sudo = (await self._host.run(["id", "-u"], timeout=10)).text.strip() != "0"
            if self._sudo:
                refusal = await self._without_password()
                if refusal is not None:
                    if quietly:
                        raise refusal
                    if self._ask is None:
                        step = (
                            f"{refusal.remedy}; run it as root, or at a terminal that can ask for a password"
                        )
                        raise Refused(refusal.title, step)
                    self._password = await self._by_password(self._ask)
            self._known = True

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Completed:
        """As `Host.run`, as root.  Refused where root is not to be had; then the command did not begin."""
        await self.gain()
        if not self._sudo:
            return await self._host.run(argv, stdin=stdin, timeout=timeout)
        used = self._password
        talk = _Talk(argv, stdin, used)
        done = await talk.run(self._host, timeout)
        if talk.began:
            return done
        # sudo's own memory of a password ends after minutes; ours is wrong where it was changed meanwhile
        if self._password is used:
            self.forget()
        await self.gain()
        talk = _Talk(argv, stdin, self._password)
        done = await talk.run(self._host, timeout)
        if not talk.began:
            raise _refused(self._host, done)
        return done

    def forget(self) -> None:
        """Overwrite the password; whoever needs root again is asked again."""
        if self._password is not None:
            _wipe(self._password)
        self._password = None
        self._known = False

    async def _without_password(self) -> Refused | None:
        talk = _Talk(["true"], b"", None)
        try:
            done = await talk.run(self._host, 20)
        except CommandFailed as error:
            raise Refused("changing Postfix needs root", error.title) from error
        return None if talk.began else _refused(self._host, done)

    async def _by_password(self, ask: Ask) -> bytearray:
        """sudo waits at its prompt while the user types, and hears one password only.

        So each wrong one counts as one wrong one, wherever accounts are locked after a few.
        """
        for number in range(1, TRIES + 1):
            question = _Question(ask, self._host.name, number)
            talk = _Talk(["true"], b"", question)
            try:
                done = await talk.run(self._host, 30)
                if talk.began and question.password is not None:
                    return question.take()
            finally:
                question.wipe()
            if question.cancelled:
                raise Refused("changing Postfix needs root, and no password was given")
            if not talk.again:  # it was never asked for, or it was right and sudo says no all the same
                raise _refused(self._host, done)
        raise Refused(
            f"changing Postfix needs root, and sudo took none of {TRIES} passwords",
            f"if it wants more than a password, {self._host.rights.root}",
        )


class _Question:
    """One password of the user's, asked for when sudo asks."""

    def __init__(self, ask: Ask, host: str, number: int) -> None:
        self._ask = ask
        self._prompt = f"Password for sudo on {host}"
        if number > 1:
            self._prompt = f"Not the right password ({number} of {TRIES}). {self._prompt}"
        self.password: bytearray | None = None
        self.cancelled = False

    async def __call__(self) -> bytearray | None:
        given = await self._ask(self._prompt)
        if given is None or "\n" in given:
            self.cancelled = True
        else:
            self.password = bytearray(given, "utf-8", "surrogateescape")
            self.password.append(ord("\n"))
        return self.password

    def take(self) -> bytearray:
        """The password, which is the caller's to overwrite from now on."""
        assert self.password is not None
        password, self.password = self.password, None
        return password

    def wipe(self) -> None:
        if self.password is not None:
            _wipe(self.password)


class _Talk:
    """One command under sudo, and what is said until it has begun.

    `secret` is a password with its newline, a question that gives one, or None: then sudo may not ask (-n).
    `began`: the command ran.  `again`: sudo asked a second time.
    """

    def __init__(self, argv: Sequence[str], stdin: bytes, secret: bytearray | _Question | None) -> None:
        self._stdin = stdin
        self._secret = secret
        self._nonce = secrets.token_hex(16).encode()
        first, second = secrets.token_hex(16), secrets.token_hex(16)
        self._word = f"{first}{second}\n".encode()
        # -k: the password is asked for each time, and sudo remembers nothing that others could use
        flags = ["-n"] if secret is None else ["-S", "-k", "-p", self._nonce.decode()]
        self._argv = ["sudo", *flags, "--", "sh", "-c", _STARTED, "mxtop", first, second, *argv]
        self._told = False
        self.began = False
        self.again = False

    async def run(self, host: Host, timeout: float) -> Completed:
        """The command's own answer where it began, else sudo's last words."""
        done = await host.converse(self._argv, self._answer, timeout=timeout)
        _, _, stderr = done.stderr.rpartition(self._word if self.began else self._nonce)
        own = " ".join(self._argv[self._argv.index("sh") + 1 :]).encode("utf-8", "surrogateescape")
        return replace(done, stderr=stderr if self.began else stderr.replace(own, b"..."))

    async def _answer(self, said: bytes) -> Reply:
        if self._word in said:
            self.began = True
            return Reply(self._stdin, last=True)
        asked = said.count(self._nonce)
        if asked > 1:
            self.again = True
            return Reply(last=True)
        if asked == 0 or self._told:
            return Reply()
        self._told = True
        password = await self._secret() if isinstance(self._secret, _Question) else self._secret
        return Reply(last=True) if password is None else Reply(password)


def _refused(host: Host, done: Completed) -> Refused:
    words = " ".join(done.stderr.decode("utf-8", "surrogateescape").split())
    return Refused("changing Postfix needs root", words[:300] or f"sudo on {host.name} says no")


def _wipe(password: bytearray) -> None:
    password[:] = bytes(len(password))
