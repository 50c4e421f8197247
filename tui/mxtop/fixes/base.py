"""A guided fix: data and two functions, `diagnose` (what is wrong here) and `changes` (which settings).

Promises nothing of the change itself: what is previewed, applied, watched and taken back is
`mxtop.change`'s.  Text may hold raw words of the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from mxtop.mail.finding import Finding
from mxtop.mail.setting_change import SettingChange
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Snapshot
from mxtop.route.effect import Forecast

Activation = Literal["reload", "restart"]
"""How Postfix takes it over: `postfix reload`, or `postfix stop` and `postfix start`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of main.cf, or of the unix service `service` of master.cf (`postconf -P`)."""

    name: str
    service: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value that a fix may set: what it does and what it risks, a sentence each.

    `instead`: what to do in its place where the aim is another one; "" where there is nothing to say.
    """

    name: str
    does: str
    risk: str
    safe: bool  # in Postfix's own judgement, postconf(5)
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One guided fix.

    `values` is the allow-list: nothing else ever reaches a setting.  `assign` gives what each parameter
    becomes for a value, None to remove it.  `check` says how to see that it worked.  `foretell` gives the
    effect of a value on the destinations seen, where a fix moves mail between the families; it may take
    seconds, and is asked only where the settings are known.
    """

    name: str
    title: str
    values: tuple[Value, ...]
    assign: Callable[[str], Mapping[Parameter, str | None]]
    find: Callable[[Snapshot], tuple[Finding, ...]]
    activation: Activation
    check: str
    foretell: Callable[[Snapshot, str], Forecast] | None = None

    def value(self, name: str) -> Value:
        """The value of that name.  ValueError, with the values there are, where it is not allowed."""
        for value in self.values:
            if value.name == name:
                return value
        raise ValueError(f"{self.name} takes {', '.join(value.name for value in self.values)}, not {name!r}")

    def parameters(self, value: str) -> tuple[Parameter, ...]:
        """The settings that a value touches."""
        return tuple(self.assign(self.value(value).name))

    def diagnose(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """What is wrong here that this fix may mend; nothing where the evidence is thin."""
        return self.find(snapshot)

    def changes(self, settings: Settings, value: str) -> tuple[SettingChange, ...]:
        """The settings that differ from what they are to be; ValueError for a value that is not allowed.

        `before` is the effective value, defaults included: whether main.cf sets it is for the
        transaction to see.  Values differ as Postfix's name_code(3) compares them, without regard to case.
        """
        assigned = self.assign(self.value(value).name)
        found = (
            SettingChange(parameter.name, parameter.service, _effective(settings, parameter), after)
            for parameter, after in assigned.items()
        )
        return tuple(one for one in found if _folded(one.before) != _folded(one.after))


def _effective(settings: Settings, parameter: Parameter) -> str | None:
    if parameter.service is None:
        return settings.values.get(parameter.name)
    for override in settings.overrides:
        if (override.service, override.parameter) == (parameter.service, parameter.name):
            return override.value
    return None


def _folded(value: str | None) -> str | None:
    return None if value is None else value.strip().lower()
