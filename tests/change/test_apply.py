"""The transaction on a real Postfix: its course, and the faults F2 to F5, F7 to F9, F19 to F25, F28, F30."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import time

import pytest
from tests.change.bench import Bench, wait

pytestmark = pytest.mark.lab

FOREIGN = "# somebody was here\n"


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_applied_confirmed_and_undone_to_the_byte(bench: Bench, shell: str) -> None:
    """F3: a confirmed change outlives its window; undo gives the first file back, and Postfix rereads it."""
    bench.staged(window=1)
    assert bench.main_cf.read_bytes() == bench.first
    mark = bench.postfix.mark()
    assert bench.run("apply", bench.id, shell=shell).returncode == 0
    assert bench.main_cf.read_bytes() == bench.after
    assert bench.postfix.wait_lines(r"/master\[\d+\]: reload -- version ", since=mark)
    assert bench.run("confirm", bench.id, shell=shell).returncode == 0
    watchdog = bench.watchdog()
    wait(lambda: not os.path.exists(f"/proc/{watchdog}"), 10)
    assert bench.state == "confirmed"
    assert bench.main_cf.read_bytes() == bench.after
    mark = bench.postfix.mark()
    assert bench.run("undo", bench.id, shell=shell).returncode == 0
    assert bench.state == "rolledback"
    assert bench.postfix.wait_lines(r"/master\[\d+\]: reload -- version ", since=mark)
    bench.assert_sound(bench.first)


def test_without_an_answer_it_goes_back(bench: Bench) -> None:
    """F2, and the window is counted from `applied` (F4: apply takes longer than this window)."""
    bench.staged(window=1)
    began = time.monotonic()
    assert bench.run("apply", bench.id).returncode == 0
    assert time.monotonic() - began > 1
    assert bench.state == "applied"
    mark = bench.postfix.mark()
    bench.wait_state("rolledback")
    assert "not confirmed within 1 s" in bench.detail
    assert bench.postfix.wait_lines(r"/master\[\d+\]: reload -- version ", since=mark)
    late = bench.run("confirm", bench.id)
    assert late.returncode == 1
    assert "rolledback" in late.stderr
    assert bench.state == "rolledback"
    bench.assert_sound(bench.first)


def test_changed_since_the_preview(bench: Bench) -> None:
    """F7."""
    bench.staged()
    with bench.main_cf.open("a") as file:
        file.write(FOREIGN)
    foreign = bench.main_cf.read_bytes()
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (75, "failed")
    assert "changed since the preview" in done.stderr
    bench.assert_sound(foreign)


def test_a_second_change_waits(bench: Bench) -> None:
    """F8: another change is refused while one is pending, and free again after it is answered."""
    bench.applied(window=60)
    first = bench.id
    bench.staged("set - smtp_address_preference ipv4")
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (75, "failed")
    assert first in done.stderr
    bench.id = first
    assert bench.run("rollback", first).returncode == 0
    bench.staged("set - smtp_address_preference ipv4")
    assert bench.run("apply", bench.id).returncode == 0
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(bench.first)


def test_two_at_once(bench: Bench) -> None:
    """F8: of two that apply in the same moment exactly one does."""
    bench.staged()
    one = bench.id
    bench.staged("set - smtp_address_preference ipv4")
    two = bench.id
    processes = []
    for bench.id in (one, two):
        processes.append(bench.start("apply"))
    assert sorted(process.wait(60) for process in processes) == [0, 75]
    states = {}
    for bench.id in (one, two):
        states[bench.state] = bench.id
    assert sorted(states) == ["applied", "failed"]
    bench.id = states["applied"]
    assert bench.main_cf.read_bytes() == bench.after
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(bench.first)


def test_the_content_was_damaged(bench: Bench) -> None:
    """F9: what would go in is not what was previewed."""
    bench.staged()
    (bench.txn / "after").write_bytes(bench.after[:-7])
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (2, "failed")
    bench.assert_sound(bench.first)


def test_postfix_is_not_running(bench: Bench) -> None:
    """F19: nothing is changed."""
    bench.staged()
    assert bench.postfix.command("postfix", "stop").returncode == 0
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (2, "failed")
    assert "not running" in done.stderr
    assert bench.main_cf.read_bytes() == bench.first


def test_postfix_was_stopped_in_the_window(bench: Bench) -> None:
    """F19: the file goes back all the same, and the state says that nobody reread it."""
    bench.applied(window=60)
    assert bench.postfix.command("postfix", "stop").returncode == 0
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.state == "rolledback"
    assert "not running" in bench.detail
    assert bench.main_cf.read_bytes() == bench.first


@pytest.mark.parametrize("verb", ["check", "reload"])
@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_command_of_postfix_lets_us_down(bench: Bench, verb: str, how: str) -> None:
    """F20, F25: it goes back at once; a hanging command is ended."""
    body = {"fails": "exit 1", "hangs": "exec sleep 1000"}[how]
    once = (
        f'[ "$3" != {verb} ] || [ -e "$0.used" ] || {{ : >"$0.used"; {body}; }}\nexec /usr/sbin/postfix "$@"'
    )
    bench.staged(limit=4)
    bench.stub("postfix", once)
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (1, "rolledback")
    assert f"postfix {verb}" in bench.detail
    bench.assert_sound(bench.first)


def test_reload_never_works_again(bench: Bench) -> None:
    """F28: the file is back, but Postfix cannot be told: said loudly."""
    bench.staged(limit=4)
    bench.stub("postfix", '[ "$3" != reload ] || exit 1\nexec /usr/sbin/postfix "$@"')
    done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (3, "rollback-failed")
    assert "mail.crit" in bench.syslog
    assert bench.main_cf.read_bytes() == bench.first
    (bench.bin / "postfix").unlink()
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.state == "rolledback"
    bench.assert_sound(bench.first)


@pytest.mark.parametrize("value", ["ipv5", "all", "ipv6,ipv4", "$nothing_of_the_kind", "bogus"])
def test_a_value_that_smtp_would_die_of_never_arrives(bench: Bench, value: str) -> None:
    """F21: Postfix's own daemon says no before anything is asked; the live files were not touched."""
    times = bench.main_cf.stat()
    done = bench.stage(f"set - smtp_address_preference {value}")
    assert done.returncode == 2, done.stderr
    assert not bench.txn.exists()
    assert bench.main_cf.stat() == times
    bench.assert_sound(bench.first)


def test_the_watchdog_was_killed(bench: Bench) -> None:
    """F22: the new setting stays until somebody answers; status says that nobody watches."""
    bench.applied(window=1)
    os.kill(bench.watchdog(), signal.SIGKILL)
    wait(lambda: not os.path.exists(f"/proc/{bench.watchdog()}"), 10)
    told = bench.run("status", bench.id).stdout.splitlines()
    assert "watchdog gone" in told
    assert "state applied " in told
    time.sleep(1.2)
    assert bench.state == "applied"
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(bench.first)


def test_main_cf_was_deleted(bench: Bench) -> None:
    """F23: a conflict; nothing is written in its place, and no reload kills Postfix."""
    bench.applied(window=60)
    bench.main_cf.unlink()
    done = bench.run("rollback", bench.id)
    assert (done.returncode, bench.state) == (3, "conflict")
    assert not bench.main_cf.exists()
    assert str(bench.txn / "backup") in bench.detail
    assert (bench.txn / "backup").read_bytes() == bench.first
    assert "mail.crit" in bench.syslog


def test_the_edit_lock_is_held(bench: Bench) -> None:
    """F24: Postfix's lock is waited for, and not for ever."""
    bench.staged()
    lock = bench.main_cf.with_name("main.cf.tmp")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = bench.run("apply", bench.id)
    assert (done.returncode, bench.state) == (75, "failed")
    assert "main.cf.tmp" in done.stderr
    lock.unlink()
    bench.assert_sound(bench.first)


def test_only_the_chosen_instance(bench: Bench, benches: list[Bench]) -> None:
    """F30."""

    def hashes() -> list[bytes]:
        return [path.read_bytes() for other in benches for path in (other.main_cf, other.postfix.master_cf)]

    others = hashes()
    reloads = [other.postfix.lines() for other in benches]
    bench.applied(window=60)
    assert bench.run("rollback", bench.id).returncode == 0
    assert hashes() == others
    for other, before in zip(benches, reloads, strict=True):
        assert not [line for line in other.postfix.lines()[len(before) :] if "reload" in line]


def test_a_setting_of_a_service(bench: Bench) -> None:
    """master.cf by `postconf -Pe`, and back to the byte."""
    first = bench.postfix.master_cf.read_bytes()
    bench.applied("set relay/unix smtp_address_preference ipv6")
    assert bench.postfix.command("postconf", "-P", "relay/unix/smtp_address_preference").stdout.endswith(
        "= ipv6\n"
    )
    assert bench.main_cf.read_bytes() == bench.first
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.postfix.master_cf.read_bytes() == first
    assert bench.stage("set relay/unix smtp_address_preference ipv5").returncode == 2
    assert bench.postfix.master_cf.read_bytes() == first


def test_a_setting_is_taken_out(bench: Bench) -> None:
    """`unset` removes the parameter, and rollback brings its line back where it was."""
    first = bench.first.replace(b"biff = no\n", b"smtp_address_preference = ipv4\nbiff = no\n")
    bench.main_cf.write_bytes(first)
    bench.postfix.settle()
    bench.applied("unset - smtp_address_preference")
    assert bench.main_cf.read_bytes() == bench.first
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(first)


def test_audit(bench: Bench) -> None:
    """Each state on a line of JSON, and in syslog; only root may read what is kept."""
    os.umask(0)
    bench.applied()
    assert bench.run("rollback", bench.id).returncode == 0
    os.umask(0o022)
    audit = bench.base / "audit.jsonl"
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [line["state"] for line in lines] == ["armed", "installed", "applied", "rolledback"]
    assert {line["operator"] for line in lines} == {"tester"}
    assert {line["instance"] for line in lines} == {str(bench.postfix.config_directory)}
    assert [line.split("state=")[1].split()[0] for line in bench.syslog.splitlines()][-4:] == [
        *("armed", "installed", "applied", "rolledback")
    ]
    for path in (bench.base, bench.base / "txn", bench.txn):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    kept = [path for path in (audit, bench.base / "lock", *bench.txn.iterdir()) if path.name != "backup"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_postconf_waits_for_our_lock_and_edits_on_top(bench: Bench) -> None:
    """F5: `postconf -e` by another during the swap is an edit that stays, ours too."""
    bench.staged()
    # sync(1) is what the swap step runs while it holds Postfix's lock
    bench.stub(
        "sync", 'case $1 in */.main.cf.mxtop-*) : >"${0%/*}/here"; sleep 1;; esac\nexec /usr/bin/sync "$@"'
    )
    apply = bench.start("apply")
    wait(lambda: (bench.bin / "here").exists())
    other = subprocess.Popen(["postconf", "-c", str(bench.main_cf.parent), "-e", "mail_name=Other"])
    assert apply.wait(60) == 0
    assert other.wait(30) == 0
    wait(lambda: b"mail_name = Other" in bench.main_cf.read_bytes())
    assert b"smtp_address_preference = ipv6" in bench.main_cf.read_bytes()
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.state == "rolledback"
    assert b"mail_name = Other" in bench.main_cf.read_bytes()
    assert b"smtp_address_preference" not in bench.main_cf.read_bytes()
