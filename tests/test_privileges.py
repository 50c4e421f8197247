"""The page on privileges: its sudoers lines are taken by sudo itself, and allow nothing by wildcard."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "privileges.md"


@pytest.mark.skipif(shutil.which("visudo", path="/usr/sbin:/usr/bin") is None, reason="needs sudo")
def test_the_sudoers_lines_are_valid_and_without_wildcards(tmp_path: Path) -> None:
    found = re.search(r"^```sudoers\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    assert not set("*?[") & set(found[1])
    rules = tmp_path / "mxtop"
    rules.write_text(found[1])
    rules.chmod(0o440)
    checked = subprocess.run(
        ["/usr/sbin/visudo", "-csf", str(rules)], capture_output=True, text=True, timeout=10, check=False
    )
    assert checked.returncode == 0, checked.stderr + checked.stdout
