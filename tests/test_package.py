"""What is installed has all that it needs: the wheel, made from the sdist, in an environment of its own.

Needs the package index, from which the build takes hatchling; without it these tests are left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "tui",
    "themes",
)


def call(argv: Sequence[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from a copy: a build must not depend on what lies about in the tree."""
    directory = tmp_path_factory.mktemp("package")
    for name in SOURCES:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, directory / "source" / name, ignore=ignore)
        else:
            (directory / "source").mkdir(exist_ok=True)
            shutil.copy(source, directory / "source" / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", directory]
    done = call([*pip, directory / "source"])
    if done.returncode and "hatchling" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("no package index: hatchling cannot be had")
    assert done.returncode == 0, done.stderr
    (found,) = directory.glob("*.whl")
    return found


def test_the_wheel_has_themes_the_demo_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "mxtop/recording/demo.mxtop" in names
    assert {f"mxtop/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")} <= names
    sources = {str(path.relative_to(ROOT / "tui")) for path in (ROOT / "tui").rglob("*.py")}
    assert sources <= names
    assert {name.split("/")[0] for name in names} == {"mxtop", wheel.name.rsplit("-", 3)[0] + ".dist-info"}


def test_it_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """In a new environment, which borrows the dependencies of this one."""
    call([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    (site,) = (tmp_path / "env" / "lib").glob("python3*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed))
    code = (
        "import asyncio, sys\n"
        "import mxtop\n"
        "sys.path = [path for path in sys.path if not path.endswith('tui')]\n"
        "from mxtop.ui import app, start, theme\n"
        "from mxtop import config\n"
        "assert theme.theme_directory().is_relative_to(sys.prefix), theme.theme_directory()\n"
        "assert len(theme.load([theme.theme_directory()]).themes) >= 3\n"
        "def run(session, **options):\n"
        "    async def first():\n"
        "        seen = asyncio.Queue()\n"
        "        async with asyncio.TaskGroup() as group:\n"
        "            task = group.create_task(session.run(seen.put_nowait))\n"
        "            snapshot = await seen.get()\n"
        "            task.cancel()\n"
        "        print(mxtop.__file__, len(snapshot.destinations))\n"
        "    asyncio.run(first())\n"
        "    return 0\n"
        "app.run_app = run\n"
        "sys.exit(start.show(config.load(), demo=True))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    python = tmp_path / "env" / "bin" / "python"
    done = call([python, "-c", code], cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    where, destinations = done.stdout.split()
    assert where == str(site / "mxtop" / "__init__.py")
    assert int(destinations) > 10
    assert call([python, "-m", "mxtop", "--version"], cwd=tmp_path, env=environment).stdout.startswith(
        "mxtop "
    )
