"""The lab's Postfix logging as on a Debian host, through rsyslogd."""

from __future__ import annotations

import re

import pytest

from tests.lab import Lab, world
from tests.lab.syslog import Format

pytestmark = pytest.mark.lab
TIMES: dict[Format, str] = {
    "iso": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d",
    "classic": r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d",
}


@pytest.mark.parametrize("form", ["iso", "classic"])
@pytest.mark.parametrize("chroot", [True, False])
def test_every_line_has_the_format(form: Format, chroot: bool) -> None:
    with Lab([world.DUAL, world.DEAD], syslog=form, chroot=chroot) as lab:
        lab.send("user@dual.example", count=20)
        lab.send("user@dead.example")
        lab.wait_idle()
        assert lab.reload().returncode == 0
        lab.wait_lines(r"postfix/postfix-script\[\d+\]: refreshing the Postfix mail system$")
        assert len(lab.wait_lines(r"to=<user@dual\.example>.* status=sent ")) == 20
        lab.wait_lines(r"to=<user@dead\.example>.* status=deferred ")
        head = re.compile(rf"{TIMES[form]} mail postfix/[a-z/-]+\[\d+\]: ")
        assert [line for line in lab.lines() if not head.match(line)] == []


def test_inside_it_is_var_log_mail_log_and_rotates_as_debian_does() -> None:
    with Lab([world.DUAL], syslog="iso") as lab:
        assert lab.postconf("maillog_file") == ""
        inside = lab.run(["cat", "/var/log/mail.log"]).stdout
        assert "daemon started -- version" in inside
        lab.syslog.rotate()
        lab.send("user@dual.example")
        lab.wait_lines(r"to=<user@dual\.example>.* status=sent ")
        old = lab.log_path.with_name("mail.log.1").read_text()
        assert "daemon started" in old
        assert "dual.example" not in old


def test_a_terminal_still_works_inside() -> None:
    with Lab([world.DUAL], syslog="iso") as lab:
        env = {"TMUX_TMPDIR": str(lab.directory)}
        assert lab.run(["tmux", "new-session", "-d", "sleep 9"], env=env).returncode == 0
        listed = lab.run(["tmux", "list-panes", "-F", "#{pane_tty}"], env=env).stdout
        assert re.match(r"/dev/pts/\d+\n", listed)
