"""The log of a change under watch: what is older is another's, and what failed before is no harm done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mxtop.change.outcome import Outcome
from mxtop.mail.batch import Batch
from mxtop.mail.promise import Connections, Promise
from mxtop.mail.snapshot import LogTail
from mxtop.mail.verdict import Effect
from mxtop.session.watch import Watch

BEGAN = 1_795_458_696.7


def at(seconds: float, text: str) -> str:
    moment = datetime.fromtimestamp(int(BEGAN) + seconds, UTC)
    return f"{moment.isoformat()} mx1 postfix/{text}\n"


def reload(seconds: float) -> str:
    return at(seconds, "master[1]: reload -- version 3.7.11, configuration /etc/postfix")


def delivery(seconds: float, pid: int, address: str) -> str:
    return at(
        seconds,
        f"smtp[{pid}]: 4A5B6C{pid:04d}: to=<u@dual.example>, relay=mx.dual.example[{address}]:25, delay=0.1, "
        "delays=0/0/0.05/0.05, dsn=2.0.0, status=sent (250 ok)",
    )


@pytest.fixture
def watch() -> Watch:
    promise = Promise(
        destination="dual.example", before=0.5, after=1.0, connections=Connections(20, 20), deliveries=40
    )
    return Watch(
        Effect([promise]), BEGAN, Outcome(predicted_before=0.5, predicted_after=1.0, warnings=("w",))
    )


def feed(watch: Watch, *lines: str) -> None:
    watch.feed(Batch(text="".join(lines), reference=BEGAN))


def test_the_reload_of_an_earlier_change_is_not_this_ones(watch: Watch) -> None:
    feed(watch, reload(-1), delivery(0, 7, "192.0.2.1"))
    assert watch.observed().reloaded is None
    feed(watch, reload(0), delivery(1, 8, "2001:db8::1"))  # whole seconds: the same second counts
    seen = watch.observed()
    assert seen.reloaded is not None
    assert seen.after == Connections(0, 1)


def test_lines_without_a_time_and_of_another_year_are_passed_over(watch: Watch) -> None:
    feed(watch, "nonsense\n", "\n", reload(2), delivery(3, 8, "2001:db8::1"))
    assert watch.observed().after == Connections(0, 1)


def test_a_daemon_that_was_in_trouble_before_is_no_reason_to_go_back(watch: Watch) -> None:
    fatal = "trivial-rewrite[5]: fatal: no such map"
    lines = [reload(-60), at(-400, "cleanup[4]: fatal: old"), at(-50, fatal)]
    watch.before(LogTail().extended([line.removesuffix("\n") for line in lines]))
    feed(watch, reload(1), at(2, fatal))
    assert watch.critical is None
    feed(watch, at(3, "cleanup[6]: fatal: old"))  # too long ago to count as before
    assert watch.critical == "fatal: old"
    assert watch.observed().verdict == "bad"


def test_what_is_remembered(watch: Watch) -> None:
    feed(watch, reload(1), *(delivery(2, 10 + k, "2001:db8::1") for k in range(12)))
    assert watch.outcome() == Outcome(
        predicted_before=0.5,
        predicted_after=1.0,
        before=Connections(20, 20),
        after=Connections(0, 12),
        verdict="good",
        warnings=("w",),
    )


def test_what_was_begun_by_another_is_judged_by_the_lines_that_are_held() -> None:
    """As if it had been watched all the time: an old process, an earlier reload, and what came since."""
    promise = Promise(
        destination="dual.example", before=0.5, after=1.0, connections=Connections(20, 20), deliveries=40
    )
    foreseen = Outcome(predicted_after=1.0, after=Connections(0, 9), verdict="good", warnings=("w",))
    watch = Watch(Effect([promise]), BEGAN, foreseen, resumed=True)
    held = (
        reload(-9),
        delivery(-5, 7, "192.0.2.1"),
        delivery(1, 8, "192.0.2.1"),
        reload(2),
        delivery(3, 7, "192.0.2.1"),  # was there before the reload
        delivery(3, 9, "2001:db8::1"),
    )
    tail = LogTail().extended([line.removesuffix("\n") for line in held])
    watch.past(LogTail().extended([line.removesuffix("\n") for line in held[:3]]))
    assert watch.observed() is None  # the reload may be older than what is held
    assert watch.outcome() == foreseen
    watch.past(tail, 3)
    seen = watch.observed()
    assert seen is not None
    assert seen.after == Connections(0, 1)
    feed(watch, delivery(4, 10, "2001:db8::1"))
    assert watch.outcome().after == Connections(0, 2)
    assert (watch.outcome().predicted_after, watch.outcome().verdict) == (1.0, "too_little_traffic")


def test_history_that_comes_late_tells_what_was_so_before() -> None:
    promise = Promise(destination="dual.example", before=0.5, after=1.0, deliveries=40)
    watch = Watch(Effect([promise]), BEGAN, Outcome(), resumed=True)
    feed(watch, reload(-9), delivery(-5, 7, "192.0.2.1"), reload(2), delivery(3, 7, "192.0.2.1"))
    seen = watch.observed()
    assert seen is not None
    assert seen.after == Connections(0, 0)


def test_a_log_of_another_zone() -> None:
    promise = Promise(
        destination="dual.example", before=0.5, after=1.0, connections=Connections(20, 20), deliveries=40
    )
    watch = Watch(Effect([promise]), BEGAN, Outcome(), zone="JST-9")

    def there(seconds: float) -> str:
        moment = datetime.fromtimestamp(int(BEGAN) + seconds, timezone(timedelta(hours=9)))
        text = "master[1]: reload -- version 3.7.11, configuration /etc/postfix"
        return f"{moment:%b %e %H:%M:%S} mx1 postfix/{text}\n"

    watch.feed(Batch(text=there(-1), reference=BEGAN, zone="JST-9"))
    assert watch.observed().reloaded is None
    watch.past(LogTail().extended([there(2).removesuffix("\n")]))
    assert watch.observed().reloaded is not None
