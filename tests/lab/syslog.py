"""A real rsyslogd for the sender host, as Debian has it: inside, /dev/log and /var/log/mail.log.

Without it the lab's Postfix writes its own log (`maillog_file`).  Only the mail facility is kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Literal

from tests.lab.namespaces import Namespace

Format = Literal["iso", "classic"]
TEMPLATES: dict[Format, str] = {"iso": "RSYSLOG_FileFormat", "classic": "RSYSLOG_TraditionalFileFormat"}

CONFIG = """\
global(workDirectory="{directory}" localHostname="mail")
module(load="imuxsock" SysSock.Name="{directory}/socket")
module(load="builtin:omfile" Template="{template}" FileOwner="root" FileGroup="adm" FileCreateMode="0640")
mail.* -{directory}/log/mail.log
"""

# ip-netns(8) gives each command a mount namespace of its own; this makes its /dev and /var/log the lab's
ENTER = """\
set -e
mount -t tmpfs -o mode=755 none {directory}/dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty {directory}/dev
mkdir {directory}/dev/pts {directory}/dev/shm
mount --bind /dev/pts {directory}/dev/pts
ln -s pts/ptmx {directory}/dev/ptmx
ln -s {directory}/socket {directory}/dev/log
mount --rbind {directory}/dev /dev
mount --bind {directory}/log /var/log
exec "$@"
"""


class Syslog:
    """rsyslogd with its files in `directory`; `prefix` goes before every command of the sender."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log_path = directory / "log" / "mail.log"
        self.prefix = ("sh", str(directory / "enter"))

    @property
    def exists(self) -> bool:
        return self.directory.exists()

    def start(self, namespace: Namespace, form: Format) -> subprocess.Popen[bytes]:
        for path in (self.directory, self.directory / "dev", self.directory / "log"):
            path.mkdir()
        (self.directory / "enter").write_text(ENTER.format(directory=self.directory))
        config = self.directory / "rsyslog.conf"
        config.write_text(CONFIG.format(directory=self.directory, template=TEMPLATES[form]))
        argv = ["rsyslogd", "-n", "-f", str(config), "-i", str(self.directory / "pid")]
        with (self.directory / "stderr").open("w") as log:
            process = namespace.daemon(argv, log)
        deadline = time.monotonic() + 10
        while not (self.directory / "socket").exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"rsyslogd: {(self.directory / 'stderr').read_text()}")
            time.sleep(0.02)
        return process

    def rotate(self) -> None:
        """As logrotate does: mail.log becomes mail.log.1, and SIGHUP makes rsyslogd open a new one."""
        self.log_path.rename(self.log_path.with_name("mail.log.1"))
        os.kill(int((self.directory / "pid").read_text()), signal.SIGHUP)
