"""Configuration directories for a real Postfix that is never started, and what its resolver says of them."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

MASTER = """\
smtp  inet n - n - - smtpd
smtp  unix - - n - - smtp
relay unix - - n - - smtp -o syslog_name=postfix/$service_name
lmtp  unix - - n - - lmtp
local unix - n n - - local
error unix - - n - - error
"""

needs_postfix = pytest.mark.skipif(
    shutil.which("postconf", path="/usr/sbin:/usr/bin") is None, reason="Postfix is not installed"
)


def instance(directory: Path, main: dict[str, str] | None = None, master: str = MASTER, **files: str) -> str:
    """A configuration directory with main.cf, master.cf and more files; old enough that nobody waits."""
    directory.mkdir(parents=True, exist_ok=True)
    settings = {"compatibility_level": "3.6", "myhostname": "mx1.example", **(main or {})}
    texts = {
        "main.cf": "".join(f"{name} = {value}\n" for name, value in settings.items()),
        "master.cf": master,
        **files,
    }
    for name, text in texts.items():
        path = directory / name
        path.write_text(text)
        os.utime(path, (time.time() - 3600,) * 2)
    return str(directory)


def resolved(directory: str, sender: str, recipient: str) -> tuple[str, str]:
    """Transport and next hop as trivial-rewrite(8) itself resolves them, run alone on standard input."""
    request = {"request": "resolve", "sender": sender, "address": recipient}
    asked = "".join(f"{key}\0{value}\0" for key, value in request.items()) + "\0"
    daemon = subprocess.run(
        ["/usr/sbin/postconf", "-c", directory, "-xh", "daemon_directory"], capture_output=True, check=True
    )
    done = subprocess.run(
        [f"{daemon.stdout.decode().strip()}/trivial-rewrite", "-S", "-n", "rewrite", "-t", "unix"],
        input=asked.encode(),
        env={"MAIL_CONFIG": directory, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        capture_output=True,
        timeout=20,
        check=True,
    )
    fields = done.stdout.decode().split("\0")
    answer = dict(zip(fields[::2], fields[1::2]))
    return answer["transport"], answer["nexthop"]
