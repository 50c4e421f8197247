"""The text form fits 80 columns and shows no control character, whatever the log says."""

from __future__ import annotations

from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st
from tests.mail.lines import LOGS
from tests.mail.track import V4, V6, to, track

from mxtop.mail.tracker import Tracker
from mxtop.report.reading import collect
from mxtop.report.report import build
from mxtop.report.text import WIDTH, lines


def test_a_captured_log_fits_and_lines_up() -> None:
    tracker = Tracker()
    collect(tracker, [str(LOGS / "postfix-3.7.11.long.iso.log.gz")])
    document = build(tracker)
    shown = lines(document)
    assert max(map(len, shown)) <= WIDTH
    at = next(n for n, line in enumerate(shown) if line.startswith("FAMILY"))
    assert [line.split()[0] for line in shown[at + 1 : at + 5]] == ["ipv4", "ipv6", "unix", "none"]
    for name in ("ipv4", "ipv6"):
        cells = next(line for line in shown if line.startswith(name)).split()
        counts = document["families"][name]
        assert cells[1:4] == [str(counts[key]) for key in ("connections", "reused", "failed_connects")]
        ends = {line.index(cell) + len(cell) for line, cell in ((shown[at], "SENT"),)}
        assert all(
            line[end - 1] != " " and line[end : end + 1] in (" ", "")
            for end in ends
            for line in shown[at : at + 5]
        )
    assert any(line.startswith("dual.example") for line in shown)
    assert any("… and" in line for line in shown)


def test_an_empty_log() -> None:
    assert lines(build(Tracker())) == ["no log lines"]


def test_what_was_left_out_is_said() -> None:
    tracker = track(to("u@a.example", V4), syslog_names=("postfix-out",))
    tracker.clients.dropped = 5
    shown = "\n".join(lines(build(tracker)))
    assert "1 lines of other Postfix instances" in shown and "5 clients" in shown


@given(st.text(max_size=200), st.text(max_size=300))
def test_hostile_names_and_replies_stay_text(name: str, reply: str) -> None:
    clear = str.maketrans("", "", '\n<>"')
    name, reply = name.translate(clear), reply.translate(clear)
    tracker = track(
        to(f"u@{name}", V6, status="deferred", reason=f"host h[192.0.2.1] said: 450 \x1b[31m{reply}"),
        to("u@a.example", V4, reason=reply),
    )
    for line in lines(build(tracker, f"\x1b]0;{name}")):
        assert not any(category(char)[0] == "C" for char in line) and len(line) <= WIDTH
