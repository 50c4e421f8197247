"""What every room's tests share: the lab, and an honest last word on what was left out.

Mark a test that needs the lab with `@pytest.mark.lab` and take the `lab` fixture: one session-wide lab
with every destination of `tests.lab.world`, which comes to each test with its first settings, an empty
queue and `lab.lines()` that are the test's own.
A test that needs another world opens its own `with Lab(…)`: two labs live side by side.

Where the lab cannot run (not root, packages missing) these tests skip with the reason; with
MXTOP_LAB=required in the environment they fail.

Programs under test get the signals that a terminal's programs get, also where whoever started the tests
had some of them ignored (nohup, a background job), and files that other users may read, whatever the umask:
both are inherited.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.lab import Lab
from tests.lab.needs import missing

os.umask(0o022)
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("lab") is None:
        return
    reason = missing()
    if reason and os.environ.get("MXTOP_LAB") == "required":
        pytest.fail(f"the lab is required and cannot run: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"no lab: {reason}")


@pytest.fixture(scope="session")
def session_lab() -> Iterator[Lab]:
    """The lab that all tests share; take `lab`."""
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab(session_lab: Lab) -> Iterator[Lab]:
    """The shared lab, as fresh as new; whatever a test changes in it is undone after the test."""
    session_lab.begin = session_lab.mark()
    yield session_lab
    session_lab.restore()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out, and why, counted by reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    terminalreporter.section("left out")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} tests: {reason}")
    terminalreporter.line("tests/benchmarks: speed, which `make bench` measures")
