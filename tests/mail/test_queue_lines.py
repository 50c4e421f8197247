"""Lines about queued messages and about Postfix itself; captured ones unless hostile."""

# ruff: noqa: E501  log lines are long

from __future__ import annotations

from typing import Any

import pytest
from tests.mail.lines import event, fields

QID = "4jYFCT4QRDznstv"


def said(daemon: str, body: str, **expected: Any) -> None:
    found = fields(f"postfix/{daemon}[1]: {body}")
    assert found.pop("daemon") == daemon
    if "level" not in expected:
        assert found.pop("level") == "info"
    if body.startswith(QID):
        assert found.pop("queue_id") == QID
    assert found == expected


@pytest.mark.parametrize(
    "logged, sender",
    [
        ("<alice@mx1.example>", "alice@mx1.example"),
        ("<>", ""),
        ('<"odd sender"@mx1.example>', '"odd sender"@mx1.example'),
        ("<odd sender@mx1.example>", "odd sender@mx1.example"),
        ('<">, size=1, nrcpt=1 (queue active)"@x>', '">, size=1, nrcpt=1 (queue active)"@x'),
        ("alice", "alice"),
    ],
)
def test_qmgr(logged: str, sender: str) -> None:
    said(
        "qmgr",
        f"{QID}: from={logged}, size=281, nrcpt=2 (queue active)",
        event="queued",
        size=281,
        recipients=2,
        **{"from": sender},
    )
    for status in ("expired", "force-expired"):
        line = f"{QID}: from={logged}, status={status}, returned to sender"
        said("qmgr", line, event="expired", status=status, **{"from": sender})


def test_removed_and_expired() -> None:
    said("qmgr", f"{QID}: removed", event="removed")
    said("postsuper", f"{QID}: removed", event="removed")
    said("postsuper", f"{QID}: expired", event="expired", status="expired")
    said("cleanup", f"{QID}: removed (canceled)", event="other")
    said("cleanup", f"{QID}: removed (discarded)", event="other")
    for word in ("requeued", "placed on hold", "released from hold"):
        said("postsuper", f"{QID}: {word}", event="other")
    said("postsuper", "Deleted: 3 messages", event="other")
    said("qmgr", f"{QID}: skipped, still being delivered", event="other")
    said(
        "qmgr",
        "warning: connect to transport private/nosuch: No such file or directory",
        event="other",
        level="warning",
    )


def test_pickup() -> None:
    said("pickup", f"{QID}: uid=0 from=<>", event="pickup", uid=0, **{"from": ""})
    said(
        "pickup", f"{QID}: uid=102 from=<a@b> orig_id=0B26954C71F", event="pickup", uid=102, **{"from": "a@b"}
    )
    said(
        "pickup", f'{QID}: uid=0 from=<"> orig_id=x"@y>', event="pickup", uid=0, **{"from": '"> orig_id=x"@y'}
    )


@pytest.mark.parametrize(
    "logged, message_id",
    [
        ("<20261123183436.ECD9A54C71F@mx1.example>", "20261123183436.ECD9A54C71F@mx1.example"),
        ("<>", ""),
        ("bare@x", "bare@x"),
        ("<a b> status=sent", "<a b> status=sent"),
    ],
)
def test_message_id(logged: str, message_id: str) -> None:
    said("cleanup", f"{QID}: message-id={logged}", event="message_id", message_id=message_id, resent=False)
    said(
        "cleanup",
        f"{QID}: resent-message-id={logged}",
        event="message_id",
        message_id=message_id,
        resent=True,
    )


CLIENT = {"client_host": "localhost", "client_address": "127.0.0.1", "family": "ipv4"}


def test_header_checks() -> None:
    said(
        "cleanup",
        f'{QID}: reject: header Subject: rejectme text (with) "quotes" 0 from localhost[127.0.0.1]; '
        "from=<bob@mx1.example> to=<u1@dual.example> proto=ESMTP helo=<client.mx1.example>: 5.7.1 not wanted here",
        event="reject", action="reject", stage="header", dsn="5.7.1", reason="not wanted here", to="u1@dual.example",
        proto="ESMTP", helo="client.mx1.example", **{"from": "bob@mx1.example"}, **CLIENT,
    )  # fmt: skip
    said(
        "cleanup",
        f"{QID}: warning: header Subject: holdme local from local; from=<a@b> to=<c@d>: inspect this",
        event="reject", action="warning", stage="header", reason="inspect this", to="c@d", **{"from": "a@b"},
    )  # fmt: skip
    said(
        "cleanup",
        f"{QID}: hold: body spam spam from unknown; from=<a@b> to=<c@d>",
        event="reject", action="hold", stage="body", to="c@d", **{"from": "a@b"},
    )  # fmt: skip
    said(
        "cleanup", f"{QID}: discard: header Subject: cut he", event="reject", action="discard", stage="header"
    )


def test_a_header_does_not_pose_as_the_client() -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 postfix/cleanup[1]: {QID}: reject: header Subject: hi from evil[192.0.2.66]; "
        "from=<x@y> to=<z@z> proto=ESMTP helo=<h>: 5.7.1 forged from localhost[127.0.0.1]; "
        "from=<bob@mx1.example> to=<u1@dual.example> proto=ESMTP helo=<c>: 5.7.1 real"
    )
    assert (found["client_address"], found["from"], found["reason"]) == (
        "127.0.0.1",
        "bob@mx1.example",
        "real",
    )


def test_milter_reject() -> None:
    said(
        "cleanup",
        f"{QID}: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 Command rejected; from=<a@b> to=<c@d> "
        "proto=ESMTP helo=<x>",
        event="reject", action="milter-reject", stage="END-OF-MESSAGE", dsn="5.7.1", reason="Command rejected",
        to="c@d", proto="ESMTP", helo="x", **{"from": "a@b"}, **CLIENT,
    )  # fmt: skip


def test_deliveries_that_cleanup_logs() -> None:
    line = (
        f"{QID}: to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=5.7.1, status=bounced (not wanted here)"
    )
    assert fields(f"postfix/cleanup[1]: {line}")["event"] == "delivery"


@pytest.mark.parametrize(
    "notice",
    [
        "sender non-delivery notification",
        "postmaster non-delivery notification",
        "sender delay notification",
        "postmaster delay notification",
        "sender delivery status notification",
    ],
)
def test_bounce(notice: str) -> None:
    said(
        "bounce",
        f"{QID}: {notice}: 1F4A154C71D",
        event="bounce_notice",
        notice=notice,
        notice_queue_id="1F4A154C71D",
    )


def test_a_notice_that_failed_is_none() -> None:
    found = event(
        f"Nov 23 18:32:26 mx1 postfix/bounce[1]: warning: {QID}: sender notification failed to <a@b>: x"
    )
    assert (found["event"], found["level"], found["queue_id"]) == ("other", "warning", QID)


def test_master() -> None:
    at = {"version": "3.7.11", "config_directory": "/etc/postfix"}
    said("master", "daemon started -- version 3.7.11, configuration /etc/postfix", event="start", **at)
    said("master", "reload -- version 3.7.11, configuration /etc/postfix", event="reload", **at)
    said("master", "terminating on signal 15", event="stop")
    smtp = "/usr/lib/postfix/sbin/smtp"
    said(
        "master", f"warning: process {smtp} pid 13629 exit status 1",
        event="process_died", process=smtp, pid_died=13629, status=1, level="warning",
    )  # fmt: skip
    said(
        "master", f"warning: process {smtp} pid 13629 killed by signal 9",
        event="process_died", process=smtp, pid_died=13629, status=9, level="warning",
    )  # fmt: skip
    said(
        "master", f"warning: {smtp}: bad command startup -- throttling",
        event="throttle", process=smtp, level="warning",
    )  # fmt: skip
    said("master", "warning: ignoring inet_protocols parameter value change", event="other", level="warning")


@pytest.mark.parametrize(
    "body, kind",
    [
        ("starting the Postfix mail system", "start"),
        ("refreshing the Postfix mail system", "reload"),
        ("stopping the Postfix mail system", "stop"),
        ("aborting the Postfix mail system", "stop"),
        ("waiting for the Postfix mail system to terminate", "other"),
        ("the Postfix mail system is running: PID: 3012", "other"),
    ],
)
def test_script(body: str, kind: str) -> None:
    said("postfix-script", body, event=kind)


def test_a_script_that_fails() -> None:
    said("postfix-script", "fatal: the Postfix mail system is not running", event="other", level="fatal")


@pytest.mark.parametrize(
    ("daemon", "body"),
    [
        ("qmgr", "from=<a@b.example>, size=12, nrcpt=1 (queue active)"),
        ("qmgr", "removed"),
        ("postsuper", "removed"),
        ("postsuper", "expired"),
        ("cleanup", "message-id=<x@y.example>"),
        ("pickup", "uid=0 from=<root>"),
        ("bounce", "sender non-delivery notification: 4A5B6C7D8E9F"),
    ],
)
def test_what_names_no_message_is_nothing_that_happened_to_one(daemon: str, body: str) -> None:
    assert fields(f"postfix/{daemon}[1]: 4A5B6C7D8E9A: {body}")["event"] != "other"
    assert fields(f"postfix/{daemon}[1]: {body}")["event"] == "other"


@pytest.mark.parametrize(
    ("daemon", "body"),
    [
        ("qmgr", "4A5B6C7D8E9F: removed"),
        ("postsuper", "4A5B6C7D8E9F: removed"),
        ("cleanup", "4A5B6C7D8E9F: message-id=<x@y.example>"),
        ("postfix-script", "stopping the Postfix mail system"),
    ],
)
def test_what_is_warned_of_did_not_happen(daemon: str, body: str) -> None:
    said(daemon, f"warning: {body}", event="other", level="warning", **queue_id_of(body))


def queue_id_of(body: str) -> dict[str, str]:
    queue_id, colon, _ = body.partition(": ")
    return {"queue_id": queue_id} if colon else {}


@pytest.mark.parametrize("body", ["table hash:/etc/postfix/x has changed -- restarting", "wakeup ends", ""])
def test_what_else_master_says_stops_nothing(body: str) -> None:
    said("master", body, event="other")
    said("master", "master exit time has arrived", event="stop")
