"""What one change does on several hosts: the hosts where it does the same, and where the others differ.

Pure.  Traffic is every host's own and makes no difference here: two hosts are alike where the change, what is
to be known before it, and the commands are the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from mxtop.session.fixing import Proposal


@dataclass(frozen=True, slots=True)
class Alike:
    """Hosts on which the change is the same; `proposal` is the first one's.

    `differs` says in what they differ from the first such group, nothing for that itself.  `surroundings`:
    the lines changed are the same, those around them in the diff are not.
    """

    hosts: tuple[str, ...]
    proposal: Proposal
    differs: tuple[str, ...] = ()
    surroundings: bool = False


def alike(proposals: Iterable[tuple[str, Proposal]]) -> tuple[Alike, ...]:
    """The groups in the order of their first hosts; every host is in one of them, in the order given."""
    groups: dict[Hashable, list[tuple[str, Proposal]]] = {}
    for host, proposal in proposals:
        groups.setdefault(tuple(_facets(proposal).values()), []).append((host, proposal))
    found: list[Alike] = []
    for members in groups.values():
        proposal = members[0][1]
        facets, usual = _facets(proposal), _facets(found[0].proposal if found else proposal)
        found.append(
            Alike(
                tuple(host for host, _ in members),
                proposal,
                tuple(name for name in facets if facets[name] != usual[name]),
                len({other.preview.diff for _, other in members}) > 1,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Shared:
    """A note on the effect, with the hosts that it is true of and their destinations that it is about."""

    text: str
    stops: bool
    where: dict[str, tuple[str, ...]]
    everywhere: bool
    """On all of the hosts, and about none of their destinations in particular."""


def notes(proposals: Sequence[tuple[str, Proposal]]) -> tuple[Shared, ...]:
    """Each note once, in the order in which they come first."""
    found: dict[tuple[bool, str], dict[str, tuple[str, ...]]] = {}
    for host, proposal in proposals:
        for note in proposal.forecast.notes if proposal.forecast else ():
            found.setdefault((note.stops, note.text), {})[host] = note.destinations
    return tuple(
        Shared(text, stops, where, len(where) == len(proposals) and not any(where.values()))
        for (stops, text), where in found.items()
    )


def _facets(proposal: Proposal) -> dict[str, Hashable]:
    """What is compared, by the words in which a difference is told."""
    change, preview = proposal.preview.change, proposal.preview
    notes = proposal.forecast.notes if proposal.forecast else ()
    return {
        "Postfix's version": proposal.mail_version,
        "the file": (change.instance, change.file),
        "the value before": tuple(
            (s.service, s.parameter, s.before, s.effective_before) for s in change.settings
        ),
        "the value after": tuple(
            (s.service, s.parameter, s.after, s.effective_after) for s in change.settings
        ),
        "the lines changed": _changed(preview.diff),
        "warnings": (preview.warnings, change.swap),
        "what overrides it": frozenset((note.kind, note.text, note.stops) for note in notes),
        "the commands": preview.commands,
    }


def _changed(diff: str) -> tuple[str, ...]:
    """The lines that a unified diff takes out and puts in."""
    lines = diff.split("\n")
    return tuple(line for line in lines[2:] if line[:1] in ("+", "-"))
