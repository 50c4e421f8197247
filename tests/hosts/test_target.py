"""What a user types is a target, or an error that says why; nothing dangerous passes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.hosts.errors import BadTarget
from mxtop.hosts.target import Target, by_name, parse_target, read_targets
from mxtop.mail.errors import MxtopError


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("mx1", Target("mx1")),
        ("admin@mx3:2222", Target("mx3", "admin", 2222)),
        ("ssh://report", Target("report")),
        ("SSH://root@mx.example.org:22/", Target("mx.example.org", "root", 22)),
        ("2001:db8::25", Target("2001:db8::25")),
        ("[2001:db8::25]:22", Target("2001:db8::25", None, 22)),
        ("root@[fe80::1%eth0]", Target("fe80::1%eth0", "root")),
        ("user@example.org@mx1", Target("mx1", "user@example.org")),
    ],
)
def test_targets(word: str, target: Target) -> None:
    assert parse_target(word) == target
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "word",
    [
        *("", "@mx1", "mx1:", "mx1:0", "mx1:65536", "mx1:22x", "[mx1]:22", "[::1", "[::1]22", "ssh://"),
        *("-oProxyCommand=id", "a;id", "$(id)", "a\nb", "%h", "a b", "a'b", "-l@mx1", "mx1:٢٢", "mх1"),
    ],
)
def test_what_is_no_target(word: str) -> None:
    with pytest.raises(BadTarget) as caught:
        parse_target(word)
    assert "host" in caught.value.remedy


@given(st.text(alphabet=st.sampled_from("ab:@[]-%/.;$ \n'1"), max_size=12))
def test_only_harmless_characters_pass(word: str) -> None:
    try:
        target = parse_target(word)
    except BadTarget:
        return
    assert not set(target.host) & set(" /;$\n'@[]")
    assert not target.host.startswith("-")
    assert not (target.user or "").startswith("-")
    assert parse_target(str(target)) == target


def test_targets_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("# the edge\nmx1\n\n  admin@mx2:2222  # Berlin\n")
    assert read_targets(str(file)) == ("mx1", "admin@mx2:2222")


@pytest.mark.parametrize(
    ("text", "said"), [("mx1\n-oProxyCommand=x\n", "hosts:2: "), ("# none\n", "names no host")]
)
def test_a_file_without_targets_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "hosts"
    file.write_text(text)
    with pytest.raises(BadTarget, match=said):
        read_targets(str(file))
    with pytest.raises(MxtopError, match="No such file"):
        read_targets(str(tmp_path / "none"))


def test_hosts_by_their_names() -> None:
    assert by_name(["admin@mx1", "mx2:2222", "ssh://mx3"]) == {
        "mx1": "admin@mx1", "mx2:2222": "mx2:2222", "mx3": "ssh://mx3",
    }  # fmt: skip
    with pytest.raises(MxtopError, match="mx1 is named twice"):
        by_name(["a@mx1", "mx2", "b@mx1"])
