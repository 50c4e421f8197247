"""Being stopped (Ctrl-Z) and going on, as a job of a shell.

Where nobody could continue it (mxtop as a tmux pane's only command, or by `ssh -t HOST mxtop`) a process must
not stop: that is what the kernel calls an orphaned process group, which it does not stop by SIGTSTP.  Textual
stops itself by SIGSTOP, so the question is asked here.  Linux: reads /proc; elsewhere the answer is no.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def is_of_a_shell() -> bool:
    """Whether a process of another group in this session, a shell or sudo, waits for this one's group."""
    group, session = os.getpgrp(), os.getsid(0)
    parent = os.getppid()
    try:
        while parent > 0 and os.getpgid(parent) == group:  # make, or a script
            parent = _parent(parent)
        return parent > 0 and os.getsid(parent) == session
    except (OSError, ValueError):
        return False


def stop() -> None:
    """Stop this group as the terminal's Ctrl-Z does: with whoever started it and waits for it.  Returns when
    it goes on.  The terminal must be as the shell wants it already: others of the group stop first.
    """
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)


def _parent(pid: int) -> int:
    """proc(5), stat: what follows the name, in which anything may stand."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
