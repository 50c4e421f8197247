"""The lab itself: what it gives, and that nothing of it stays, however its owner ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab import Lab, claims, world
from tests.lab.namespaces import ETC_NETNS, Namespace, names
from tests.lab.world import Service

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parents[2]
SMALL = (world.DUAL,)
OWNER = """
import time
from tests.lab import Lab, world
with Lab([world.DUAL]) as lab:
    print(lab.directory.name, flush=True)
    time.sleep(60)
"""


def traces(name: str) -> list[str]:
    """What there is of a lab on this machine."""
    found = [n for n in names() if n.startswith(name)]
    found += [
        str(path)
        for path in (claims.PARENT / name, ETC_NETNS / f"{name}-mail")
        if path.is_symlink() or path.exists()
    ]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name in line:
            found.append(line)
    return found


@contextmanager
def owner() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process with a lab of its own, and that lab's name."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    with process:
        try:
            name = process.stdout.readline().strip()
            assert name.startswith(claims.PREFIX)
            yield process, name
        finally:
            process.kill()


def test_it_starts_within_seconds_and_goes_without_a_trace() -> None:
    began = time.monotonic()
    with Lab() as lab:
        assert time.monotonic() - began < 30
        name = lab.directory.name
        assert len(traces(name)) > 4
    assert traces(name) == []


def test_an_error_in_the_block_takes_it_down() -> None:
    with pytest.raises(ZeroDivisionError), Lab(SMALL) as lab:
        raise ZeroDivisionError
    assert traces(lab.directory.name) == []


def test_a_lab_that_cannot_start_is_gone_again() -> None:
    lab = Lab(SMALL, settings={"inet_protocols": "nonsense"})
    with pytest.raises(RuntimeError, match="postfix start"):
        lab.__enter__()
    assert traces(lab.directory.name) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_takes_it_down(number: signal.Signals) -> None:
    with owner() as (process, name):
        process.send_signal(number)
        assert process.wait(60) == -number
        assert traces(name) == []


def test_what_a_killed_run_left_goes_at_the_next_start_and_nothing_else_does(lab: Lab) -> None:
    outsider = subprocess.Popen(["sleep", "60"])
    with owner() as (process, name):
        process.kill()
        process.wait()
        assert traces(name) != []
        with owner() as (_, living):
            assert traces(name) == []
            claims.sweep()
            assert len(traces(living)) > 3
    assert outsider.poll() is None
    outsider.kill()
    outsider.wait()
    assert lab.command("postfix", "status").returncode == 0
    claims.sweep()


def test_two_labs_side_by_side_do_not_see_each_other(lab: Lab) -> None:
    with Lab(SMALL) as other:
        other.send("user@dual.example", count=3)
        other.wait_lines(r"to=<user@dual\.example>.* status=sent ", count=3)
        assert [line for line in lab.lines() if "dual.example" in line] == []
    lab.send("user@dual.example")
    lab.wait_lines(r"to=<user@dual\.example>.* status=sent ")


@pytest.mark.parametrize("chroot", [True, False])
def test_smtp_is_chrooted_where_asked(chroot: bool) -> None:
    with Lab((world.TARPIT,), chroot=chroot) as lab:
        lab.send("user@tarpit.example")
        pid = _pid_that_waits_for_a_greeting(lab)
        assert Path(f"/proc/{pid}/root").samefile(lab.queue_directory if chroot else "/")
        lab.wait_lines(r"to=<user@tarpit\.example>.* status=sent ")


def _pid_that_waits_for_a_greeting(lab: Lab) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        rows = lab.run(["ss", "-Htnp", "state", "established", "dport", "=", ":25"]).stdout
        found = re.search(r'"smtp",pid=(\d+)', rows)
        if found:
            return found[1]
        time.sleep(0.05)
    raise TimeoutError("no smtp process is connected")


def test_a_host_of_its_own(lab: Lab) -> None:
    """Inside, the instance is /etc/postfix; the files are the lab's."""
    assert lab.run(["postconf", "-h", "queue_directory"]).stdout.strip() == str(lab.queue_directory)
    assert f"nameserver {lab.resolver}\n" in lab.run(["cat", "/etc/resolv.conf"]).stdout
    assert lab.run(["sh", "-c", "exit 3"]).returncode == 3
    process = lab.popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.communicate("in and out")[0] == "in and out"
    assert lab.postconf("smtp_address_preference") == "any"


def test_the_shared_lab_comes_fresh_to_every_test(lab: Lab) -> None:
    first = lab.main_cf.read_bytes()
    lab.prefer("ipv6")
    lab.sinks.stop(world.DUAL.ipv6[0])
    lab.sinks.change(world.DUAL.ipv4[0], Service.GREYLIST)
    lab.send("user@dual.example")
    (line,) = lab.wait_lines(r"to=<user@dual\.example>")
    assert "status=deferred" in line
    lab.wait_idle()
    assert len(lab.queue_files("deferred")) == 1

    lab.restore()
    assert lab.main_cf.read_bytes() == first
    assert lab.queue_files("deferred", "active", "incoming") == []
    lab.send("again@dual.example")
    lab.wait_lines(r"to=<again@dual\.example>.* status=sent ")


def test_one_message_to_many_destinations(lab: Lab) -> None:
    lab.send_together(["a@dual.example", "b@dual.example", "c@v4only.example"])
    lab.wait_lines(r" nrcpt=3 \(queue active\)")
    lab.wait_lines(r"to=<[abc]@.* status=sent ", count=3)


def test_three_hundred_messages_take_seconds(lab: Lab) -> None:
    began = time.monotonic()
    lab.send("user@v4only.example", count=300)
    lab.wait_idle()
    assert len(lab.wait_lines(r"to=<user@v4only\.example>.* status=sent ")) == 300
    assert time.monotonic() - began < 60


def test_flush_tries_deferred_mail_again(lab: Lab) -> None:
    lab.send("user@dead.example")
    lab.wait_lines(r"to=<user@dead\.example>")
    lab.wait_idle()
    before = lab.mark()
    lab.flush()
    lab.wait_lines(r"to=<user@dead\.example>", since=before)


def test_a_timeout_shows_the_end_of_the_log(lab: Lab) -> None:
    lab.send("user@dual.example")
    with pytest.raises(TimeoutError, match=r"(?s)0 of 1 lines match 'never'.*queue active"):
        lab.wait_lines("never", timeout=1)


def test_a_namespace_can_be_deleted_twice() -> None:
    namespace = Namespace(f"{claims.PREFIX}twice-mail")
    namespace.create()
    namespace.delete()
    namespace.delete()
    assert not namespace.exists


def test_a_lab_that_was_closed_can_be_closed_again() -> None:
    with Lab(SMALL) as lab:
        lab.close()
        assert traces(lab.directory.name) == []


def test_a_stopped_postfix_is_started_by_restore(lab: Lab) -> None:
    lab.command("postfix", "stop")
    assert lab.command("postfix", "status").returncode == 1
    lab.restore()
    assert lab.command("postfix", "status").returncode == 0
