"""The verdict on a change: which lines count, which way they point, and how often it is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.mail.lines import REFERENCE, VERSIONS, captured
from tests.mail.watch import RELOAD, V6, Log, promised, watch

from mxtop.mail.event import Event, Other, ProcessDied, Reload, Throttle
from mxtop.mail.parse import Parser
from mxtop.mail.promise import Connections, Promise
from mxtop.mail.verdict import ALPHA


def test_twenty_connections_all_over_ipv6_are_good() -> None:
    log = Log()
    effect = watch([RELOAD])
    assert effect.observed().verdict == "too_little_traffic"
    verdicts = []
    for _ in range(20):
        effect.apply(log.sent())
        verdicts.append(effect.observed().verdict)
    assert verdicts[3] == "too_little_traffic"
    assert verdicts[-1] == "good"
    seen = effect.observed()
    assert (seen.before, seen.after) == (Connections(20, 20), Connections(0, 20))
    assert (seen.requests, seen.troubled) == (20, 0)
    assert (seen.setup_before, seen.setup_after) == (0.02, pytest.approx(0.1))


def test_what_is_seen_so_far_is_told_in_words() -> None:
    log = Log()
    effect = watch([])
    assert effect.reloaded is None
    assert effect.observed().why == "no reload line in the log yet"
    effect.apply(RELOAD)
    assert effect.reloaded == RELOAD.time
    assert effect.observed().why == "0 first tries since the reload tell nothing yet"
    effect.apply(log.sent())
    assert effect.observed().why == "one first try since the reload tells nothing yet"
    effect.apply(log.sent())
    assert effect.observed().why == "2 first tries since the reload tell nothing yet"


def test_an_attempt_after_a_delivery_is_the_next_requests_unless_it_names_the_same_message() -> None:
    """One process: a message, then another whose first attempt fails; and a second recipient of the first."""
    for queue_id, requests, troubled in (("NEXT", 2, 1), ("FIRST", 1, 0)):
        log = Log()
        said = log.broken_off("DATA", pid=7, queue_id=queue_id, relay_address=V6, family="ipv6")
        first = log.sent(pid=7, queue_id="FIRST")
        last = log.sent(pid=7, queue_id=queue_id)
        seen = watch([RELOAD, first, said, last]).observed()
        assert (seen.requests, seen.troubled) == (requests, troubled)


def test_the_other_way_is_good_where_it_was_promised() -> None:
    log = Log()
    events = [RELOAD, *(log.sent(ipv6=False) for _ in range(20))]
    assert watch(events, promised(0.5, 0.0)).observed().verdict == "good"
    assert watch(events, promised(1.0, 0.0)).observed().verdict == "good"


def test_a_few_first_tries_are_too_little_however_clear() -> None:
    log = Log()
    effect = watch([RELOAD, *(log.sent() for _ in range(4))], promised(0.0, 1.0))
    assert effect.observed().verdict == "too_little_traffic"
    effect.apply(log.sent())
    assert effect.observed().verdict == "good"


def test_back_to_chance_is_good_when_lots_decide_and_bad_when_nothing_moves() -> None:
    log = Log()
    lots = [RELOAD, *(log.sent(ipv6=i % 2 == 0) for i in range(40))]
    assert watch(lots, promised(1.0, 0.5)).observed().verdict == "good"
    still = [RELOAD, *(log.sent() for _ in range(40))]
    assert watch(still, promised(1.0, 0.5)).observed().verdict == "bad"


def test_nothing_changed_is_bad_in_time() -> None:
    dice, log = random.Random(3), Log()
    effect = watch([RELOAD, *(log.sent(ipv6=dice.random() < 0.5) for _ in range(40))])
    assert effect.observed().verdict == "bad"
    assert "predicted" in effect.observed().why


@pytest.mark.parametrize("n", [10, 40])
def test_all_failing_is_bad_soon(n: int) -> None:
    log = Log()
    effect = watch(
        [RELOAD, *(log.sent(status="deferred", relay_address=None, family=None) for _ in range(10))],
        promised(n=n),
    )
    assert effect.observed().verdict == "bad"
    assert "10 of 10 deliveries" in effect.observed().why


def test_a_destination_that_failed_before_is_no_evidence() -> None:
    log = Log()
    events = [RELOAD, *(log.sent(status="deferred") for _ in range(300))]
    assert watch(events, promised(n=40, k=40)).observed().verdict == "too_little_traffic"
    assert watch(events, promised(n=0)).observed().verdict == "too_little_traffic"


def test_bad_outweighs_good_and_stays() -> None:
    log = Log()
    effect = watch([RELOAD, *(log.sent() for _ in range(20))])
    assert effect.observed().verdict == "good"
    for _ in range(30):
        effect.apply(log.sent(status="bounced"))
    assert effect.observed().verdict == "bad"
    for _ in range(500):
        effect.apply(log.sent())
    assert effect.observed().verdict == "bad"


def test_trouble_below_proof_still_withholds_good() -> None:
    """Three in ten fail where none did: no proof of harm after ten, but nobody should read `good`."""
    log = Log()
    effect = watch(
        [RELOAD, *(log.sent(status="sent" if i % 3 else "deferred") for i in range(10))], promised(n=12)
    )
    assert effect.observed().verdict == "too_little_traffic"
    assert "4 of 10" in effect.observed().why


@pytest.mark.parametrize("slow", [(0, 0, 30.1, 0.2), (0, 0, 10.0, 0.2)])
def test_added_delay_is_trouble(slow: tuple[float, float, float, float]) -> None:
    log = Log(60)
    assert watch([RELOAD, *(log.sent(delays=slow) for _ in range(10))]).observed().verdict == "bad"
    fast = watch([RELOAD, *(log.sent(delays=(900, 900, 9.9, 50)) for _ in range(10))])
    assert fast.observed().troubled == 0


def test_failed_connections_count_before_the_delivery_line_where_the_address_is_known() -> None:
    log = Log()
    failing: list[Event] = [RELOAD, *(log.refused() for _ in range(10))]
    assert watch(failing).observed().requests == 0
    seen = watch(failing, addresses={V6: "a.example"}).observed()
    assert (seen.verdict, seen.requests, seen.troubled) == ("bad", 10, 10)
    assert watch(failing, addresses={V6: "b.example"}).observed().requests == 0


@pytest.mark.parametrize("addresses", [{}, {V6: "a.example"}])
def test_a_fallback_to_the_other_family_is_one_request_with_trouble(addresses: dict[str, str]) -> None:
    log = Log()
    lines = [log.refused(pid=7), log.refused(pid=7), log.sent(ipv6=False, pid=7)]
    seen = watch([RELOAD, *lines], addresses=addresses).observed()
    assert (seen.requests, seen.troubled, seen.after) == (1, 1, Connections(1, 0))
    many = [one for i in range(20) for one in (log.refused(pid=50 + i), log.sent(ipv6=False, pid=50 + i))]
    assert "trouble" in watch([RELOAD, *many]).observed().why


def test_the_first_try_is_the_one_that_failed() -> None:
    """Where everything failed before, trouble proves nothing, but the way of the first tries does."""
    log = Log()
    many = [one for i in range(20) for one in (log.refused(pid=50 + i), log.sent(ipv6=False, pid=50 + i))]
    why = watch([RELOAD, *many], promised(n=40, k=40)).observed().why
    assert why == (
        "first tries go the way that was predicted, but 20 of 20 deliveries since the reload had trouble"
    )


def test_a_handshake_that_broke_off_was_a_connection() -> None:
    log = Log()
    for stage, ipv6 in (("EHLO", 1), ("RCPT TO", 0)):
        failed = log.broken_off(stage, pid=7, queue_id="A", relay_address=V6, family="ipv6")
        seen = watch([RELOAD, failed, log.sent(ipv6=False, pid=7, queue_id="A")]).observed()
        assert seen.after == Connections(1, ipv6)
        assert (seen.requests, seen.troubled) == (1, 1)


def test_a_failed_tls_handshake_is_with_the_address_of_the_line_before() -> None:
    log = Log()
    ended = log.broken_off("TLS", pid=7, queue_id="A"), log.sent(ipv6=False, pid=7, queue_id="A")
    unnamed = watch([RELOAD, *ended], addresses={V6: "a.example"}).observed()
    assert unnamed.after == Connections(1, 0)
    error = log.says(f"SSL_connect error to mx.a.example[{V6}]:25: -1", pid=7)
    refused = log.says(f"certificate verification failed for mx.a.example[{V6}]:25: no", pid=7)
    assert watch([RELOAD, refused, *ended], addresses={V6: "a.example"}).observed().after == Connections(1, 1)
    effect = watch([RELOAD, error, ended[0]], addresses={V6: "a.example"})
    assert effect.observed().requests == 1  # before the delivery line
    effect.apply(ended[1])
    assert effect.observed().after == Connections(1, 1)
    assert "one first try" in effect.observed().why
    other = log.sent(pid=7, queue_id="B", ipv6=False)  # the line of that session: it names it itself
    assert watch([RELOAD, error, other, *ended]).observed().after == Connections(2, 0)


def test_recipients_of_one_message_count_once_and_the_next_message_anew() -> None:
    log = Log()
    lines = [log.sent(pid=7, queue_id=q, to=f"{i}@A.Example") for q in "AB" for i in range(30)]
    seen = watch([RELOAD, *lines]).observed()
    assert (seen.requests, seen.after) == (2, Connections(0, 2))


def test_a_reused_connection_is_no_first_try_but_a_delivery() -> None:
    log = Log()
    seen = watch([RELOAD, *(log.sent(ipv6=False, conn_use=2) for _ in range(50))]).observed()
    assert (seen.requests, seen.after, seen.verdict) == (50, Connections(), "too_little_traffic")


@pytest.mark.parametrize(
    "stranger",
    [
        {"to": "x@b.example"},
        {"daemon": "error", "tag": "postfix/error"},
        {"relay_address": "127.0.0.1"},
        {"tag": "other/smtp"},
    ],
)
def test_what_the_change_does_not_concern_does_not_count(stranger: dict[str, Any]) -> None:
    log = Log()
    lines = [log.sent(status="deferred", **stranger) for _ in range(50)]
    effect = watch([RELOAD, *lines], owns=lambda tag: not (tag or "").startswith("other"))
    assert effect.observed().requests == 0
    untouched = promised(1.0, 1.0, name="b.example")
    assert (
        watch([RELOAD, *(log.sent(to="x@b.example") for _ in range(9))], promised(), untouched)
        .observed()
        .requests
        == 0
    )


def test_unknown_shares_are_watched_for_trouble_alone() -> None:
    log = Log()
    unknown = promised(None, None)
    assert (
        watch([RELOAD, *(log.sent() for _ in range(90))], unknown).observed().verdict == "too_little_traffic"
    )
    failing = [RELOAD, *(log.sent(status="deferred") for _ in range(20))]
    assert watch(failing, unknown).observed().verdict == "bad"


def test_processes_of_the_time_before_do_not_count() -> None:
    log = Log()
    old = [log.sent(pid=7) for _ in range(3)]
    late = [log.sent(pid=7, status="deferred") for _ in range(50)]
    assert watch([*old, RELOAD, *late]).observed().requests == 0
    assert watch([RELOAD, *late], processes=["postfix/smtp[7]:"]).observed().requests == 0
    assert watch([RELOAD, *late]).observed().requests == 50
    assert watch(late).observed().requests == 0


def test_a_request_that_began_before_the_reload_betrays_an_old_process() -> None:
    log = Log(20)
    hanging = log.sent(pid=7, delays=(0, 0, 30, 0))  # logged at :21, the reload was at :00.5
    seen = watch([RELOAD, hanging, log.sent(pid=7)]).observed()
    assert seen.requests == 0
    assert watch([RELOAD, log.sent(delays=(500, 500, 1, 1))]).observed().requests == 1
    timed_out = log.refused(pid=8, error="Connection timed out")
    assert watch([RELOAD, timed_out, log.sent(pid=8)]).observed().requests == 0
    assert watch([RELOAD, timed_out, log.sent(pid=8)], connect_timeout=3).observed().requests == 1


def test_whole_seconds_do_not_make_a_process_old() -> None:
    reload = Reload(line=1, tag="postfix/master", daemon="master", pid=1, time="2026-11-23T12:00:00", text="")
    quick = Log().sent(time="2026-11-23T12:00:00", delays=(0, 0, 0.5, 0.4))
    assert watch([reload, quick]).observed().requests == 1
    slow = Log().sent(time="2026-11-23T12:00:00", delays=(0, 0, 0.8, 0.4))
    assert watch([reload, slow]).observed().requests == 0


def critical(kind: str, daemon: str) -> Event:
    head = {"line": 1, "time": "2026-11-23T12:00:09+00:00", "text": f"{kind} of {daemon}"}
    if kind == "throttle":
        return Throttle(
            **head, tag="postfix/master", daemon="master", process=f"/usr/lib/postfix/sbin/{daemon}"
        )
    if kind == "process_died":
        return ProcessDied(
            **head, tag="postfix/master", daemon="master", process=f"/usr/lib/postfix/sbin/{daemon}"
        )
    return Other(**head, tag=f"postfix/{daemon}", daemon=daemon, pid=5, level=kind)


@pytest.mark.parametrize("kind", ["fatal", "panic", "throttle", "process_died"])
def test_a_daemon_in_trouble_is_bad_at_once(kind: str) -> None:
    for daemon in ("smtp", "qmgr", "trivial-rewrite"):
        seen = watch([RELOAD, critical(kind, daemon)]).observed()
        assert seen.verdict == "bad"
        assert f"{kind} of {daemon}" in seen.why
    assert watch([critical(kind, "smtp"), RELOAD]).observed().verdict == "too_little_traffic"
    assert watch([critical(kind, "smtp"), RELOAD, critical(kind, "smtp")]).observed().verdict == "bad"
    assert watch([critical(kind, "smtpd"), RELOAD, critical(kind, "smtpd")]).observed().verdict != "bad"
    assert watch([critical(kind, "smtpd"), RELOAD, critical(kind, "qmgr")]).observed().verdict == "bad"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bad_value_in_the_logs_of_real_versions(version: str) -> None:
    events = [Parser(REFERENCE).parse(line) for line in captured(f"{version}.log")]
    died = next(i for i, e in enumerate(events) if "fatal: bad smtp_address_preference value" in e.text)
    reload = max(i for i, e in enumerate(events[:died]) if isinstance(e, Reload))
    effect = watch(events[reload:died])
    assert effect.observed().verdict != "bad"
    effect.apply(events[died])
    assert effect.observed().verdict == "bad"


def test_an_error_of_a_command_that_somebody_types_is_no_news() -> None:
    for command in ("postqueue", "sendmail", "postfix-script"):
        assert watch([RELOAD, critical("fatal", command)]).observed().verdict == "too_little_traffic"


# -- how often it is wrong


def runs(
    promises: list[Promise], draw: Callable[[random.Random, Log], Event], count: int, looks: int
) -> Iterator[set[str]]:
    """The verdicts that each of so many watches showed at any time."""
    for seed in range(count):
        dice, log = random.Random(seed), Log()
        effect = watch([RELOAD], *promises)
        shown = set()
        for _ in range(looks):
            effect.apply(draw(dice, log))
            shown.add(effect.observed().verdict)
        yield shown


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_change_without_effect_is_never_called_good_too_often(share: float) -> None:
    """Looked at after each of 120 first tries; the limit is three standard errors over ALPHA."""
    shown = list(runs([promised(share, 1.0)], lambda d, log: log.sent(ipv6=d.random() < share), 150, 120))
    assert sum("good" in one for one in shown) / 150 <= ALPHA + 3 * (ALPHA / 150) ** 0.5


@pytest.mark.parametrize("trouble", [0.0, 0.1, 0.3])
def test_a_change_that_works_is_never_called_bad_too_often(trouble: float) -> None:
    """The time before is drawn anew for each watch, from the same trouble."""
    wrong = 0
    for seed in range(120):
        dice, log = random.Random(seed), Log()
        k = sum(dice.random() < trouble for _ in range(30))
        effect = watch([RELOAD], promised(n=30, k=k))
        for _ in range(120):
            effect.apply(log.sent(status="deferred" if dice.random() < trouble else "sent"))
        wrong += effect.observed().verdict == "bad"  # bad stays, so the last look tells of all
    assert wrong / 120 <= ALPHA + 3 * (ALPHA / 120) ** 0.5


def test_the_log_corrects_a_prediction_that_said_too_little() -> None:
    """Predicted one in five, but four in five were seen before: four in five after are no effect."""
    wrong = Promise(
        destination="a.example", before=0.2, after=1.0, connections=Connections(20, 80), deliveries=100
    )
    shown = list(runs([wrong], lambda d, log: log.sent(ipv6=d.random() < 0.8), 40, 60))
    assert sum("good" in one for one in shown) <= 2
    taken = Promise(
        destination="a.example", before=0.2, after=1.0, connections=Connections(80, 20), deliveries=100
    )
    assert all(
        "good" in one for one in runs([taken], lambda d, log: log.sent(ipv6=d.random() < 0.95), 20, 40)
    )
