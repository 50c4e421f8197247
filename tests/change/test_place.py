"""One file in the place of another: attributes, links, full disks, locks and everybody else's edits.

F6, F12 to F18, F28 and F29, and strangers who prepare files.  Mounts are made in mount namespaces of the
test's own; SELinux is an extended attribute that root may set on any file system that has them.
"""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from tests.change.bench import Bench

pytestmark = pytest.mark.lab

FOREIGN = b"# somebody was here\n"
ACL = bytes.fromhex(
    "0200000001000600ffffffff020006000100000004000400ffffffff10000600ffffffff20000400ffffffff"
)
"""user::rw-, user:1:rw-, group::r--, mask::rw-, other::r--, as system.posix_acl_access holds it."""


def attributes(path: Path) -> tuple[object, ...]:
    found = path.stat()
    names = sorted(os.listxattr(path))
    return (
        stat.S_IMODE(found.st_mode),
        found.st_uid,
        found.st_gid,
        [(name, os.getxattr(path, name)) for name in names],
    )


def test_attributes_and_symlink_are_kept_both_ways(bench: Bench) -> None:
    """F16, F17."""
    elsewhere = bench.root / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    real = elsewhere / "postfix-main.cf"
    bench.main_cf.rename(real)
    bench.main_cf.symlink_to("../elsewhere/postfix-main.cf")
    try:
        os.chmod(real, 0o640)
        os.chown(real, 1, 12)
        os.setxattr(real, "user.note", b"mine")
        os.setxattr(real, "security.selinux", b"system_u:object_r:postfix_etc_t:s0\0")
        os.setxattr(real, "system.posix_acl_access", ACL)
        first = attributes(real)
        bench.applied()
        assert bench.main_cf.is_symlink()
        assert attributes(real) == first
        assert real.read_bytes() == bench.after
        assert bench.run("rollback", bench.id).returncode == 0
        assert os.readlink(bench.main_cf) == "../elsewhere/postfix-main.cf"
        assert attributes(real) == first
        assert real.read_bytes() == bench.first
        assert sorted(os.listdir(elsewhere)) == ["postfix-main.cf"]
    finally:
        bench.main_cf.unlink()
        real.rename(bench.main_cf)
        os.chown(bench.main_cf, 0, 0)


def test_the_symlink_was_turned_elsewhere(bench: Bench) -> None:
    """S15: between preview and apply, main.cf became a link to another file."""
    bench.staged()
    other = bench.root / "other.cf"
    other.write_bytes(bench.first)
    bench.main_cf.unlink()
    bench.main_cf.symlink_to(other)
    try:
        done = bench.run("apply", bench.id)
        assert (done.returncode, bench.state) == (75, "failed")
        assert other.read_bytes() == bench.first
    finally:
        bench.main_cf.unlink()
        bench.main_cf.write_bytes(bench.first)


EDITOR = 'cp -p {main} {main}~new; echo "# somebody was here" >>{main}~new; mv {main}~new {main}'


@pytest.mark.parametrize("step", ["armed", "locked", "written", "installed"])
def test_an_editor_saves_at_each_step(bench: Bench, step: str) -> None:
    """F6: a new file renamed over main.cf is never lost; the change is refused, or taken out of it again."""
    save = EDITOR.format(main=bench.main_cf)
    once = f'if [ ! -e "$0.used" ]; then : >"$0.used"; {save}; fi'
    stubs = {
        "armed": ("logger", f'case "$*" in *state=armed*) {once};; esac'),
        "locked": ("flock", f'/usr/bin/flock "$@"; code=$?; [ "$3" != 8 ] || {{ {once}; }}; exit $code'),
        "written": ("sync", f'case $1 in */.main.cf.mxtop-*) {once};; esac; exec /usr/bin/sync "$@"'),
        "installed": ("logger", f'case "$*" in *state=installed*) {once};; esac'),
    }
    bench.staged()
    keep = bench.bin / "logger"
    before = keep.read_text()
    bench.stub(*stubs[step])
    try:
        done = bench.run("apply", bench.id)
    finally:
        keep.write_text(before)
    assert FOREIGN in bench.main_cf.read_bytes()
    if step == "installed":
        assert (done.returncode, bench.state) == (0, "applied")
        assert bench.run("rollback", bench.id).returncode == 0
        assert "edited since" in bench.detail
    else:
        assert (done.returncode, bench.state) == (75, "failed")
    bench.assert_sound(bench.first + FOREIGN)


def test_an_edit_in_the_window_stays_and_ours_goes(bench: Bench) -> None:
    """F29: the watchdog takes out our parameter alone."""
    bench.applied(window=3)
    assert bench.postfix.command("postconf", "-e", "mail_name=Theirs").returncode == 0
    bench.wait_state("rolledback")
    assert "edited since" in bench.detail
    bench.wait_free()
    bench.assert_sound(bench.first.replace(b"mail_name = Bench", b"mail_name = Theirs"))


def test_our_own_parameter_was_edited(bench: Bench) -> None:
    """F29: somebody has decided otherwise: hands off, and said loudly."""
    bench.applied(window=60)
    assert bench.postfix.command("postconf", "-e", "smtp_address_preference=ipv4").returncode == 0
    theirs = bench.main_cf.read_bytes()
    done = bench.run("rollback", bench.id)
    assert (done.returncode, bench.state) == (3, "conflict")
    assert "mail.crit" in bench.syslog
    bench.assert_sound(theirs)


def test_an_edit_that_smtp_would_die_of_is_not_reloaded(bench: Bench) -> None:
    """F29: their edit is broken: it stays theirs."""
    bench.applied(window=60)
    with bench.main_cf.open("a") as file:
        file.write("smtp_tls_security_level = nonsense\n")
    theirs = bench.main_cf.read_bytes()
    mark = bench.postfix.mark()
    done = bench.run("rollback", bench.id)
    assert (done.returncode, bench.state) == (3, "conflict")
    assert bench.main_cf.read_bytes() == theirs
    assert not [line for line in bench.postfix.lines(mark) if "reload --" in line]


def in_mounts(commands: str) -> list[str]:
    """A mount namespace of its own, these commands done in it first."""
    return ["unshare", "--mount", "sh", "-c", f'set -e; {commands}; exec "$@"', "sh"]


def test_main_cf_is_a_bind_mount(bench: Bench) -> None:
    """F18."""
    main = bench.main_cf
    done = bench.stage(before=in_mounts(f"mount --bind {main} {main}"))
    assert done.returncode == 2
    assert "mount point" in done.stderr
    bench.staged()
    done = bench.run("apply", bench.id, before=in_mounts(f"mount --bind {main} {main}"))
    assert (done.returncode, bench.state) == (2, "failed")
    bench.assert_sound(bench.first)


def test_a_read_only_file_system(bench: Bench) -> None:
    """F14: refused at the preview, and where it turns read-only afterwards."""
    etc = bench.main_cf.parent
    read_only = in_mounts(f"mount --bind {etc} {etc}; mount -o remount,bind,ro {etc}")
    done = bench.stage(before=read_only)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    bench.staged()
    done = bench.run("apply", bench.id, before=read_only)
    assert (done.returncode, bench.state) == (2, "failed")
    bench.assert_sound(bench.first)


def test_an_immutable_file(bench: Bench) -> None:
    """F15."""
    bench.staged()
    assert subprocess.run(["chattr", "+i", str(bench.main_cf)]).returncode == 0
    try:
        done = bench.run("apply", bench.id)
        refused = bench.stage()
        names = bench.leftovers()
    finally:
        subprocess.run(["chattr", "-i", str(bench.main_cf)])
    assert done.returncode == refused.returncode == 2
    assert "immutable" in done.stderr
    assert "immutable" in refused.stderr
    assert names == []
    bench.assert_sound(bench.first)


def full(directory: Path, kilobytes: int) -> str:
    """Commands that put a copy of the directory on a small tmpfs, filled but for so many kilobytes."""
    return "; ".join(
        [
            f"mkdir {directory}.old",
            f"cp -a {directory}/. {directory}.old",
            f"mount -t tmpfs -o size=400k,mode=700 none {directory}",
            f"cp -a {directory}.old/. {directory}",
            f"rm -r {directory}.old",
            f"(cat /dev/zero >{directory}/filler) 2>/dev/null || :",
            f"head -c {kilobytes * 1024} /dev/zero >/dev/null",
            f"truncate -s -{kilobytes * 1024} {directory}/filler" if kilobytes else ":",
        ]
    )


def test_no_room_beside_main_cf(bench: Bench) -> None:
    """F12: before anything is changed, and no file is left of the attempt."""
    bench.staged()
    look = f"; trap 'ls -A {bench.main_cf.parent} >{bench.root}/names' EXIT"
    before = ["unshare", "--mount", "sh", "-c", f'{full(bench.main_cf.parent, 0)}{look}; "$@"', "sh"]
    done = bench.run("apply", bench.id, before=before)
    assert done.returncode == 2
    assert bench.state == "failed"
    assert "no room" in done.stderr
    names = (bench.root / "names").read_text().split()
    assert "main.cf" in names
    assert not [name for name in names if "mxtop" in name or name.endswith(".tmp")]
    bench.assert_sound(bench.first)


def test_no_room_for_our_state(bench: Bench) -> None:
    """F13: no backup, no change."""
    bench.staged()
    done = bench.run("apply", bench.id, before=in_mounts(full(bench.base, 4)))
    assert done.returncode == 2
    assert bench.main_cf.read_bytes() == bench.first
    assert not (bench.txn / "armed").exists()
    bench.assert_sound(bench.first)


def test_the_disk_fills_up_in_the_window(bench: Bench) -> None:
    """F28: rollback has no room beside main.cf: said loudly, with the backup's place; later it works."""
    bench.applied(window=60)
    done = bench.run("rollback", bench.id, before=in_mounts(full(bench.main_cf.parent, 0)))
    assert (done.returncode, bench.state) == (3, "rollback-failed")
    assert str(bench.txn / "backup") in bench.detail
    assert "mail.crit" in bench.syslog
    assert bench.main_cf.read_bytes() == bench.after
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(bench.first)


def test_the_state_disk_fills_up_in_the_window(bench: Bench) -> None:
    """F28: what was kept in reserve tells the truth about the rollback."""
    bench.applied(window=60)
    look = f"; trap 'cat {bench.txn}/state >{bench.root}/told' EXIT"
    before = ["unshare", "--mount", "sh", "-c", f'{full(bench.base, 0)}{look}; "$@"', "sh"]
    done = bench.run("rollback", bench.id, before=before)
    assert done.returncode == 0, done.stderr
    assert (bench.root / "told").read_text().startswith("rolledback")
    bench.assert_sound(bench.first)


@pytest.mark.parametrize("what", ["fifo", "symlink", "stranger's"])
def test_the_edit_lock_was_prepared_by_somebody(bench: Bench, what: str) -> None:
    """S17."""
    lock = bench.main_cf.with_name("main.cf.tmp")
    bench.staged()
    victim = bench.root / "victim"
    victim.write_text("precious")
    if what == "fifo":
        os.mkfifo(lock)
    elif what == "symlink":
        lock.symlink_to(victim)
    else:
        lock.touch()
        os.chown(lock, 1, 1)
    try:
        done = bench.run("apply", bench.id)
    finally:
        lock.unlink()
    assert (done.returncode, bench.state) == (2, "failed")
    assert victim.read_text() == "precious"
    bench.assert_sound(bench.first)


@pytest.mark.parametrize("what", ["symlink", "open", "stranger's"])
def test_our_directory_was_prepared_by_somebody(bench: Bench, what: str) -> None:
    """S17: nothing is kept where others could have laid something out."""
    elsewhere = bench.root / f"prepared-{what}"
    elsewhere.mkdir(mode=0o700)
    if what == "symlink":
        bench.base.symlink_to(elsewhere)
    else:
        bench.base.mkdir(mode=0o777 if what == "open" else 0o700)
        if what == "open":
            bench.base.chmod(0o777)
        else:
            os.chown(bench.base, 1, 1)
    try:
        done = bench.stage()
        assert done.returncode == 2
        assert "0700" in done.stderr
        assert os.listdir(elsewhere) == []
    finally:
        if what == "symlink":
            bench.base.unlink()


def test_everybody_may_write_in_the_directory(bench: Bench) -> None:
    """S15."""
    bench.main_cf.parent.chmod(0o777)
    try:
        done = bench.stage()
    finally:
        bench.main_cf.parent.chmod(0o755)
    assert done.returncode == 2
    assert "everybody" in done.stderr


def test_only_the_change_itself_can_be_answered(bench: Bench) -> None:
    """S18: no other name, no path, no second answer."""
    bench.applied()
    for name in ("", "T0", "../txn/" + bench.id, f"{bench.id}/.", "*"):
        assert bench.run("confirm", name).returncode == 2
    assert bench.state == "applied"
    assert bench.run("rollback", bench.id).returncode == 0
    assert bench.run("confirm", bench.id).returncode == 1
    assert bench.run("apply", bench.id).returncode == 2
    assert bench.state == "rolledback"
    bench.assert_sound(bench.first)


@pytest.mark.parametrize(
    "line",
    [
        "set - smtp_address_preference ipv6\nset - x y",
        "set - smtp_address_preference ipv6\x1b[2J",
        "set - -e ipv6",
        "set - a;id ipv6",
        "set smtp smtp_address_preference ipv6",
        "set -c/unix smtp_address_preference ipv6",
        "set - no_such_parameter_at_all ipv6",
        "set - inet_protocols ipv7",
        "remove - smtp_address_preference",
        "set - smtp_address_preference",
        "unset - smtp_address_preference",
        "set - smtp_address_preference ipv6 ; set",
    ],
)
def test_what_cannot_be_asked_for(bench: Bench, line: str) -> None:
    done = bench.stage(line)
    assert done.returncode == 2, done.stderr
    assert not bench.txn.exists()
    assert bench.main_cf.read_bytes() == bench.first


def test_a_last_line_without_its_end(bench: Bench) -> None:
    """Postfix before 3.7.15 glues an appended parameter to it; undo gives the very bytes back."""
    first = bench.first.rstrip(b"\n")
    bench.main_cf.write_bytes(first)
    bench.postfix.settle()
    bench.applied()
    assert bench.main_cf.read_bytes() == bench.first + b"smtp_address_preference = ipv6\n"
    assert bench.run("rollback", bench.id).returncode == 0
    bench.assert_sound(first)


def test_without_exchange(bench: Bench) -> None:
    """By rename, where it was consented to; an edit that was saved before the swap is seen all the same."""
    bench.staged(swap="rename")
    trace = bench.root / "renames"
    before = ["strace", "-f", "-o", str(trace), "-e", "trace=renameat2"]
    assert "swap rename" in bench.run("status", bench.id).stdout.splitlines()
    assert bench.run("apply", bench.id).returncode == 0
    assert bench.main_cf.read_bytes() == bench.after
    assert bench.run("rollback", bench.id, before=before).returncode == 0
    assert "RENAME_EXCHANGE" not in trace.read_text()
    bench.assert_sound(bench.first)
    bench.reset()
    bench.staged(swap="rename")
    bench.main_cf.write_bytes(bench.first + FOREIGN)
    assert bench.run("apply", bench.id).returncode == 75
    bench.assert_sound(bench.first + FOREIGN)
