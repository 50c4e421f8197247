"""A login that is not root's, over SSH: what its group may read is shown, each missing right named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from tests.lab import world
from tests.lab.fleet import Fleet, Member
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab

PASSWORD = "correct horse §42"
SUDO = {
    "/etc/sudoers": "Defaults !syslog, lecture=never\nroot ALL=(ALL) ALL\n",
    "/etc/pam.d/sudo": "auth required pam_unix.so nodelay\naccount required pam_unix.so\n",
}
SETTINGS = {"authorized_mailq_users": "root", "smtp_connect_timeout": "30s"}


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """mx1, where mxadmin is in group adm, which may read the log; sudo lets him do nothing."""
    worlds = [world.DUAL, world.BLACK_HOLE]
    member = Member("mx1", worlds, settings=SETTINGS, user="mxadmin", group="adm", covers=SUDO)
    with Fleet(member) as fleet:
        member.sshd.password(PASSWORD)
        member.lab.prefer("ipv6")
        member.lab.send("user@dual.example", count=20)
        member.lab.wait_idle()
        member.lab.log_path.chmod(0o640)
        shutil.chown(member.lab.log_path, group="adm")
        yield fleet


def test_the_commands_read_what_they_may_and_change_nothing(fleet: Fleet) -> None:
    first = fleet["mx1"].main_cf
    done = fleet.mxtop("report", "mx1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "dual.example" in done.stdout
    for words in (["fix", "address-preference", "--to", "ipv4", "mx1", "--yes"], ["undo", "mx1"]):
        done = fleet.mxtop(*words)
        assert done.returncode == 2
        assert "changing Postfix needs root; sudo: a password is required" in done.stderr
    assert fleet["mx1"].main_cf == first
    assert not fleet["mx1"].state.exists()


def test_a_log_that_is_closed_is_told_with_what_helps_there(fleet: Fleet) -> None:
    log = fleet["mx1"].directory / "lib" / "closed.log"
    log.write_text("")
    log.chmod(0o640)
    shutil.chown(log, group="mail")
    done = fleet.mxtop("report", "mx1", "--log", "/var/lib/closed.log")
    assert (done.returncode, done.stdout) == (2, "")
    assert "log in there as root, or join the group that may read it" in done.stderr
    assert "(there: `sudo usermod -aG mail mxadmin`) and start mxtop again" in done.stderr


def test_the_screen_shows_what_it_may_and_names_each_missing_right(fleet: Fleet) -> None:
    lab, first = fleet["mx1"].lab, fleet["mx1"].main_cf
    with Terminal(fleet, fleet.argv("mx1"), 110, 40) as screen:
        screen.wait(r"● live \d", 60)
        screen.wait(r"preference ipv6", 60)
        screen.wait(r"^│.● ok +dual\.example", 60)
        screen.wait("predicted", 60)
        lab.send("user@blackhole.example")
        screen.keys("4")
        screen.wait(r"SYN_SENT hangs v6 .*2001:db8:0:12::1 .* – +– ", 60)
        screen.wait("the owner of 1 connection is unknown: only root may see it, log in there as root")
        screen.keys("1", "z")
        screen.wait(r"^ log +● live")
        screen.wait(r"^ queue +✖ down")
        words = screen.words()
        assert "User mxadmin(47111) is not allowed to view the mail queue" in words
        assert "→ look as root, or as a user whom authorized_mailq_users allows" in words
        screen.keys("z", "x")
        screen.wait("Password for sudo on mx1", 60)
        screen.type(PASSWORD)
        screen.keys("Enter")
        screen.wait("changing Postfix needs root", 60)
        words = screen.words()
        assert "mxadmin is not in the sudoers file" in words
        assert "Nothing was changed." in words
        screen.keys("Escape")
        screen.wait("2 Destinations")
        screen.keys("q")
        assert screen.exit_code() == 0
    assert fleet["mx1"].main_cf == first
