"""What of the operator's ssh_config(5) this program leaves out, asked of ssh itself by `ssh -G`.

Without the ssh program nothing is found, and nothing is said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mxtop.hosts.local import LocalHost
from mxtop.hosts.target import Target
from mxtop.mail.errors import CommandFailed

_FILES: Final = ("~/.ssh/config", "/etc/ssh/ssh_config")

IGNORED: Final[Mapping[str, tuple[str, ...]]] = {
    "controlmaster": ("false", "no"),
    "controlpath": ("none",),
    "knownhostscommand": ("none",),
    "verifyhostkeydns": ("false", "no"),
    "stricthostkeychecking": ("ask", "true", "yes"),
    "remotecommand": ("none",),
    "forwardagent": ("no",),
    "forwardx11": ("no",),
}
"""Settings without effect here, and the values with which that makes no difference."""


def config_files() -> list[str]:
    """The files that ssh reads, in its order; the first value found counts."""
    return [file for file in (str(Path(name).expanduser()) for name in _FILES) if os.access(file, os.R_OK)]


async def effective(target: Target, config: Sequence[str] | None = None) -> dict[str, str]:
    """Every setting for a target, names in lower case; empty where ssh cannot be asked."""
    argv = ["ssh", "-G"]
    if config is not None and list(config) != config_files():
        argv += ["-F", config[0] if config else "none"]
    if target.user is not None:
        argv += ["-l", target.user]
    if target.port is not None:
        argv += ["-p", str(target.port)]
    try:
        done = await LocalHost("").run([*argv, "--", target.host], timeout=10.0)
    except CommandFailed:
        return {}
    pairs = (line.partition(" ") for line in done.text.split("\n") if line)
    return {name: value for name, _, value in pairs} if done.exit_code == 0 else {}


async def warnings(target: Target, config: Sequence[str] | None = None) -> list[str]:
    """One sentence for each setting of the operator's that has no effect here."""
    found = await effective(target, config)
    return [
        f"{target}: {name} {found[name]} has no effect here; --ssh-command ssh uses the system's ssh"
        for name, harmless in IGNORED.items()
        if name in found and found[name].lower() not in harmless
    ]
