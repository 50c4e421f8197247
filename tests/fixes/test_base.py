"""A fix is data and two functions: its allow-list holds, and it names only settings that differ."""

from __future__ import annotations

import pytest

from mxtop.fixes import FIXES, fix_named
from mxtop.fixes.base import Fix, Parameter, Value
from mxtop.mail.setting_change import SettingChange
from mxtop.mail.settings import Override, Settings

TWO = Fix(
    name="two",
    title="A main.cf parameter, and one of a service",
    values=(
        Value(name="on", does=".", risk=".", safe=True),
        Value(name="off", does=".", risk=".", safe=True),
    ),
    assign=lambda value: {
        Parameter("soft_bounce"): "yes" if value == "on" else None,
        Parameter("inet_protocols", "smtp4"): "ipv4" if value == "on" else None,
    },
    find=lambda snapshot: (),
    activation="restart",
    check=".",
)


def test_changes_of_main_cf_and_of_a_service() -> None:
    assert TWO.parameters("on") == (Parameter("soft_bounce"), Parameter("inet_protocols", "smtp4"))
    bare = Settings(overrides=(Override("smtp", "inet_protocols", "ipv6"),))
    assert TWO.changes(bare, "on") == (
        SettingChange("soft_bounce", None, None, "yes"),
        SettingChange("inet_protocols", "smtp4", None, "ipv4"),
    )
    assert TWO.changes(bare, "off") == ()
    made = Settings(values={"soft_bounce": "Yes "}, overrides=(Override("smtp4", "inet_protocols", "ipv4"),))
    assert TWO.changes(made, "on") == ()
    assert TWO.changes(made, "off") == (
        SettingChange("soft_bounce", None, "Yes ", None),
        SettingChange("inet_protocols", "smtp4", "ipv4", None),
    )


@pytest.mark.parametrize("value", ["", "ON", "on ", "on\n", "$mydomain", "on,off"])
def test_nothing_but_the_allow_list_passes(value: str) -> None:
    for call in (TWO.value, TWO.parameters, lambda v: TWO.changes(Settings(), v)):
        with pytest.raises(ValueError, match="two takes on, off, not"):
            call(value)


def test_the_registry_knows_its_fixes_by_name() -> None:
    assert all(fix_named(name) is fix and fix.name == name for name, fix in FIXES.items())
    with pytest.raises(ValueError, match="address-preference"):
        fix_named("address_preference")


@pytest.mark.parametrize("fix", FIXES.values(), ids=str)
def test_every_fix_tells_what_an_admin_must_know(fix: Fix) -> None:
    assert fix.title
    assert fix.check
    assert len({value.name for value in fix.values}) == len(fix.values) > 0
    for value in fix.values:
        assert value.does.endswith(".")
        assert value.risk.endswith(".")
        assert fix.parameters(value.name)
