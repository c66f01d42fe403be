"""Finds a Python that an environment's packages support: the running one if it fits, else one on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from emrkit_model.diagnostics import Diagnostic, EmrkitError

from .catalog import Recipe
from .registries import uv_environment

__all__ = ["find_python"]


def find_python(recipe: Recipe, running: tuple[int, int] = sys.version_info[:2]) -> Path:
    """An interpreter in the recipe's range. Raises `EmrkitError` naming the range when this machine has none."""
    if recipe.minimum_python <= running < recipe.below_python:
        return Path(sys.executable)
    from uv import find_uv_bin

    wanted = f">={_dotted(recipe.minimum_python)},<{_dotted(recipe.below_python)}"
    command = [find_uv_bin(), "python", "find", "--system", wanted]
    found = subprocess.run(command, env=uv_environment(), capture_output=True, text=True, check=False, timeout=60)
    if found.returncode == 0 and (path := Path(found.stdout.strip())).exists():
        return path
    raise EmrkitError(
        Diagnostic(
            "E-ENV-007",
            f"'{recipe.name}' needs a Python {wanted}, and this machine has none",
            got=f"Python {_dotted(running)}",
            allowed=wanted,
            reason=f"{recipe.purpose} does not support other versions",
            hint="install that Python beside yours (it only has to be on the PATH) and run `emrkit local prepare`",
        )
    )


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
