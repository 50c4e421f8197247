"""From the command line's choices to a running screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mxtop.config import Config
from mxtop.session.base import BEHIND, Session


def show(
    config: Config,
    *,
    demo: bool = False,
    recording: Path | None = None,
    speed: float = 1.0,
    files: Sequence[str] = (),
    hosts: Sequence[str] = (),
    ssh_command: Sequence[str] | None = None,
    config_directory: str | None = None,
    log: str | None = None,
    read_only: bool = False,
    piped: int | None = None,
) -> int:
    """Open the screen and return the exit code when it is closed.

    What is shown: the demo, a `recording` at its `speed`, log `files`, `hosts` over SSH, else this host.
    """
    from mxtop.ui.app import MxtopApp, run_app

    session: Session
    others: Sequence[Session] = ()
    if demo:
        session = _replay(config, demo_recording(), mode="demo", skip=DEMO_SKIP)
    elif recording is not None:
        session = _replay(config, recording, mode="replay", speed=speed)
    elif hosts:
        session, *others = _remote(config, hosts, ssh_command, config_directory, log)
    else:
        session = _session(config, files, config_directory, log, piped)
    app = MxtopApp(
        session,
        others=others,
        theme_name=config.theme,
        keys=config.keys,
        read_only=read_only,
        interval=config.interval,
        utc=config.utc,
        theme_directories=(config.directory / "themes",),
        notices=config.warnings,
    )
    return run_app(app)


# Each kind loads what it needs: a recording neither dnspython nor psutil.


def _replay(config: Config, path: Path, **options: Any) -> Session:
    from mxtop.session.replay import ReplaySession

    return ReplaySession(path, interval=config.interval, **options)


MANY: Final = 10
"""With so many hosts each is asked for new lines once in `many_pause` seconds, and looked at anew once in
MANY_BEHIND where another is on the screen: here and there it costs less.
"""

MANY_BEHIND: Final = 2.0

ASKED: Final = 25
"""Hosts that are asked for new lines in a second, at most."""


def many_pause(hosts: int) -> float:
    """Seconds: one for MANY hosts, two for fifty."""
    return max(1.0, hosts / ASKED)


def _remote(
    config: Config,
    hosts: Sequence[str],
    ssh_command: Sequence[str] | None,
    config_directory: str | None,
    log: str | None,
) -> list[Session]:
    from mxtop.hosts.connect import new_bastions, ssh_host
    from mxtop.hosts.target import parse_target
    from mxtop.session.asking import Asking
    from mxtop.session.remote import RemoteSession
    from mxtop.sources.remotetail import PAUSE

    pause, behind = (PAUSE, BEHIND) if len(hosts) < MANY else (many_pause(len(hosts)), MANY_BEHIND)
    bastions = None if ssh_command is not None else new_bastions()
    sessions: list[Session] = []
    for number, host in enumerate(hosts):
        asking = None if ssh_command is not None else Asking()
        ssh = ssh_host(parse_target(host), ask=asking, bastions=bastions, command=ssh_command)
        sessions.append(
            RemoteSession(
                ssh,
                config_directory=config_directory,
                log=log,
                interval=config.interval,
                asking=asking,
                pause=pause,
                behind=behind,
                phase=behind * number / len(hosts),
            )
        )
    return sessions


def _session(
    config: Config, files: Sequence[str], config_directory: str | None, log: str | None, piped: int | None
) -> Session:
    if files:
        from mxtop.session.files import FilesSession

        return FilesSession(files, piped=piped, interval=config.interval)
    from mxtop.session.local import LocalSession

    return LocalSession(config_directory=config_directory, log=log, interval=config.interval)


DEMO_SKIP = 60.0
"""Seconds of the recording that are there at once, so that the first screen has something to show."""


def demo_recording() -> Path:
    """The recording that ships with the package; made by `python -m tests.lab record`."""
    return Path(__file__).parents[1] / "recording" / "demo.mxtop"
