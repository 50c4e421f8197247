"""A change in JSON and in words."""

from __future__ import annotations

from tests.report.test_fixing import CHECK, change
from tests.ui.fixing import forecast

from mxtop.change.model import Preview, Setting
from mxtop.change.outcome import Outcome
from mxtop.change.values import Refused
from mxtop.mail.finding import Finding
from mxtop.mail.promise import Connections
from mxtop.report.change import countdown, document, history, preview, refusal
from mxtop.session.fixing import Proposal

KEYS = [
    *("id", "host", "instance", "fix", "state", "operator", "time", "settings", "diff"),
    *("warnings", "predicted", "observed", "verdict", "commands"),
]


def test_every_key_of_the_contract_and_no_other() -> None:
    outcome = Outcome(
        predicted_before=0.5, predicted_after=1.0, before=Connections(1, 1), verdict="good", warnings=("w",)
    )
    told = document(change("confirmed", outcome=outcome, commands=(CHECK,)), "diff")
    assert list(told) == KEYS
    assert told["settings"] == [
        {"parameter": "smtp_address_preference", "service": None, "before": None, "after": "ipv6"}
    ]
    assert told["predicted"] == {"before": 0.5, "after": 1.0}
    assert told["observed"]["before"] == {"ipv4": 1, "ipv6": 1, "share": 0.5}
    assert told["observed"]["after"] == {"ipv4": None, "ipv6": None, "share": None}
    assert told["commands"] == [{"argv": list(CHECK.argv), "exit_code": 0, "seconds": 2.1}]
    assert (told["state"], told["verdict"], told["warnings"]) == ("confirmed", "good", ["w"])
    assert list(refusal("mx1", "address-preference", "alice", Refused("no"))) == KEYS
    assert refusal("mx1", "f", "alice", Refused("no"))["state"] == "refused"
    assert refusal("mx1", "f", "alice", Refused("so already", code=0))["state"] == "preview"


def test_the_preview_says_what_it_costs_and_what_stays() -> None:
    told = forecast("ipv6")
    finding = Finding(id="x", title="t", sentence="Mail goes both ways.")
    proposal = Proposal(
        fix="address-preference",
        value="ipv6",
        title="Title",
        preview=Preview(change("prepared"), "+x\n", ("w",), (CHECK.argv,)),
        forecast=told,
        findings=(finding,),
        instead="Another way.",
    )
    shown = "\n".join(preview(proposal))
    for row in told.rows:
        assert row.destination in shown
    for note in told.notes:
        assert note.text[:40] in " ".join(shown.split())
    assert "found       Mail goes both ways." in shown
    assert "instead     Another way." in shown
    assert "warning     w" in shown
    long = [line for line in shown.split("\n") if len(line) > 80]
    assert all("a-rather-long-destination-name.example.org" in line for line in long)


def test_a_setting_of_a_service_is_named_with_it() -> None:
    setting = Setting("smtp_address_preference", "relay/unix", None, "ipv6")
    (line,) = history([change("applied", settings=(setting,))])
    assert line.endswith("relay/unix smtp_address_preference – → ipv6")
    assert history([]) == ["nothing was changed here"]


def test_the_countdown_is_true() -> None:
    assert (
        countdown(change("applied", remaining=102.4, watched=True))
        == "UNCONFIRMED on mx1, goes back in 01:42"
    )
    for lost in (change("applied", remaining=50.0), change("applied", watched=True)):
        assert countdown(lost) == "UNCONFIRMED on mx1, stays until it is answered"
