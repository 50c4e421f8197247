"""The state of a link to a machine as the snapshot's `Connection`."""

from __future__ import annotations

from mxtop.hosts.errors import UnknownHostKey
from mxtop.hosts.link import Link
from mxtop.hosts.link import State as LinkState
from mxtop.mail.connection import Connection, OfferedKey, State
from mxtop.mail.errors import MxtopError


def connection(link: Link, hop: str = "", ahead: float = 0.0) -> Connection:
    """`hop` is the jump host that is being talked to, "" for none; `ahead` the seconds by which the host's
    clock is, which the snapshot goes by and so do the times here.
    """
    state = _state(link.state)
    trouble = link.trouble
    title = trouble.title if isinstance(trouble, MxtopError) else str(trouble or "")
    return Connection(
        state=state,
        since=link.since + ahead,
        heard=None if link.heard is None else link.heard + ahead,
        next_try=None if link.next_try is None else link.next_try + ahead,
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
