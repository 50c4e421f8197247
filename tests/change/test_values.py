"""Only values that Postfix is known to survive may be set: the rest is refused before anything is touched."""

from __future__ import annotations

import pytest

from mxtop.change.model import Edit
from mxtop.change.values import Refused, check


@pytest.mark.parametrize("value", ["any", "ipv4", "ipv6", None])
def test_what_postconf_5_names_and_taking_it_out(value: str | None) -> None:
    check(Edit("smtp_address_preference", value))


@pytest.mark.parametrize(
    "value", ["", "ipv5", "all", "IPv4", "ipv4, ipv6", " any", "any\nx = y", "$x", "$(id)"]
)
def test_any_other_value_is_refused_with_those_that_are_none(value: str) -> None:
    with pytest.raises(Refused) as refused:
        check(Edit("smtp_address_preference", value))
    assert (refused.value.code, refused.value.remedy) == (2, "it is one of any, ipv4, ipv6")


@pytest.mark.parametrize("parameter", ["relayhost", "smtp_address_preference ", "", "inet_protocols\n"])
@pytest.mark.parametrize("value", ["any", None])
def test_no_other_parameter_is_changed_or_taken_out(parameter: str, value: str | None) -> None:
    with pytest.raises(Refused, match="not a setting that mxtop changes"):
        check(Edit(parameter, value))
