"""One setting of a change: not set, empty and removed are three things."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from mxtop.mail.setting_change import SettingChange


def test_the_keys_are_those_of_the_interface_in_their_order() -> None:
    assert [f.name for f in fields(SettingChange)] == ["parameter", "service", "before", "after"]


def test_nothing_is_left_to_a_default() -> None:
    """Who forgets `before` would promise that nothing was set, and an undo would take a value out."""
    with pytest.raises(TypeError):
        SettingChange("relayhost", None, "x")  # type: ignore[call-arg]


def test_not_set_is_not_empty() -> None:
    unset, empty = (SettingChange("relayhost", None, before, "x") for before in (None, ""))
    assert unset != empty
    assert SettingChange("relayhost", None, "x", None) != SettingChange("relayhost", None, "x", "")


def test_the_same_parameter_of_a_service_is_another_setting() -> None:
    main, relay = (SettingChange("smtp_bind_address", service, None, "x") for service in (None, "relay/unix"))
    assert len({main, relay, SettingChange("smtp_bind_address", None, None, "x")}) == 2
    with pytest.raises(FrozenInstanceError):
        main.after = None  # type: ignore[misc]
