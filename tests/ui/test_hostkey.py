"""A host key that nobody vouches for: kept only where a person says so, having seen what ssh shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import FakeSession
from tests.ui.harness import golden, hostile_characters, running, screen_text, settle
from tests.ui.test_links import KEY, away

from mxtop.mail.connection import OfferedKey
from mxtop.ui.screens.hostkey import HostKey
from mxtop.ui.widgets.painted import Line, width_of


async def test_a_host_key_is_kept_only_where_a_person_says_so() -> None:
    asked = away(state="unknown host key", next_try=None, offered=KEY)
    for keys, kept in ((("enter",), []), (("escape",), []), (("tab", "enter"), [KEY])):
        session = FakeSession(asked)
        async with running(session=session, size=(80, 24)) as (app, pilot):
            assert isinstance(app.screen, HostKey)
            golden(app, "host-key-80x24")
            await pilot.press(*keys)
            await settle(pilot)
            assert app.screen is app.main
        assert session.trusted == kept


def page(key: OfferedKey, target: str = "mx1") -> HostKey:
    return HostKey(target, key, lambda _: None)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


@pytest.mark.parametrize("width", [20, 34, 74])
def test_the_whole_fingerprint_is_there_at_any_width(width: int) -> None:
    """A person compares it to the last character: nothing of it may be cut."""
    lines = page(KEY).lines(width)
    assert all(width_of(line) <= width for line in lines)
    assert KEY.fingerprint in "".join(text(lines).split())


def test_the_machine_that_offers_it_and_the_one_that_is_wanted() -> None:
    said = text(page(KEY, "mx1").lines(74))
    assert "machine        bastion" in said and "on the way to  mx1" in said
    assert "on the way to" not in text(page(KEY, KEY.host).lines(74))


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("ssh-ed25519", "ssh_host_ed25519_key.pub"),
        ("ecdsa-sha2-nistp256", "ssh_host_ecdsa_key.pub"),
        ("ssh-rsa", "ssh_host_rsa_key.pub"),
        ("sk-ssh-ed25519@openssh.com", "ssh_host_*_key.pub"),
        ("x; rm -rf /", "ssh_host_*_key.pub"),
    ],
)
def test_the_command_to_compare_by_is_one_of_ours(kind: str, file: str) -> None:
    """It is typed on the other machine, as root perhaps: nothing of the far side's words is in it."""
    said = text(page(replace(KEY, key_type=kind)).lines(100))
    assert said.rstrip().endswith(f"ssh-keygen -lf /etc/ssh/{file}")


@pytest.mark.parametrize("word", ["", " ", "   ", "\x1b]0;x\x07", "漢字" * 90])
def test_any_words_of_a_far_side(word: str) -> None:
    made = page(OfferedKey(host=word, key_type=word, fingerprint=word, file=word), word + "x")
    for width in (20, 74):
        assert not hostile_characters(text(made.lines(width)))
    assert not hostile_characters(made.title_text())


@pytest.mark.parametrize(
    ("keys", "said"), [(["q"], False), (["tab", "tab", "enter"], False), (["tab", "enter"], True)]
)
async def test_it_is_answered_once_however_it_closes(keys: list[str], said: bool) -> None:
    answers: list[bool] = []
    async with running(size=(40, 10)) as (app, pilot):
        app.push_screen(HostKey("mx1", KEY, answers.append))
        await settle(pilot)
        assert "[▸Cancel ]" in screen_text(app)
        await pilot.press(*keys)
        await settle(pilot)
    assert answers == [said]
