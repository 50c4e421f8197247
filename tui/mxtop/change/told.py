"""What the script tells, read into values.

Pure; a word that is not known is left out, so that a newer script does no harm.

`status` prints `key value` lines (its meta file, state, remaining, code, watchdog), then `settings` and
`journal` as they are kept; see run/60-report.sh.
"""

from __future__ import annotations

import re
from typing import Final, cast

from mxtop.change import outcome
from mxtop.change.model import STATES, Change, Command, Probe, Setting, Swap
from mxtop.mail.errors import CommandFailed

_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")


def _facts(text: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition(" ")
        if key:
            facts[key] = value.strip()
    return facts


def _swap(word: str) -> Swap:
    return "exchange" if word == "exchange" else "rename"


def _explicit(value: str) -> str | None:
    return None if value == "absent" else value.removeprefix("set").removeprefix(" ")


def settings(text: str) -> tuple[Setting, ...]:
    """The settings file: five lines for a parameter of main.cf, three for one of a service."""
    found = []
    for part in f"\n{text}".split("\nname ")[1:]:
        head, _, rest = part.partition("\n")
        service, _, parameter = head.partition(" ")
        facts = _facts(rest)
        found.append(
            Setting(
                parameter=parameter,
                service=None if service == "-" else service,
                before=_explicit(facts.get("before", "absent")),
                after=_explicit(facts.get("after", "absent")),
                effective_before=facts.get("was"),
                effective_after=facts.get("is"),
            )
        )
    return tuple(found)


def commands(text: str) -> tuple[Command, ...]:
    """The commands of a journal, in their order."""
    found = []
    for line in text.split("\n"):
        columns = line.split("\t")
        if len(columns) == 5 and columns[1] == "command" and all(map(_NUMBER.fullmatch, columns[2:4])):
            argv = tuple(columns[4].removesuffix("\x1f").split("\x1f"))
            found.append(Command(argv, int(columns[2]), int(columns[3]) / 100))
    return tuple(found)


def change(host: str, text: str) -> Change:
    """What `status` prints.  CommandFailed where it is not that."""
    head, _, rest = text.partition("\nsettings\n")
    kept, _, journal = f"\n{rest}".partition("\njournal\n")
    facts = _facts(head)
    phase, _, detail = facts.get("state", "").partition(" ")
    numbers = (facts.get(name, "0") for name in ("remaining", "window", "code"))
    if phase not in STATES or "id" not in facts or not all(map(_NUMBER.fullmatch, numbers)):
        raise CommandFailed(
            f"{host} does not tell the state of its change", "look at /var/lib/mxtop/txn there"
        )
    remaining = facts.get("remaining")
    return Change(
        id=facts["id"],
        host=host,
        instance=facts.get("config_directory", ""),
        file=facts.get("link", ""),
        fix=facts.get("fix", ""),
        phase=phase,
        detail=detail,
        operator=facts.get("operator", ""),
        time=facts.get("created", ""),
        settings=settings(kept),
        commands=commands(journal),
        window=int(facts.get("window", 0)),
        remaining=None if remaining is None else int(remaining) / 100,
        watched=facts.get("watchdog") == "alive",
        swap=_swap(facts.get("swap", "")),
        code=int(facts.get("code", 2)),
        outcome=outcome.read(facts.get("outcome", "")),
    )


def probe(text: str) -> Probe:
    """What `probe` prints."""
    obstacles = [line.removeprefix("obstacle ") for line in text.split("\n") if line.startswith("obstacle ")]
    missing = [line.removeprefix("missing ") for line in text.split("\n") if line.startswith("missing ")]
    facts = _facts(text)
    root = facts.get("user") == "0"
    running = facts.get("running") == "yes"
    if missing:
        obstacles.insert(0, f"missing on this machine: {', '.join(missing)}")
    if not root:
        obstacles = [
            "changing Postfix needs root"
        ]  # what else was seen, was seen without the right to see it
    elif not running and not obstacles:
        obstacles.append("Postfix is not running")
    return Probe(
        root=root,
        config_directory=facts.get("config_directory", ""),
        mail_version=facts.get("mail_version", ""),
        real=facts.get("real", ""),
        running=running,
        swap=_swap(facts.get("swap", "")),
        managed=facts.get("managed", ""),
        systemd=facts.get("systemd", "no") != "no",
        obstacles=tuple(obstacles),
    )


_STEPS: Final = (
    ("missing on this machine", "install it there"),
    ("there is no ", "name the instance with --config-dir"),
    ("Postfix is not running", "start it, then try again"),
    ("changing Postfix needs root", ""),  # that says the rest itself
    ("", "mend that, or make the change by hand"),
)
"""What helps, by how an obstacle begins."""


def step(obstacle: str) -> str:
    """What the user can do about what `Probe.obstacles` names."""
    return next(words for begin, words in _STEPS if obstacle.startswith(begin))


def listed(text: str) -> list[tuple[str, str]]:
    """(id, phase) of each change, oldest first."""
    pairs = (line.split() for line in text.split("\n"))
    return [cast("tuple[str, str]", tuple(pair)) for pair in pairs if len(pair) == 2]
