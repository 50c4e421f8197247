"""Arguments, exit codes, and what is loaded for what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mxtop.arguments import PARSERS
from mxtop.cli import Target, main, split_command, target
from mxtop.mail.errors import MxtopError


def run(*argv: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mxtop", *argv],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.parametrize(
    ("argv", "command", "rest"),
    [
        ([], "", []),
        (["report"], "report", []),
        (["--json", "report", "x.log"], "report", ["--json", "x.log"]),
        (["--log", "report", "parse", "-"], "parse", ["--log", "report", "-"]),
        (["--config-dir", "/etc/postfix-out", "dns", "a.example"], "dns",
         ["--config-dir", "/etc/postfix-out", "a.example"]),
        (["--log=report", "mail.log"], "", ["--log=report", "mail.log"]),
        (["mail.log", "report"], "", ["mail.log", "report"]),
        (["--", "report"], "", ["--", "report"]),
        (["./report"], "", ["./report"]),
        (["-", "report"], "", ["-", "report"]),
        (["--speed", "9", "replay", "r"], "replay", ["--speed", "9", "r"]),
        (["--to", "ipv6", "fix", "f"], "fix", ["--to", "ipv6", "f"]),
        (["--confirm-within", "60", "fix"], "fix", ["--confirm-within", "60"]),
        (["--id", "history", "undo"], "undo", ["--id", "history"]),
        (["--ssh-command", "ssh", "report", "mx1"], "report", ["--ssh-command", "ssh", "mx1"]),
    ],
)  # fmt: skip
def test_the_first_word_is_a_command_if_it_names_one(argv: list[str], command: str, rest: list[str]) -> None:
    assert split_command(argv) == (command, rest)


def test_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mail.log").touch()
    assert target([]) == Target("local")
    assert target(["-"]) == Target("files", ("-",))
    assert target(["mail.log"]) == Target("files", ("mail.log",))
    assert target(["./no-such"]) == Target("files", ("./no-such",))
    for host in ("mx1", "ssh://report", "admin@mx1:2222", "ssh://mail.log"):
        assert target([host]) == Target("hosts", hosts=(host,))
    assert target(["mx1", "mx2"]) == Target("hosts", hosts=("mx1", "mx2"))
    with pytest.raises(MxtopError, match="'mx1' is a host and other words are log files"):
        target(["mail.log", "mx1"])
    with pytest.raises(MxtopError, match="no host name"):
        target(["-oProxyCommand=x"])


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["parse", "mx1", "mx2"], "one host at a time"),
        (["parse", "mx1", "-"], "is a host and other words are log files"),
        (["record", "./x.mxtop", "mx1", "mx2"], "takes one host at a time, and 2 are named"),
        (["dns", "a.example", "--on", "./mail.log"], "a log file has no resolver"),
        (["sockets", "--ssh-command", "ssh '", "mx1"], "No closing quotation"),
    ],
)
def test_what_is_not_done_over_ssh(argv: list[str], said: str) -> None:
    done = run(*argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["--version"], ["report", "--version"], ["--help"], ["dns", "--help"]])
def test_help_and_version_load_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from mxtop.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'textual', 'rich', 'asyncssh', 'dns', 'psutil', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_report_of_a_file_loads_nothing_heavy(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text("Nov 23 18:31:36 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed\n")
    code = (
        "import sys; from mxtop.cli import main\n"
        "assert main(['report', '--json', sys.argv[1]]) == 0\n"
        "heavy = {'textual', 'rich', 'asyncssh', 'dns', 'psutil', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(log)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "argv",
    [
        ["report", "./no-such.log"], ["report", "--since", "soon", "-"], ["report", "--nonsense"], ["dns"],
        ["parse", "--year", "x", "-"], ["nohost.example"], ["sockets", "./mail.log"], ["--json"], [],
        ["parse", "/dev/null", "./no-such.log"], ["parse", __file__, "./"], ["report", f"{__file__}/x"],
        ["record"], ["record", "-"], ["record", "./x.mxtop", "mx1"],
        ["record", "./no/x.mxtop", "/dev/null"], ["replay"],
        ["fix", "nonsense", "--to", "ipv6", "--yes"], ["fix", "address-preference"], ["fix", "--to", "ipv6"],
        ["fix", "address-preference", "--to", "ipv6"], ["fix", "address-preference", "--to", "x", "--yes"],
        ["--read-only", "confirm"], ["confirm", "./mail.log"],
        ["replay", "--speed", "0", "./x.mxtop"], ["replay", "./no-such.mxtop"],
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_2(argv: list[str]) -> None:
    done = run(*argv)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("mxtop: ")
    assert done.stderr.count("\n") == 1
    assert "; " in done.stderr, "the next step"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", list(PARSERS))
def test_every_command_has_a_help_with_an_example(command: str) -> None:
    done = run(*command.split(), "--help")
    assert done.returncode == 0
    assert "mxtop" in done.stdout.rsplit("example:", 1)[1]
    assert "--config-dir" in done.stdout


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text("Nov 23 18:31:36 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed\n" * 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "mxtop", "parse", str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("command", ["report", "parse"])
@pytest.mark.parametrize(
    ("redirection", "code"), [(">/dev/full", 2), (">&-", 0), ("<&- >/dev/null", 0), (">/dev/full 2>&-", 2)]
)
def test_streams_that_take_or_give_nothing(command: str, redirection: str, code: int, tmp_path: Path) -> None:
    """A full disk is told in one line; a stream that the caller closed is nobody who reads, or nothing."""
    log = tmp_path / "mail.log"
    log.write_text("Nov 23 18:31:36 mx1 postfix/qmgr[1]: 4A5B6C7D8E: removed\n")
    given = "-" if "<" in redirection else str(log)
    argv = ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "mxtop", command, given]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "")
    if "full" in redirection and "2>&-" not in redirection:
        assert done.stderr == "mxtop: No space left on device; look at where the output goes\n"
    else:
        assert done.stderr == ""


def test_an_escape_in_an_argument_does_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "./\x1b]0;PWNED\x07"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_hosts_of_a_file_and_of_a_group(tmp_path: Path) -> None:
    (tmp_path / "mxtop").mkdir()
    (tmp_path / "mxtop" / "config.toml").write_text('[group.edge]\nhosts = ["mx8.invalid", "mx9.invalid"]\n')
    file = tmp_path / "hosts"
    file.write_text("mx7.invalid\n")
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    done = run("history", "--hosts", str(file), "--group", "edge", env=env)
    assert done.returncode == 2
    for host in ("mx7.invalid", "mx8.invalid", "mx9.invalid"):
        assert f"{host}: " in done.stderr
    done = run("--group", "none", env=env)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "[group.none]" in done.stderr and "edge" in done.stderr
    done = run(str(file), "--hosts", str(file), env=env)
    assert done.returncode == 2 and "name either" in done.stderr
