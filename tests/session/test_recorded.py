"""The fixes of a recording cost nothing until one is asked for; what they do is `test_playing`'s."""

from __future__ import annotations

import subprocess
import sys


def test_the_demos_session_loads_nothing_of_them_before_one_is_asked_for() -> None:
    code = (
        "import asyncio, sys\n"
        "from mxtop.session.replay import ReplaySession\n"
        "from mxtop.ui.start import demo_recording\n"
        "fixing = ReplaySession(demo_recording(), mode='demo').fixing\n"
        "assert asyncio.run(fixing.waiting()) == asyncio.run(fixing.history()) == fixing.commands() == ()\n"
        "heavy = {'mxtop.session.playing', 'mxtop.change.model'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "proposal = asyncio.run(fixing.propose('address-preference', 'ipv6'))\n"
        "assert proposal.recorded\n"
        "assert 'mxtop.session.playing' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
