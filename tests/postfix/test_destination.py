"""What a user may name."""

import pytest

from mxtop.mail.nexthop import NextHop
from mxtop.postfix.destination import Destination, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Example.ORG. ", Destination("Example.ORG.", "example.org")),
        ("A.b@Example.org", Destination("A.b@Example.org", "example.org", "A.b")),
        ("a@b@example.org", Destination("a@b@example.org", "example.org", "a@b")),
        ("u@[192.0.2.1]", Destination("u@[192.0.2.1]", "[192.0.2.1]", "u")),
        ("[mx]:25", Destination("[mx]:25", hop=NextHop("mx", "25", literal=True))),
        ("mx:25", Destination("mx:25", hop=NextHop("mx", "25"))),
        ("192.0.2.1", Destination("192.0.2.1", hop=NextHop("192.0.2.1", literal=True))),
        ("2001:DB8::1", Destination("2001:DB8::1", hop=NextHop("2001:db8::1", literal=True))),
        ("bücher.example", Destination("bücher.example", "bücher.example")),
    ],
)
def test_parse(text: str, expected: Destination) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "@", "u@", "u@ a", "u@[x y]", "a..b", "\x1b[0m", "u@\n"])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_address() -> None:
    assert parse("example.org").address == "postmaster@example.org"
    assert parse("u@example.org").address == "u@example.org"
