"""What the script prints, read back."""

from __future__ import annotations

import pytest

from mxtop.change import told
from mxtop.change.model import Command, Setting
from mxtop.mail.errors import CommandFailed

STATUS = """\
id T1
config_directory /etc/post fix
link /etc/post fix/main.cf
swap rename
window 90
operator alice
fix address-preference
created 2026-11-23T20:16:56Z
state {state}
remaining 1234
code 75
watchdog alive
unheard of
settings
name - smtp_address_preference
before set $a b
was x b
after absent
is
name relay/unix inet_protocols
before absent
after set ipv6
journal
2026-11-23T20:16:56Z\tcommand\t1\t275\tpostconf\x1f-e\x1fa=b c\x1f
2026-11-23T20:16:57Z\tstate\tarmed
half a li"""


WORDS = ["", "x", "1.5", "٣", "9" * 5000]
"""No numbers, though some are for Python."""


@pytest.mark.parametrize("word", WORDS)
def test_a_damaged_line_of_the_journal_is_left_out(word: str) -> None:
    line = "2026-11-23T20:16:56Z\tcommand\t{}\t{}\tpostconf\x1f\n"
    text = line.format(0, 1) + line.format(word, 1) + line.format(0, word)
    assert told.commands(text) == (Command(("postconf",), 0, 0.01),)


def test_status() -> None:
    change = told.change("mx1", STATUS.format(state="applied "))
    assert (change.id, change.host, change.instance) == ("T1", "mx1", "/etc/post fix")
    assert (change.state, change.swap, change.remaining, change.watched) == ("applied", "rename", 12.34, True)
    assert change.settings == (
        Setting("smtp_address_preference", None, "$a b", None, "x b", ""),
        Setting("inet_protocols", "relay/unix", None, "ipv6"),
    )
    assert change.commands == (Command(("postconf", "-e", "a=b c"), 1, 2.75),)


@pytest.mark.parametrize(
    ("line", "state", "code", "detail"),
    [
        ("prepared ", "preview", 0, ""),
        ("armed ", "applied", 0, ""),
        ("confirmed ", "confirmed", 0, ""),
        ("rolledback not confirmed within 3 s", "rolled_back", 1, "not confirmed within 3 s"),
        ("failed it is busy", "refused", 75, "it is busy"),
        ("conflict x", "conflict", 3, "x"),
        ("rollback-failed x", "rollback_failed", 3, "x"),
    ],
)
def test_states(line: str, state: str, code: int, detail: str) -> None:
    change = told.change("mx1", STATUS.format(state=line))
    assert (change.state, change.exit_code, change.detail) == (state, code, detail)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state applied\n",
        "id T1\nstate nonsense\n",
        *(
            f"id T1\nstate applied\n{name} {word}\n"
            for name in ("remaining", "window", "code")
            for word in WORDS
        ),
    ],
)
def test_not_a_status(text: str) -> None:
    with pytest.raises(CommandFailed):
        told.change("mx1", text)


def test_probe() -> None:
    found = told.probe(
        "user 0\nmissing flock\nconfig_directory /etc/postfix\nobstacle it is immutable\nrunning yes\n"
    )
    assert found.obstacles == ("missing on this machine: flock", "it is immutable")
    assert not found.systemd
    assert told.probe("user 1000\nobstacle x\n").obstacles == ("changing Postfix needs root",)
    assert told.probe("user 0\nrunning no\n").obstacles == ("Postfix is not running",)
    assert told.probe("user 0\nrunning yes\n").obstacles == ()
    assert told.step("Postfix is not running") == "start it, then try again"
    assert told.step("there is no /etc/postfix-x/main.cf") == "name the instance with --config-dir"
    assert "by hand" in told.step("it is immutable")
    # why it does not run may be the very obstacle
    assert told.probe("user 0\nrunning no\nobstacle x\n").obstacles == ("x",)


def test_listed() -> None:
    assert told.listed("A applied\nB confirmed\n\nC\n") == [("A", "applied"), ("B", "confirmed")]
