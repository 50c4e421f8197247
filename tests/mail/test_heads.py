"""Lines cut at their heads: compiled or not, the same comes of it.

That the sums of whole logs are the same, captured, mutated and made up, is in test_scan.py, which asks both.
"""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxtop.mail import heads
from mxtop.mail.heads import AGENT, CLEANUP, NOT_POSTFIX, PLAIN, QMGR, QUEUED, REMOVED, SLOW, SMTPD

KINDS = {
    "postfix/smtp[7]:": AGENT, "postfix/local[7]:": PLAIN, "postfix/qmgr[7]:": QMGR, "postfix/cleanup[7]:": CLEANUP,
    "postfix/smtpd[7]:": SMTPD, "dovecot:": NOT_POSTFIX, "postfix/postsuper[7]:": SLOW,
}  # fmt: skip
ISO = "2026-11-23T18:34:37.130462+00:00"
DELIVERY = (
    "to=<u@a.example>, relay=mx.a.example[2001:db8::1]:25, delay=1.1, delays=0.1/0/0.5/0.5, dsn=2.0.0, "
    "status=sent (250 ok)"
)
FIELDS = ("a.example", "mx.a.example[2001:db8::1]:25", 1, 1.1, (0.1, 0.0, 0.5, 0.5), "sent", "250 ok")


def built() -> Any:
    """The compiled half; where there is a C compiler it must be there."""
    if heads.compiled is None:
        header = Path(sysconfig.get_path("include")) / "Python.h"
        assert not (shutil.which("gcc") and header.exists()), "it was not compiled although it could be"
        pytest.skip("no C compiler, or no headers of Python")
    return heads.compiled


def cut(text: str, iso: bool = True) -> tuple[list[Any], int, int]:
    built()
    pieces, lines, foreign = heads.cut(text, iso, KINDS)
    return list(pieces), lines, foreign


def line(tag: str, text: str, stamp: str = ISO) -> str:
    return f"{stamp} mx1 {tag}: {text}"


@pytest.mark.parametrize(
    ("tag", "text", "piece"),
    [
        ("postfix/smtpd[7]", "connect from c[192.0.2.7]", "from c[192.0.2.7]"),
        ("postfix/smtpd[7]", "4AAAAA1111: client=c[192.0.2.7], sasl_method=PLAIN", "client=c[192.0.2.7]"),
        ("postfix/smtpd[7]", "NOQUEUE: client=c[192.0.2.7]", "client=c[192.0.2.7]"),
        ("postfix/qmgr[7]", "4AAAAA1111: removed", (REMOVED, "4AAAAA1111")),
        ("postfix/qmgr[7]", "4AAAAA1111: from=<>, size=1, nrcpt=1 (queue active)", (QUEUED, "4AAAAA1111")),
        ("postfix/smtp[7]", f"4AAAAA1111: {DELIVERY}", (ISO, "postfix/smtp[7]:", "4AAAAA1111", *FIELDS)),
        ("postfix/local[7]", f"4AAAAA1111: {DELIVERY}", (ISO, "postfix/local[7]:", "4AAAAA1111", *FIELDS)),
    ],
)
def test_what_is_read_already(tag: str, text: str, piece: object) -> None:
    assert cut(line(tag, text)) == ([piece], 1, 0)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("postfix/smtpd[7]", "disconnect from c[192.0.2.7] ehlo=1"),
        ("postfix/smtp[7]", "Trusted TLS connection established to h[192.0.2.1]:25: TLSv1.3"),
        ("postfix/cleanup[7]", "4AAAAA1111: message-id=<x@y>"),
    ],
)
def test_quiet_lines_are_counted_and_left_out(tag: str, text: str) -> None:
    assert cut(f"{line(tag, text)}\n{line('dovecot', 'hi there')}\n") == ([], 2, 1)


@pytest.mark.parametrize("tag", ["postfix/smtp[7]", "postfix/smtp"])
@pytest.mark.parametrize(
    "text",
    [
        "connect to h[192.0.2.1]:25: no", "SSL_connect error to h[192.0.2.1]:25: -1",
        "certificate verification failed for h[192.0.2.1]:25: self-signed certificate",
        "server certificate verification failed for h[192.0.2.1]:25: num=62:hostname mismatch",
        "CA certificate verification failed for h[192.0.2.1]:25: certificate has expired",
    ],
)  # fmt: skip
def test_plain_words_that_tell_something_are_kept(tag: str, text: str) -> None:
    """Whatever is known of the tag, compiled or not."""
    word, _, rest = text.partition(" ")
    kept = [(ISO, f"{tag}:", None, word, rest)]
    assert cut(line(tag, text))[0] == kept
    assert list(heads.cut_slowly(line(tag, text), True)[0]) == kept


@pytest.mark.parametrize(
    "word", ["connects", "connection", "certificates", "servers", "CAs", "Server", "ca", "recertificate"]
)
def test_other_plain_words_are_not(word: str) -> None:
    text = line("postfix/smtp[7]", f"{word} verification failed for h[192.0.2.1]:25: x")
    assert cut(text)[0] == []
    assert [piece[2:4] for piece in heads.cut_slowly(text, True)[0]] == [(None, None)]


@pytest.mark.parametrize(
    "change",
    [
        ("delay=1.1", "delay=1."), ("delay=1.1", "delay=1.1.1"), ("/0.5/", "/0.5.5/"), ("/0.5/", "/"), ("0.1/", "/"),
        ("delay=1.1", "delay=1234567890123456"), (", delay", ", conn_use=1234567890, delay"), ("sent (", "sent ["),
        (", delay", ", conn_use=2.0, delay"), ("<u@a.example>", '<"a> b"@c.example>'), ("25, ", "25\t, "), ("ok)", "ok"),
        ("dsn=2.0.0", "dsn=2.0"), ("ok)", "ok command)"), ("status=sent", "status="), ("to=<", "To=<"), ("ok)", "ok)\r"),
        (", delay", ", orig_to=<x, delay"), (" delays", " tls=, delays"), ("relay=mx.a.example[2001:db8::1]:25", "relay="),
    ],
)  # fmt: skip
def test_another_form_is_handed_on_as_it_is(change: tuple[str, str]) -> None:
    text = DELIVERY.replace(*change, 1)
    assert text != DELIVERY
    pieces, _, _ = cut(line("postfix/smtp[7]", f"4AAAAA1111: {text}"))
    assert pieces == [(ISO, "postfix/smtp[7]:", "4AAAAA1111", None, text)]


@given(
    st.decimals(0, 10**9, allow_nan=False, places=2) | st.floats(0, 1e9).map(lambda number: f"{number:.6f}")
)
def test_numbers_are_those_that_python_reads(number: object) -> None:
    text = str(number)
    pieces, _, _ = cut(line("postfix/smtp[7]", f"4AAAAA1111: {DELIVERY.replace('=1.1', f'={text}', 1)}"))
    read = pieces[0][6] if len(pieces[0]) == 10 else float(text)  # else it was left to Python
    assert read == float(text)


@pytest.mark.parametrize("wide", ["", "é", "日", "\udc80", "😀"])
def test_texts_of_any_width(wide: str) -> None:
    """Strings of 1, 2 and 4 bytes a character."""
    odd = line("postfix/smtp[7]", f"4AAAAA1111: {DELIVERY.replace('ok', f'ok {wide}')}")
    usual = line("postfix/smtp[7]", f"4AAAAA1111: {DELIVERY}")
    pieces, lines, _ = cut(f"{usual}\n{odd}\n{usual}")
    assert lines == 3
    assert [piece[3:] for piece in pieces] == [FIELDS, (*FIELDS[:-1], f"250 ok {wide}"), FIELDS]


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\n\n", "x", " ", ISO, f"{ISO} ", f"{ISO} mx1 ", f"{ISO} mx1 t: ", f"{ISO} mx1 t: x", f"{ISO}  t: x y",
     f"{ISO} mx1 t x y", "\0" * 40, ISO.replace("37", "75") + " mx1 t: x y", ISO[:-1] + " mx1 t: x y"],
)  # fmt: skip
def test_what_has_no_such_head_is_handed_on_whole(text: str) -> None:
    whole = text.removesuffix("\n").split("\n")
    assert cut(text) == ([("", "", "", "", each) for each in whole], len(whole), 0)


def test_each_time_is_told_from_the_other() -> None:
    classic = line("postfix/qmgr[7]", "4AAAAA1111: removed", "Nov  3 18:34:37")
    assert cut(classic, iso=False)[0] == [(REMOVED, "4AAAAA1111")]
    assert cut(classic, iso=True)[0] == [("", "", "", "", classic)]
    for wrong in (
        "Non  3 18:34:37",
        "Nov 3 18:34:37",
        "Nov x3 18:34:37",
        "nov 23 18:34:37",
        "Nov 23 18:34:3",
    ):
        text = line("postfix/qmgr[7]", "4AAAAA1111: removed", wrong)
        assert cut(text, iso=False)[0] == [("", "", "", "", text)]


LIMB = st.sampled_from(
    [ISO, "Nov  3 18:34:37", " ", "mx1", *KINDS, "4AAAAA1111:", "ABCDEF:", "connect", "certificate", "server", "CA", "from", "client=", "removed",
     "from=<a>, size=1, nrcpt=1 (queue active)", "message-id=", DELIVERY, "to=<", ">, relay=", ", delay=", "1/", ")", "\n", ","]
)  # fmt: skip


@settings(max_examples=500)
@given(st.lists(LIMB | st.text(max_size=3), max_size=25).map("".join), st.booleans())
def test_nothing_is_lost(text: str, iso: bool) -> None:
    """Whatever the text, each line is counted once; what comes whole is a line of it."""
    pieces, lines, foreign = cut(text, iso)
    whole = text.removesuffix("\n").split("\n")
    assert lines == len(whole) >= len(pieces) + foreign
    assert all(
        piece[4] in whole
        for piece in pieces
        if len(piece) == 5 and not piece[1] and not isinstance(piece, str)
    )


def test_it_neither_keeps_nor_loses_what_it_is_given() -> None:
    """Reference counts, over many calls."""
    text = "\n".join(line(tag.removesuffix(":"), f"4AAAAA1111: {DELIVERY}") for tag in KINDS) * 3
    held = [text, KINDS, *KINDS.values()]
    before = [sys.getrefcount(each) for each in held]
    for _ in range(300):
        cut(text)
    after = [sys.getrefcount(each) for each in held]
    assert all(abs(now - then) < 50 for now, then in zip(after, before, strict=True))


@pytest.mark.parametrize("wrong", [(1, True, {}), ("x", True, []), ("x", True), ("x", True, {"t:": "no"})])
def test_what_it_cannot_take_is_refused(wrong: tuple[Any, ...]) -> None:
    text = f"{ISO} mx1 t: x y" if wrong[0] == "x" else wrong[0]
    with pytest.raises(TypeError):
        built().cut(text, *wrong[1:], (2, 4, 5, 6, 7, 8), (1, 2))
