"""What smtp(8) makes of main.cf and its own -o."""

import pytest

from mxtop.mail.settings import Override
from mxtop.postfix.postconf import Service
from mxtop.postfix.transports import build, chrooted, families


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("all", ("ipv4", "ipv6")),
        ("ipv6, ipv4", ("ipv4", "ipv6")),
        ("IPv4", ("ipv4",)),
        ("ipv6", ("ipv6",)),
        ("ipv4, all", ("ipv4", "ipv6")),
        ("", ("ipv4", "ipv6")),
        ("ipv9", ("ipv4", "ipv6")),
    ],
)
def test_families(value: str, expected: tuple[str, ...]) -> None:
    assert families(value) == expected


@pytest.mark.parametrize(
    ("column", "version", "level", "expected"),
    [
        ("y", "3.7.11", "3.6", True),
        ("n", "2.11.11", "0", False),
        ("-", "2.11.11", "", True),
        ("-", "3.0.0", "1", False),
        ("-", "3.7.11", "0", True),
        ("-", "3.7.11", "", True),
        ("-", "3.7.11", "1", False),
        ("-", "3.7.11", "3.6", False),
    ],
)
def test_chroot_column(column: str, version: str, level: str, expected: bool) -> None:
    assert chrooted(column, {"mail_version": version, "compatibility_level": level}) is expected


def test_only_smtp_clients_of_the_unix_kind() -> None:
    services = [
        Service("smtp", "inet", "n", "smtpd"),
        Service("smtp", "unix", "n", "smtp"),
        Service("smtp", "inet", "n", "smtp"),
        Service("local", "unix", "n", "local"),
        Service("out", "unix", "n", "smtp"),
        Service("deliver", "unix", "n", "lmtp"),
    ]
    own = [Override("out", "smtp_address_preference", "ipv6"), Override("deliver", "lmtp_tcp_port", "2003")]
    made = build(services, own, {"smtp_address_preference": "ipv4", "lmtp_address_preference": "any"})
    assert set(made) == {"smtp", "out", "deliver"}
    assert made["smtp"].smtp_address_preference == "ipv4"
    assert made["out"].smtp_address_preference == "ipv6"
    assert (made["deliver"].smtp_address_preference, made["deliver"].smtp_tcp_port) == ("any", "2003")


def test_srv_and_dns_switches() -> None:
    service = [Service("smtp", "unix", "n", "smtp")]
    values = {
        "use_srv_lookup": "submission, smtp",
        "disable_dns_lookups": "yes",
        "smtp_host_lookup": "dns, native",
    }
    made = build(service, [], values)["smtp"]
    assert made.use_srv_lookup == ("submission", "smtp")
    assert build([Service("l", "unix", "n", "lmtp")], [], values)["l"].use_srv_lookup == (
        "submission",
        "smtp",
    )
    assert made.smtp_dns_support_level == "disabled"
    assert made.smtp_host_lookup == ("dns", "native")


SWITCHES = {
    "smtp_balance_inet_protocols": None,  # unknown before 3.3
    "smtp_randomize_addresses": True,
    "smtp_defer_if_no_mx_address_found": False,
    "smtp_connection_cache_on_demand": True,
    "allow_srv_lookup_fallback": False,
    "ignore_srv_lookup_error": False,
    "ignore_mx_lookup_error": False,
}
"""Those that are yes or no, with what holds where they are not set."""


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_is_its_own(name: str) -> None:
    smtp, lmtp = Service("out", "unix", "n", "smtp"), Service("store", "unix", "n", "lmtp")

    def read(service: Service, values: dict[str, str], *own: Override) -> dict[str, bool | None]:
        made = build([service], own, values)[service.name]
        return {switch: getattr(made, switch) for switch in SWITCHES}

    assert read(smtp, {}) == SWITCHES
    theirs = name.replace("smtp_", "lmtp_", 1)
    for value, expected in (("yes", True), ("no", False)):
        assert read(smtp, {name: value}) == {**SWITCHES, name: expected}
        assert read(lmtp, {theirs: value}) == {**SWITCHES, name: expected}
        other = "no" if expected else "yes"
        assert read(smtp, {name: other}, Override("out", name, value)) == {**SWITCHES, name: expected}
        if theirs != name:
            assert read(smtp, {theirs: value}) == read(lmtp, {name: value}) == SWITCHES


@pytest.mark.parametrize(("value", "expected"), [(None, ""), ("no", ""), ("yes", "disabled")])
def test_dns_is_disabled_the_old_way(value: str | None, expected: str) -> None:
    values = {} if value is None else {"disable_dns_lookups": value}
    service = Service("smtp", "unix", "n", "smtp")
    assert build([service], [], values)["smtp"].smtp_dns_support_level == expected
    values["smtp_dns_support_level"] = "dnssec"  # wins
    assert build([service], [], values)["smtp"].smtp_dns_support_level == "dnssec"
