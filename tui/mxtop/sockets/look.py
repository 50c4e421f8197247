"""One look at the TCP sockets of this network namespace, by whichever way this kernel allows."""

from __future__ import annotations

from mxtop.sockets import diag, table
from mxtop.sockets.table import Table


class Look:
    """Asks the kernel; where it does not answer (a container may forbid it, an old kernel not know it), /proc
    is read, from then on.
    """

    def __init__(self) -> None:
        self._answered = True

    def __call__(self) -> Table:
        """OSError where /proc is not there either."""
        if self._answered:
            try:
                return diag.read()
            except InterruptedError:
                pass  # at this look only
            except OSError:
                self._answered = False
        return table.read()
