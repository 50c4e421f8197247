"""Which machine a command is about, as a value that costs nothing to load."""

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
