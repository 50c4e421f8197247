"""A host over SSH on the screen: what a connection asks of a person, and what stays when it is lost.

With a real sshd, and a Postfix instance that does not run.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.hosts.conftest import host_at
from tests.hosts.sshd import Sshd, free_port, make_key
from tests.ui.harness import screen_text, settle
from textual.pilot import Pilot

from mxtop.session.asking import Asking
from mxtop.session.remote import RemoteSession
from mxtop.ui.app import MxtopApp
from mxtop.ui.screens.hostkey import HostKey
from mxtop.ui.screens.lost import Lost
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.password import Password

pytestmark = pytest.mark.skipif(
    not (Path("/usr/sbin/sshd").exists() and Path("/usr/sbin/postconf").exists()),
    reason="needs openssh-server and postfix",
)

DATA = Path(__file__).parents[1] / "data" / "logs" / "postfix-3.7.11.long.iso.log.gz"


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    directory = tmp_path / "postfix"
    directory.mkdir()
    log = tmp_path / "mail.log"
    log.write_bytes(gzip.decompress(DATA.read_bytes()))
    (directory / "main.cf").write_text(
        f"myhostname = mx1.sender.example\nqueue_directory = {tmp_path}/spool\n"
        f"maillog_file = {log}\nmaillog_file_prefixes = /var, /tmp, {tmp_path}\ncompatibility_level = 3.6\n"
    )
    (directory / "master.cf").write_text("smtp unix - - n - - smtp\nrelay unix - - n - - smtp\n")
    return directory


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(tmp_path / "mx1", free_port()) as server:
        server.client_config.write_text(
            server.client_entry().replace("StrictHostKeyChecking yes", "HashKnownHosts no")
        )
        yield server


class Screen:
    def __init__(self, app: MxtopApp, pilot: Pilot[int], session: RemoteSession) -> None:
        self.app, self.pilot, self.session = app, pilot, session

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def words(self) -> str:
        """What the screen says without its frame and line breaks."""
        return " ".join(self.text.replace("│", " ").split())

    async def until(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.05)
                    await settle(self.pilot)
        except TimeoutError:
            raise AssertionError(f"never seen:\n{self.text}") from None

    async def until_says(self, *words: str) -> None:
        await self.until(lambda: all(word in self.words for word in words))


@asynccontextmanager
async def screen(
    server: Sshd, instance: Path, size: tuple[int, int] = (80, 24), word: str | None = None
) -> AsyncIterator[Screen]:
    asking = Asking()
    session = RemoteSession(
        host_at(server, word, ask=asking), config_directory=str(instance), interval=0.2, asking=asking
    )
    app = MxtopApp(session)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Screen(app, pilot, session)
        if app.fatal is not None:
            raise app.fatal


SEEN = "allfail.example"
"""A destination in the log: there is something to see."""


async def test_the_screen_opens_at_once_and_an_unknown_key_is_asked_about(sshd: Sshd, instance: Path) -> None:
    sshd.known_hosts.write_text("")
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, HostKey))
        for words in (f"fingerprint {sshd.fingerprint}", "key type ssh-ed25519", "machine mx1"):
            assert words in it.words
        assert str(sshd.known_hosts) in it.words.replace(" ", ""), "where it would be kept"
        await it.pilot.press("enter")  # the cursor is on Cancel
        await it.until(lambda: isinstance(it.app.screen, Main))
        await it.until_says("▲ unknown host key", "R tries now")
        assert "is not known: ssh-ed25519" in it.words, "the empty state says it in full"
        assert sshd.known_hosts.read_text() == ""
        assert "Accepted publickey" not in sshd.log.read_text()
        await it.pilot.press("R")
        await it.until(lambda: isinstance(it.app.screen, HostKey))
        await it.pilot.press("tab", "enter")
        await it.until_says("● live", SEEN)
        assert sshd.known_hosts.read_text() == f"{sshd.known_as} {Sshd.public(sshd.host_key)}\n"


async def test_strict_host_key_checking_is_not_asked_about(sshd: Sshd, instance: Path) -> None:
    sshd.client_config.write_text(sshd.client_entry())
    sshd.known_hosts.write_text("")
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, Lost))
        await it.until_says("Your StrictHostKeyChecking is yes")
        assert sshd.fingerprint in it.words.replace(" ", "")


async def test_what_nothing_could_keep_is_not_asked_about(sshd: Sshd, instance: Path) -> None:
    entry = sshd.client_entry().replace(f"UserKnownHostsFile {sshd.known_hosts}", "UserKnownHostsFile none")
    assert "UserKnownHostsFile none" in entry
    sshd.client_config.write_text(entry)
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, Lost))
        await it.until_says("Your UserKnownHostsFile is none")
        assert sshd.fingerprint in it.words.replace(" ", "")


async def test_the_key_of_a_jump_host_is_asked_about_too(sshd: Sshd, tmp_path: Path, instance: Path) -> None:
    with Sshd(tmp_path / "bastion", free_port(), alias="bastion") as bastion:
        ask = ("StrictHostKeyChecking yes", "HashKnownHosts no")
        sshd.client_config.write_text(
            sshd.client_entry("ProxyJump bastion").replace(*ask) + bastion.client_entry().replace(*ask)
        )
        sshd.known_hosts.write_text("")
        bastion.known_hosts.write_text("")
        async with screen(sshd, instance) as it:
            for server in (bastion, sshd):
                await it.until(
                    lambda s=server: isinstance(it.app.screen, HostKey) and s.fingerprint in it.words  # type: ignore[misc]
                )
                assert ("on the way to mx1" in it.words) == (server is bastion)
                await it.pilot.press("tab", "enter")
            await it.until_says("● live", SEEN)


async def test_a_changed_key_is_refused_with_its_place_and_no_way_around(
    sshd: Sshd, tmp_path: Path, instance: Path
) -> None:
    kept = sshd.known_hosts.read_text()
    other = make_key(tmp_path / "other")
    sshd.known_hosts.write_text(f"# a comment\n{sshd.known_as} {Sshd.public(other)}\n")
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, Lost))
        said = it.words.replace(" ", "")
        assert f"{sshd.known_hosts}:2" in said
        assert sshd.fingerprint in said
        assert "ssh-keygen -R" in it.words
        await it.pilot.press("tab", "enter")  # try again: the same
        await it.until_says("✖ host key changed")
        sshd.known_hosts.write_text(kept)
        await it.pilot.press("R")
        await it.until_says("● live", SEEN)
        assert isinstance(it.app.screen, Main), "the page closes once the host answers"


async def test_a_login_that_is_mended_elsewhere(sshd: Sshd, instance: Path) -> None:
    kept = sshd.authorized_keys.read_text()
    sshd.authorized_keys.write_text("")
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, Lost))
        assert "✖ needs authentication" in it.words
        assert "ssh-add" in it.words
        await it.pilot.press("escape")
        await it.until_says("✖ needs authentication", "R tries now")
        sshd.authorized_keys.write_text(kept)
        await it.pilot.press("R")
        await it.until_says("● live", SEEN)


async def test_a_passphrase_is_asked_for_and_not_shown(sshd: Sshd, tmp_path: Path, instance: Path) -> None:
    key = make_key(tmp_path / "locked", passphrase="correct horse")
    sshd.authorized_keys.write_text(Path(f"{key}.pub").read_text())
    sshd.client_config.write_text(sshd.client_entry().replace(str(sshd.key), str(key)))
    async with screen(sshd, instance) as it:
        await it.until(lambda: isinstance(it.app.screen, Password))
        await it.until_says("Passphrase of the key", "to log in to mx1")
        await it.pilot.press(*"correct", "space", *"horse")
        assert "correct" not in it.text
        await it.pilot.press("enter")
        await it.until_says("● live", SEEN)


async def test_stopped_and_started_frozen_and_thawed_with_everything_still_there(
    sshd: Sshd, instance: Path
) -> None:
    async with screen(sshd, instance, (120, 36)) as it:
        await it.until_says("● live", SEEN)
        assert "old" not in it.words
        await asyncio.to_thread(sshd.stop)
        await it.until_says("✖ down", "next try", "R tries now", " old", "refused", SEEN)
        await asyncio.to_thread(sshd.start)
        await it.pilot.press("R")
        await it.until_says("● live", SEEN)
        assert " old" not in it.words
        sshd.freeze()
        try:
            await it.until_says("▲ stale", " old", SEEN)
            await it.until_says("✖ down", SEEN)
        finally:
            sshd.thaw()
        await it.pilot.press("R")
        await it.until_says("● live", SEEN)
