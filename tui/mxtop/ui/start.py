"""From the command line's choices to a running screen."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from mxtop.config import Config
from mxtop.session.base import Session


def show(
    config: Config,
    *,
    demo: bool = False,
    files: Sequence[str] = (),
    config_directory: str | None = None,
    log: str | None = None,
    read_only: bool = False,
    piped: int | None = None,
) -> int:
    """Open the screen and return the exit code when it is closed."""
    from mxtop.ui.app import run_app

    session = _session(config, demo, files, config_directory, log, piped)
    return run_app(
        session,
        theme=config.theme,
        keys=config.keys,
        read_only=read_only,
        interval=config.interval,
        utc=config.utc,
        theme_directories=(config.directory / "themes",),
        notices=config.warnings,
    )


def _session(
    config: Config,
    demo: bool,
    files: Sequence[str],
    config_directory: str | None,
    log: str | None,
    piped: int | None,
) -> Session:
    # Each kind loads what it needs: the demo neither dnspython nor psutil.
    if demo:
        from mxtop.session.replay import ReplaySession

        return ReplaySession(demo_recording(), mode="demo", skip=DEMO_SKIP, interval=config.interval)
    if files:
        from mxtop.session.files import FilesSession

        return FilesSession(files, piped=piped, interval=config.interval)
    from mxtop.session.local import LocalSession

    return LocalSession(config_directory=config_directory, log=log, interval=config.interval)


DEMO_SKIP = 60.0
"""Seconds of the recording that are there at once, so that the first screen has something to show."""


def demo_recording() -> Path:
    """The recording that ships with the package; made by `python -m tests.lab record`."""
    return Path(str(resources.files("mxtop.recording").joinpath("demo.mxtop")))
