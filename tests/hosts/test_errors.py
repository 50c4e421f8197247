"""What keeps a machine from being looked at: caught wherever a call of a `Host` may fail."""

from __future__ import annotations

import pytest

from mxtop.hosts import errors
from mxtop.hosts.errors import (
    BadTarget,
    HostDown,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyTrouble,
    NeedsAuthentication,
    UnknownHostKey,
)
from mxtop.mail.errors import CommandFailed, MxtopError

UNKNOWN = UnknownHostKey(
    "unknown", "compare", host="mx1", key_type="ssh-ed25519", fingerprint="SHA256:x", known_as="mx1",
    public_key="ssh-ed25519 AAAA", file="/k", hashed=False,
)  # fmt: skip
CHANGED = HostKeyChanged("changed", "ask", host="mx1", key_type="t", fingerprint="f", places=("/k:1",))
REVOKED = HostKeyRevoked("revoked", "do not", host="mx1", key_type="", fingerprint="", places=("/k:2",))
EACH = [
    HostDown("down", "wait"),
    NeedsAuthentication("not in", "ssh-add"),
    HostKeyTrouble("trouble", "ask", host="mx1"),
    UNKNOWN,
    CHANGED,
    REVOKED,
]


@pytest.mark.parametrize("error", EACH, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", [MxtopError, CommandFailed, ConnectionError, OSError, HostDown])
def test_a_lost_machine_is_caught_as_a_failed_command_and_as_a_lost_connection(
    error: HostDown, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        raise error
    assert (caught.value.title, caught.value.remedy) == (error.title, error.remedy)  # type: ignore[attr-defined]
    assert str(caught.value) == f"{error.title}; {error.remedy}"


def test_it_is_no_missing_file_and_no_missing_right() -> None:
    """OSError has subclasses that mean an answer of the machine; a machine that is away gave none."""
    for error in EACH:
        assert not isinstance(error, FileNotFoundError | PermissionError | TimeoutError)
        assert error.errno is None


def test_a_word_that_names_no_machine_is_not_a_machine_that_is_down() -> None:
    assert not isinstance(BadTarget("x", "y"), HostDown)


def test_what_a_person_may_mend_by_a_yes_is_an_unknown_key_alone() -> None:
    """The screen offers to keep a key by its type: a changed or revoked one must never be of that type."""
    assert not isinstance(CHANGED, UnknownHostKey)
    assert not isinstance(REVOKED, UnknownHostKey)
    assert not hasattr(CHANGED, "public_key") and not hasattr(REVOKED, "public_key")
    assert isinstance(REVOKED, HostKeyChanged), "told as a changed one, with its places"
    assert not UNKNOWN.strict


def test_every_error_of_this_module_says_what_and_what_next() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MxtopError)
    ]
    assert {type(error) for error in EACH} | {BadTarget, CommandFailed, MxtopError} == set(kinds)
