"""Settings of five Postfix versions: four by their captured answers, the installed one itself."""

import os
from pathlib import Path

import pytest
from tests.postfix.fakes import VERSIONS, fake_commands
from tests.postfix.instances import instance, needs_postfix

from mxtop.hosts.local import LocalHost
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Override
from mxtop.postfix import settings

host = LocalHost()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("version", VERSIONS)
async def test_captured(commands: Path, version: str) -> None:
    fake_commands(commands, version)
    got = await settings.read(host, "/srv/mx/etc")
    assert got.mail_version == version
    assert got.myhostname == "mx1.example"
    assert got.syslog_name == "postfix"
    assert {"postfix", "postfix/relay", "postfix-out6", "postfix/submission"} <= set(got.syslog_names)
    assert got.local_domains == ("mx1.example", "localhost", "local.example")
    assert got.own_addresses >= {"127.0.0.1"}
    assert set(got.transports) == {
        "smtp", "relay", "scan", "relayout", "out-v4", "out-v6", "softout", "badout", "lmtp",
    }  # fmt: skip
    assert Override("out-v4", "inet_protocols", "ipv4") in got.overrides
    assert all(one.service != "submission" for one in got.overrides)
    smtp = got.transports["smtp"]
    assert (smtp.smtp_address_preference, smtp.inet_protocols) == ("any", ("ipv4", "ipv6"))
    assert smtp.smtp_connect_timeout == 3.0
    assert smtp.smtp_balance_inet_protocols is (None if version == "2.11.11" else True)
    assert got.transports["out-v4"].inet_protocols == ("ipv4",)
    assert got.transports["out-v6"].smtp_address_preference == "ipv6"
    assert got.transports["badout"].smtp_address_preference == "ipv5"
    assert (got.transports["lmtp"].command, got.transports["lmtp"].smtp_tcp_port) == ("lmtp", "24")
    assert not smtp.chroot
    assert got.maillog_file == ("" if version == "2.11.11" else "/srv/mx/log/mail.log")


@pytest.mark.parametrize("version", VERSIONS)
async def test_warnings_on_stderr_change_nothing(commands: Path, version: str) -> None:
    fake_commands(commands, version, "postconf-x-names-macro")
    got = await settings.read(host)
    assert got.transports["smtp"].smtp_address_preference == "ipv4"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_main_cf_that_postfix_refuses(commands: Path, version: str) -> None:
    fake_commands(commands, version, "postconf-x-names-odd")
    with pytest.raises(CommandFailed) as caught:
        await settings.read(host, "/srv/mx/etc")
    assert "missing '=' after attribute name" in caught.value.title
    assert "/srv/mx/etc" in caught.value.remedy


async def test_no_postfix(monkeypatch: pytest.MonkeyPatch) -> None:
    async def missing(*_: object, **__: object) -> None:
        raise CommandFailed("postconf: no such command here", "install it")

    other = LocalHost()
    monkeypatch.setattr(other, "run", missing)
    with pytest.raises(CommandFailed, match="no such command"):
        await settings.read(other)


@needs_postfix
async def test_the_installed_one(tmp_path: Path) -> None:
    master = """\
smtp inet n - n - - smtpd -o syslog_name=in
smtp unix - - y - - smtp
  -o { smtp_address_preference = $mine }   -o smtp_connect_timeout=1m
relay unix - - - - - smtp -o syslog_name=${multi_instance_name?{$multi_instance_name}:{postfix}}/$service_name
mx-out unix - - n - - lmtp -o lmtp_mx_address_limit=7 -o smtp_mx_address_limit=9
"""
    main = {
        "mine": "IPv6",
        "inet_protocols": "ipv6, ipv4",
        "inet_interfaces": "loopback-only",
        "proxy_interfaces": "203.0.113.9, [2001:DB8::9]",
        "mydestination": "$myhostname, Local.example, hash:/etc/none, !not.example, /etc/file",
        "queue_directory": str(tmp_path / "queue"),
        "smtp_fallback_relay": "[fall.example]",
        "smtp_randomize_addresses": "No",
    }
    got = await settings.read(host, instance(tmp_path / "etc", main, master))
    assert got.config_directory == str(tmp_path / "etc")
    assert got.syslog_names == ("postfix", "in", "postfix/relay")
    assert got.own_addresses == {"127.0.0.1", "::1", "203.0.113.9", "2001:db8::9"}
    assert got.local_domains == ("mx1.example", "local.example")
    smtp, relay, out = (got.transports[name] for name in ("smtp", "relay", "mx-out"))
    assert (smtp.smtp_address_preference, smtp.smtp_connect_timeout, smtp.chroot) == ("IPv6", 60.0, True)
    assert (smtp.smtp_fallback_relay, smtp.smtp_randomize_addresses) == ("[fall.example]", False)
    assert (relay.smtp_address_preference, relay.chroot) == ("any", False)
    assert (out.command, out.smtp_mx_address_limit) == ("lmtp", 7)
    assert [(one.service, one.parameter, one.value) for one in got.overrides if one.service == "smtp"] == [
        ("smtp", "smtp_address_preference", "IPv6"),
        ("smtp", "smtp_connect_timeout", "1m"),
    ]
    assert len(got.warnings) == 1
    assert f"{tmp_path}/queue/etc/resolv.conf is missing" in got.warnings[0]


@needs_postfix
async def test_a_missing_master_cf_costs_only_itself(tmp_path: Path) -> None:
    where = instance(tmp_path, {"smtp_address_preference": "ipv4"})
    os.unlink(tmp_path / "master.cf")
    got = await settings.read(host, where)
    assert got.transports["smtp"].smtp_address_preference == "ipv4"
    assert "master.cf" in got.warnings[0]


@needs_postfix
async def test_a_master_cf_that_postfix_refuses(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="bad field count"):
        await settings.read(host, instance(tmp_path, master="foo\n"))


@needs_postfix
async def test_no_such_instance(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"main\.cf"):
        await settings.read(host, str(tmp_path))
