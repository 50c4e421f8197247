"""Builds the one compiled module, tui/mxtop/mail/_heads.c, where there is a C compiler and Python's headers.

Without them mxtop works the same: `mxtop.mail.heads` then does in Python, at half the speed, what was not
compiled.  A wheel without it is for any platform.
"""

from __future__ import annotations

import shlex
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("tui/mxtop/mail/_heads.c")


class CompiledHook(BuildHookInterface[Any]):
    """In an editable install the module lies beside its source, else only in the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        name = f"_heads{sysconfig.get_config_var('EXT_SUFFIX')}"
        source = Path(self.root) / SOURCE
        if version == "editable":
            self._compile(source, source.with_name(name))
            return
        self._directory = tempfile.TemporaryDirectory()
        target = Path(self._directory.name) / name
        if self._compile(source, target):
            build_data["force_include"][str(target)] = f"mxtop/mail/{name}"
            build_data["pure_python"] = False
            build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._directory.cleanup()

    def _compile(self, source: Path, target: Path) -> bool:
        """Whether it could be; what stops it is told, and is no error."""
        words = " ".join(sysconfig.get_config_var(name) or "" for name in ("CC", "CFLAGS", "CCSHARED"))
        include = sysconfig.get_path("include")
        argv = [*shlex.split(words), "-g0", "-shared", f"-I{include}", str(source), "-o", str(target)]
        try:
            subprocess.run(argv, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.display_warning(f"{source.name} is not compiled: {getattr(error, 'stderr', error)}")
            target.unlink(missing_ok=True)
            return False
        return True
