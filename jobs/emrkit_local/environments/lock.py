"""`python -m emrkit_local.environments.lock`: resolve every lock anew, with hashes and without index addresses."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .catalog import LOCKS, RECIPES
from .registries import uv_environment

OPTIONS = ("--quiet", "--upgrade", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links")
PLAIN = ("--no-annotate", "--no-header")


def main() -> None:
    """Write `requirements.lock` of the project in this folder, if it is emrkit's own, and the engines' locks."""
    from uv import find_uv_bin

    compile_ = [find_uv_bin(), "pip", "compile", *OPTIONS, *PLAIN]
    environment = uv_environment()
    if Path("requirements.lock").exists():
        sources = ["pyproject.toml", "--group", "pyproject.toml:dev", "--python-version", "3.11"]
        subprocess.run([*compile_, *sources, "-o", "requirements.lock"], env=environment, check=True)
    for recipe in RECIPES:
        python = ".".join(map(str, recipe.minimum_python))
        source = ["--universal", "--python-version", python, str(LOCKS / f"{recipe.name}.in")]
        subprocess.run([*compile_, *source, "-o", str(recipe.lock)], env=environment, check=True)


if __name__ == "__main__":
    main()
