"""A chrooted smtp(8) and its own resolv.conf."""

from pathlib import Path

import pytest

from mxtop.hosts.local import LocalHost
from mxtop.mail.settings import Settings, Transport
from mxtop.postfix import resolver
from mxtop.postfix.resolver import resolver_place

host = LocalHost()


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose own file is below tmp_path."""
    path = tmp_path / "resolv.conf"
    monkeypatch.setattr(resolver, "RESOLV_CONF", str(path))
    path.write_text("# one\nnameserver 192.0.2.1\nsearch example\n")
    return path


async def place(queue: Path, chroot: bool = True) -> resolver.ResolverPlace:
    settings = Settings(queue_directory=str(queue))
    return await resolver_place(host, settings, Transport(chroot=chroot))


async def test_no_chroot(ours: Path, tmp_path: Path) -> None:
    assert await place(tmp_path / "queue", chroot=False) == resolver.ResolverPlace(str(ours))


async def test_chroot(ours: Path, tmp_path: Path) -> None:
    copy = Path(f"{tmp_path}/queue{ours}")
    missing = await place(tmp_path / "queue")
    assert missing.path == str(copy)
    assert "is missing" in missing.warning
    copy.parent.mkdir(parents=True)
    copy.write_text("; two\nnameserver  192.0.2.1\n\nsearch example\n")
    assert (await place(tmp_path / "queue")).warning == ""
    copy.write_text("nameserver 192.0.2.2\n")
    assert f"cp {ours} {copy}" in (await place(tmp_path / "queue")).warning
