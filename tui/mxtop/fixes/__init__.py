"""What is wrong and what to do: one file for each guided fix, and their registry.

To add a fix: a file with one `Fix`, its line here, a test with a Snapshot literal.  Pure: a fix reads a
snapshot and names settings; `mxtop.change` makes the change.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.fixes.base import Fix
from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot

FIXES: Final = MappingProxyType({fix.name: fix for fix in (ADDRESS_PREFERENCE,)})
"""Every guided fix by its name."""


def fix_named(name: str) -> Fix:
    """The fix of that name.  ValueError, with the names there are, where there is none."""
    if name not in FIXES:
        raise ValueError(f"no fix is called {name!r}; there is: {', '.join(FIXES)}")
    return FIXES[name]


def diagnose(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The findings of all fixes, in the order of the registry."""
    return tuple(finding for fix in FIXES.values() for finding in fix.diagnose(snapshot))
