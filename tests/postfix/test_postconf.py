"""postconf's answers, as seven versions print them."""

import pytest
from tests.postfix.fakes import VERSIONS, captured

from mxtop.mail.settings import Override
from mxtop.postfix import postconf


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters(version: str) -> None:
    found = postconf.parameters(captured(version, "postconf-d-full"))
    assert len(found) > 700
    assert found["relayhost"] == ""
    assert found["smtp_address_preference"] == "any"
    assert ("smtp_balance_inet_protocols" in found) == (version != "2.11.11")


@pytest.mark.parametrize("version", VERSIONS)
def test_services(version: str) -> None:
    found = postconf.services(captured(version, "postconf-M"))
    assert postconf.Service("relay", "unix", "n", "smtp") in found
    assert postconf.Service("127.0.0.1:10025", "inet", "n", "smtpd") in found
    assert postconf.Service("pipe75", "unix", "n", "pipe") in found


@pytest.mark.parametrize("version", VERSIONS)
def test_overrides(version: str) -> None:
    found = postconf.overrides(captured(version, "postconf-P-all"))
    assert ("unix", Override("out-v6", "smtp_address_preference", "ipv6")) in found
    assert ("inet", Override("127.0.0.1:10025", "content_filter", "")) in found
    assert ("inet", Override("submission", "content_filter", "scan:[127.0.0.1]:10024")) in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3.7.11", (3, 7)), ("3.12-20260821", (3, 12)), ("2.11.11", (2, 11)), ("", (0, 0))],
)
def test_version(text: str, expected: tuple[int, int]) -> None:
    assert postconf.version(text) == expected


def test_words() -> None:
    assert postconf.words("a, b\tc,,{d, e} inline:{x=y, {k = v w}}") == (
        "a", "b", "c", "{d, e}", "inline:{x=y, {k = v w}}",
    )  # fmt: skip
    assert postconf.words("") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("5m", 300), ("1h", 3600), ("2D", 172800), ("1w", 604800), ("7", 7), ("x", -1), (None, -1)],
)
def test_seconds(text: str | None, expected: float) -> None:
    assert postconf.seconds(text, -1) == expected


def test_booleans_and_numbers() -> None:
    assert postconf.yes("Yes", False) is True
    assert postconf.yes("no", True) is False
    assert postconf.yes("maybe", True) is True
    assert postconf.number("12", 5) == 12
    assert postconf.number("x", 5) == 5
