"""What of the operator's configuration has no effect is told; what makes no difference is not."""

from pathlib import Path

import pytest

from mxtop.hosts.sshconfig import config_files, effective, warnings
from mxtop.hosts.target import Target

pytestmark = pytest.mark.lab

SOURCE = Path(__file__).parents[2] / "tui" / "mxtop"


async def test_ignored_settings_are_told(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host mx1\n ControlMaster auto\n KnownHostsCommand /bin/x %H\n ForwardAgent no\n")
    told = await warnings(Target("mx1"), [str(config)])
    assert len(told) == 2
    assert any("controlmaster auto" in line for line in told)
    assert any("knownhostscommand" in line for line in told)
    assert await warnings(Target("mx2"), [str(config)]) == []


async def test_effective_settings(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host mx1\n HostName 192.0.2.1\n HashKnownHosts yes\n")
    found = await effective(Target("mx1", "admin", 2222), [str(config)])
    assert (found["hostname"], found["user"], found["port"]) == ("192.0.2.1", "admin", "2222")
    assert (found["hashknownhosts"], found["stricthostkeychecking"]) == ("yes", "ask")
    assert (await effective(Target("mx2"), [str(config)]))["hashknownhosts"] == "no"


async def test_no_ssh_program_no_warnings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mxtop.hosts.local.SYSTEM_PATH", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await effective(Target("mx1"), []) == {}


def test_the_files_that_ssh_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    assert str(tmp_path / ".ssh/config") not in config_files()
    (tmp_path / ".ssh/config").write_text("")
    assert config_files()[0] == str(tmp_path / ".ssh/config")


@pytest.mark.parametrize("word", ["known_hosts=None", "set_debug_level", "shell=True", "os.system"])
def test_words_that_must_not_be_in_the_code(word: str) -> None:
    assert [str(path) for path in SOURCE.rglob("*.py") if word in path.read_text()] == []
