"""One setting that a change gives another value: the interface's `settings` of `mxtop fix`."""

from __future__ import annotations

from mxtop.mail.value import value


@value
class SettingChange:
    """A parameter of main.cf, or of a master.cf service (`postconf -P SERVICE/unix/PARAMETER`).

    `before` is the effective value, and None where nothing sets it; `after` None removes it.
    """

    parameter: str
    service: str | None
    before: str | None
    after: str | None
