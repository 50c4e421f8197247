"""The observed effect of a change: what deliveries did since the reload, and a verdict.

`Effect` takes the events of one instance in log order, from shortly before the reload on: the first reload
(or start) line that it sees is taken for the change's, so feed it no older one.  It counts
delivery requests of smtp(8) and lmtp(8) processes first seen after the reload line, because a busy process
ends its request with the old settings (master(8), `postfix reload`).  A request that began before the
reload betrays an old process too.  A request counts once, however many recipients it has; destinations
that the change does not concern count not at all: a reload makes qmgr(8) forget which of them are dead,
and their retries would look like harm.

The verdict, at any moment and however often it is asked for:
* `bad` at once: after the reload a daemon logs fatal or panic, dies, or is throttled; not where that
  daemon was in such trouble before the reload already, unless it is smtp(8) or lmtp(8).
* `bad` by a test: requests with trouble (not sent, a failed connection on the way, SLOW seconds to
  connect) are more than the destination's log before explains; or the first tries do not go the promised
  way, TOLERANCE allowed.
* `good`: more first tries go the promised way than without the change, at least MINIMUM were seen, and
  trouble is within MARGIN of what it was and had by half of them at most.  A later `bad` still outweighs it.
* `too_little_traffic`: none of these yet.

Each test is a bet (`mail.sequential`).  A change that does no harm and works is called bad with
probability ALPHA at most over the whole watch; one without any effect is called good with ALPHA at
most.  For good, the null hypothesis is the predicted share before the change, which is exact; where the
log had significantly more than that, the log's upper bound.  For bad, ALPHA/2 goes to the first tries,
ALPHA/4 to the bet on trouble, and ALPHA/4, over all destinations, to its null hypothesis: the upper bound
of the trouble share before, plus mean set-up time / SLOW (Markov's inequality) for the slow ones.

Does not promise these levels where the trouble of one request causes that of the next: a server that goes
down during the watch looks like harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from mxtop.mail.delivery import CLIENTS, HANDSHAKE_STAGES, failed_handshake
from mxtop.mail.event import (
    AttemptFailed,
    ConnectFailed,
    Delivery,
    Event,
    Process,
    Reload,
    Start,
)
from mxtop.mail.family import Family, is_loopback
from mxtop.mail.fields import Peer
from mxtop.mail.header import Clock
from mxtop.mail.ledger import UNSENT
from mxtop.mail.promise import SLOW, Connections, Observed, Promise, Verdict, together
from mxtop.mail.sequential import Wager, lower_share, upper_share

ALPHA: Final = 0.01
MINIMUM: Final = 5
TOLERANCE: Final = 0.1
MARGIN: Final = 0.1
SLACK: Final = 0.02
"""The least null share: DNS may change under the watch, so one first try is never proof."""

_COMMANDS: Final = frozenset(
    (
        "postfix", "postfix-script", "post-install", "postmulti", "postconf", "postqueue", "postsuper",
        "postdrop", "postcat", "postmap", "postalias", "postkick", "postlock", "postlog",
        "posttls-finger", "sendmail",
    )
)  # fmt: skip
"""Programs that people run: their fatal errors say nothing of the daemons."""


class _Null:
    """The null hypotheses of one promise."""

    __slots__ = ("contrary", "ipv6_rises", "moves", "trouble", "usual", "way")

    def __init__(self, promise: Promise, level: float) -> None:
        n, k = promise.deliveries, promise.troubled
        slow = (promise.setup or 0.0) / SLOW
        self.trouble = max(SLACK, min(1.0, upper_share(k, n, level) + slow))
        self.usual = min(1.0, (k / n if n else 0.0) + slow) + MARGIN
        self.moves = promise.moves
        before, after = promise.before or 0.0, promise.after or 0.0
        self.ipv6_rises = after > before
        seen = promise.connections
        count = seen.ipv6 if self.ipv6_rises else seen.ipv4
        way, goal = (before, after) if self.ipv6_rises else (1 - before, 1 - after)
        if lower_share(count, seen.total, level) > way:
            way = upper_share(count, seen.total, level)
        self.way = min(1.0, max(SLACK, way))
        self.contrary = min(1.0, 1 - goal + TOLERANCE)


class _Client:
    """One smtp(8) or lmtp(8) process since the reload: the request that it is at."""

    __slots__ = ("counted", "done", "first", "opened", "queue_id", "troubled")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another request."""
        self.queue_id: str | None = None
        self.done = False  # its delivery line came
        self.counted = False
        self.troubled = False
        self.first: Family | None = None
        self.opened: list[Family] = []  # sessions that broke off before any mail


class Effect:
    """`apply` events in log order; ask `observed()` at any moment.

    `processes` are the `tag[pid]:` keys already known; `addresses` tells the destination of a peer's
    address, so that a hanging connection counts before its delivery gives up; `owns` which log tags are
    of this instance (`Tracker.owns`); `connect_timeout` is smtp_connect_timeout, in seconds.
    """

    def __init__(
        self,
        promises: Iterable[Promise],
        *,
        processes: Iterable[str] = (),
        addresses: Mapping[str, str] | None = None,
        owns: Callable[[str | None], bool] = lambda tag: True,
        connect_timeout: float = 30.0,
    ) -> None:
        concerned = [one for one in promises if one.moves or one.before is None or one.after is None]
        level = ALPHA / 4 / max(1, len(concerned))
        self._nulls = {one.destination: _Null(one, level) for one in concerned}
        self._before = together(concerned)
        known = [(one.setup, one.deliveries) for one in concerned if one.setup is not None]
        weight = sum(n for _, n in known)
        self._setup_before = sum(setup * n for setup, n in known) / weight if weight else None
        self._addresses = addresses or {}
        self._owns = owns
        self._timeout = connect_timeout
        self._old = set(processes)
        self._in_trouble: set[str] = set()
        self._clients: dict[str, _Client] = {}
        self._handshakes: dict[str, Peer] = {}  # by process: whom TLS just failed with
        self._clock = Clock(0.0)
        self._reloaded: str | None = None
        self._critical: str | None = None
        self._moved, self._contrary, self._trouble = Wager(), Wager(), Wager()
        self._ipv4 = self._ipv6 = self._tries = self._requests = self._troubled = 0
        self._usual = 0.0
        self._setups: tuple[int, float] = (0, 0.0)  # how many, their sum

    # -- what goes in

    def apply(self, event: Event) -> None:
        """One event, in log order."""
        if not self._owns(event.tag):
            return
        if isinstance(event, Reload | Start):
            if self._reloaded is None:
                self._reloaded = event.time or ""
            return
        self._watch_daemons(event)
        if event.daemon not in CLIENTS or event.pid is None:
            return
        key = f"{event.tag}[{event.pid}]:"
        if self._reloaded is None:
            self._old.add(key)
        elif key not in self._old and isinstance(event, Delivery | ConnectFailed | AttemptFailed):
            handshake = self._handshakes.pop(key, None)
            if handshake is not None and isinstance(event, AttemptFailed) and event.relay_address is None:
                event = replace(event, relay_address=handshake.address, family=handshake.family)
            if self._began_before(event):
                self._old.add(key)
                self._clients.pop(key, None)
            elif not is_loopback(event.relay_address):  # a content filter of this host
                client = self._clients.setdefault(key, _Client())
                if isinstance(event, Delivery):
                    self._delivery(client, event)
                else:
                    self._attempt(client, event)
        elif (handshake := failed_handshake(event)) is not None:
            self._handshakes[key] = handshake

    def _watch_daemons(self, event: Event) -> None:
        process = event.process if isinstance(event, Process) else None
        if process is None and event.level not in ("fatal", "panic"):
            return
        daemon = (process or event.daemon or "").rpartition("/")[2]
        if daemon in _COMMANDS:
            return
        if self._reloaded is None:
            self._in_trouble.add(daemon)
        elif self._critical is None and (daemon in CLIENTS or daemon not in self._in_trouble):
            self._critical = event.text

    def _began_before(self, event: Delivery | ConnectFailed | AttemptFailed) -> bool:
        """Whether the request began before the reload, as far as its line tells."""
        took = 0.0
        if isinstance(event, Delivery) and event.delays is not None:
            took = event.delays[2] + event.delays[3]
        elif isinstance(event, ConnectFailed) and "timed out" in (event.error or ""):
            took = self._timeout
        then = self._clock.epoch(self._reloaded) if self._reloaded else None
        now = self._clock.epoch(event.time) if event.time else None
        if then is None or now is None or event.time is None:
            return False
        return now - took < then - (0.0 if "." in event.time else 1.0)  # whole seconds are cut

    def _attempt(self, client: _Client, event: ConnectFailed | AttemptFailed) -> None:
        """A try that failed: of the next request, unless it names the message of the last."""
        family = event.family
        if client.done:
            if event.queue_id is not None and event.queue_id == client.queue_id:
                return
            client.begin()
        client.troubled = True
        client.first = client.first or family
        if isinstance(event, AttemptFailed) and event.stage in HANDSHAKE_STAGES and family is not None:
            client.opened.append(family)
        null = self._nulls.get(self._addresses.get(event.relay_address or "", ""))
        if null is not None:
            self._request(client, null)

    def _delivery(self, client: _Client, event: Delivery) -> None:
        if client.done:
            if event.queue_id == client.queue_id:
                return  # another recipient
            client.begin()
        client.done = True
        client.queue_id = event.queue_id
        to = event.to or ""
        null = self._nulls.get(to[to.rfind("@") + 1 :].lower())
        if null is None:
            return
        new = event.conn_use <= 1 and event.relay_address is not None
        for family in (*client.opened, *([event.family] if new else [])):
            self._ipv4 += family == "ipv4"
            self._ipv6 += family == "ipv6"
        client.first = client.first or (event.family if new else None)
        setup = event.delays[2] if event.delays is not None else None
        if setup is not None:
            self._setups = self._setups[0] + 1, self._setups[1] + setup
        client.troubled |= event.status in UNSENT or (setup is not None and setup >= SLOW)
        self._request(client, null)

    def _request(self, client: _Client, null: _Null) -> None:
        """What is known of the request goes into the bets, once."""
        if client.counted:
            return
        client.counted = True
        self._requests += 1
        self._troubled += client.troubled
        self._usual += null.usual
        self._trouble.add(client.troubled, null.trouble)
        if null.moves and client.first in ("ipv4", "ipv6"):
            moved = (client.first == "ipv6") == null.ipv6_rises
            self._tries += 1
            self._moved.add(moved, null.way)
            self._contrary.add(not moved, null.contrary)

    # -- what comes out

    def observed(self) -> Observed:
        """All of it at this moment."""
        verdict, why = self._verdict()
        count, seconds = self._setups
        return Observed(
            reloaded=self._reloaded,
            before=self._before,
            after=Connections(self._ipv4, self._ipv6),
            requests=self._requests,
            troubled=self._troubled,
            setup_before=self._setup_before,
            setup_after=seconds / count if count else None,
            verdict=verdict,
            why=why,
        )

    @property
    def reloaded(self) -> str | None:
        """The time of the reload line as logged, "" where it has none; None before it."""
        return self._reloaded

    @property
    def critical(self) -> str | None:
        """The line that tells of a daemon in trouble since the reload; None where none is."""
        return self._critical

    def _verdict(self) -> tuple[Verdict, str]:
        if self._critical is not None:
            return "bad", f"since the reload a daemon is in trouble: {self._critical}"
        if self._reloaded is None:
            return "too_little_traffic", "no reload line in the log yet"
        tries = f"{self._tries} first tries"
        trouble = f"{self._troubled} of {self._requests} deliveries since the reload had trouble"
        if self._trouble.proves(ALPHA / 4):
            return "bad", f"{trouble}: more than the time before explains"
        if self._contrary.proves(ALPHA / 2):
            return "bad", f"the {tries} since the reload do not go the way that was predicted"
        if self._moved.proves(ALPHA) and self._tries >= MINIMUM:
            if self._troubled <= min(self._usual, self._requests / 2):
                return "good", f"{tries} go the way that was predicted, and {trouble}"
            return "too_little_traffic", f"first tries go the way that was predicted, but {trouble}"
        if self._tries == 1:
            return "too_little_traffic", "one first try since the reload tells nothing yet"
        return "too_little_traffic", f"{tries} since the reload tell nothing yet"
