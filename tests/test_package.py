"""What is installed has all that it needs: the wheel, made from the sdist, in an environment of its own.

Needs the package index, from which the build takes hatchling; without it these tests are left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
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
    "hatch_build.py",
    "tui",
    "themes",
)


def call(argv: Sequence[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload,no-any-return]


def build(source: Path, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`pip wheel` of a source, which takes hatchling from the package index."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", directory]
    return call([*pip, source], env={**os.environ, **environment})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from a copy: a build must not depend on what lies about in the tree."""
    directory = tmp_path_factory.mktemp("package")
    for name in SOURCES:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "*.so")
        if source.is_dir():
            shutil.copytree(source, directory / "source" / name, ignore=ignore)
        else:
            (directory / "source").mkdir(exist_ok=True)
            shutil.copy(source, directory / "source" / name)
    done = build(directory / "source", directory)
    if done.returncode and "hatchling" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("no package index: hatchling cannot be had")
    assert done.returncode == 0, done.stderr
    (found,) = directory.glob("*.whl")
    return found


def test_the_wheel_has_what_is_compiled(wheel: Path) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    header = Path(sysconfig.get_path("include")) / "Python.h"
    can = shutil.which("gcc") is not None and header.exists()
    assert (f"mxtop/mail/_heads{suffix}" in zipfile.ZipFile(wheel).namelist()) == can
    assert wheel.name.endswith("-none-any.whl") != can


def test_without_a_compiler_it_is_for_any_platform(wheel: Path, tmp_path: Path) -> None:
    done = build(wheel.parent / "source", tmp_path, PATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    (found,) = tmp_path.glob("*.whl")
    assert found.name.endswith("-py3-none-any.whl")
    assert not [name for name in zipfile.ZipFile(found).namelist() if name.endswith(".so")]


def test_the_wheel_has_themes_the_demo_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "mxtop/recording/demo.mxtop" in names
    assert {f"mxtop/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")} <= names
    sources = {str(path.relative_to(ROOT / "tui")) for path in (ROOT / "tui").rglob("*.py")}
    assert sources <= names
    assert {name.split("/")[0] for name in names} == {"mxtop", wheel.name.rsplit("-", 3)[0] + ".dist-info"}


def scripts(root: Path = ROOT / "tui") -> dict[str, bytes]:
    """Every shell script of the package."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.sh")}


def test_wheel_and_sdist_have_the_script_of_a_change(wheel: Path, tmp_path: Path) -> None:
    wanted = scripts()
    assert "mxtop/change/run/50-apply.sh" in wanted
    packed = zipfile.ZipFile(wheel)
    assert {name: packed.read(name) for name in packed.namelist() if name.endswith(".sh")} == wanted
    tools, source = tmp_path / "tools", wheel.parent / "source"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", tools, "hatchling"]
    call(pip, check=True)
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path]
    call(argv, cwd=source, env={**os.environ, "PYTHONPATH": str(tools)}, check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sdist", filter="data")
    (unpacked,) = (tmp_path / "sdist").iterdir()
    assert scripts(unpacked / "tui") == wanted


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A new environment, which borrows the dependencies of this one: its interpreter and its packages."""
    environment = tmp_path_factory.mktemp("installed") / "env"
    call([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = (environment / "lib").glob("python3*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed))
    return environment / "bin" / "python", site


def test_the_script_works_from_the_wheel(installed: tuple[Path, Path], tmp_path: Path) -> None:
    """It arrives whole at a shell, and tells of this machine; nothing here is changed by that."""
    python, site = installed
    code = (
        "import asyncio, sys\n"
        "sys.path = [path for path in sys.path if not path.endswith('tui')]\n"
        "from mxtop.change import script\n"
        "from mxtop.hosts.local import LocalHost\n"
        "argv = script.sent(['probe', '/nonexistent'])\n"
        "done = asyncio.run(LocalHost().run(argv, stdin=script.text(), timeout=60))\n"
        "print(script.__file__, done.text.split()[:2])\n"
        "sys.exit(done.exit_code)"
    )
    done = call([python, "-c", code], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = f"{site / 'mxtop' / 'change' / 'script.py'} ['user', '{os.getuid()}']\n"
    assert done.stdout == expected


def test_it_runs_from_the_wheel(installed: tuple[Path, Path], tmp_path: Path) -> None:
    python, site = installed
    code = (
        "import asyncio, sys\n"
        "import mxtop\n"
        "sys.path = [path for path in sys.path if not path.endswith('tui')]\n"
        "from mxtop.ui import app, start, theme\n"
        "from mxtop import config\n"
        "assert theme.theme_directory().is_relative_to(sys.prefix), theme.theme_directory()\n"
        "assert len(theme.load([theme.theme_directory()]).themes) >= 3\n"
        "def run(screen):\n"
        "    async def first():\n"
        "        seen = asyncio.Queue()\n"
        "        async with asyncio.TaskGroup() as group:\n"
        "            task = group.create_task(screen.session.run(seen.put_nowait))\n"
        "            snapshot = await seen.get()\n"
        "            task.cancel()\n"
        "        print(mxtop.__file__, len(snapshot.destinations))\n"
        "    asyncio.run(first())\n"
        "    return 0\n"
        "app.run_app = run\n"
        "sys.exit(start.show(config.load(), demo=True))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = call([python, "-c", code], cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    where, destinations = done.stdout.split()
    assert where == str(site / "mxtop" / "__init__.py")
    assert int(destinations) > 10
    assert call([python, "-m", "mxtop", "--version"], cwd=tmp_path, env=environment).stdout.startswith(
        "mxtop "
    )
