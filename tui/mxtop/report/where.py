"""Which machine and instance a command is about, as values that cost nothing to load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Where:
    """`word` as typed, None: this machine.  `ssh_command` is the transport where it is not mxtop's own."""

    word: str | None = None
    ssh_command: tuple[str, ...] | None = None

    @property
    def remote(self) -> bool:
        return self.word is not None


HERE: Final = Where()


@dataclass(frozen=True, slots=True)
class Instance:
    """A Postfix instance of that machine, its log (--log), and whether JSON is wanted."""

    where: Where
    config_directory: str | None
    log: str | None
    as_json: bool
