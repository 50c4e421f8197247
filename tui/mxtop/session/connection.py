"""The state of a link to a machine as the snapshot's `Connection`."""

from __future__ import annotations

from mxtop.hosts.errors import UnknownHostKey
from mxtop.hosts.link import Link
from mxtop.hosts.link import State as LinkState
from mxtop.mail.connection import Connection, OfferedKey, State
from mxtop.mail.errors import MxtopError


def connection(link: Link, hop: str = "") -> Connection:
    """`hop` is the jump host that is being talked to, "" for none."""
    state = _state(link.state)
    trouble = link.trouble
    title = trouble.title if isinstance(trouble, MxtopError) else str(trouble or "")
    return Connection(
        state=state,
        since=link.since,
        heard=link.heard,
        next_try=link.next_try,
        title=title or ("not connected" if state == "down" else ""),
        remedy=trouble.remedy if isinstance(trouble, MxtopError) else "",
        hop=hop if state == "connecting" else "",
        offered=_offered(trouble) if isinstance(trouble, UnknownHostKey) else None,
    )


def _state(state: LinkState) -> State:
    match state:
        case "idle":
            return "connecting"
        case "closed":
            return "down"
        case other:
            return other


def _offered(unknown: UnknownHostKey) -> OfferedKey:
    return OfferedKey(
        host=unknown.host,
        key_type=unknown.key_type,
        fingerprint=unknown.fingerprint,
        file=unknown.file,
        refused=unknown.strict,
    )
