"""The domain that Postfix adds to an address without one: `myorigin`, which Debian keeps in a file."""

from __future__ import annotations

from mxtop.hosts.base import Host
from mxtop.mail.settings import Settings


async def myorigin(host: Host, settings: Settings) -> str:
    """The domain, as written.  OSError where its file cannot be read: ask only where it matters."""
    named = settings.values.get("myorigin", settings.myhostname)
    if not named.startswith("/"):
        return named
    return (await host.read_file(named)).decode("utf-8", "replace").strip()  # Debian's patch: /etc/mailname
