"""Steps that are plain programs: command-runner's other words, and scripts fetched by script-runner."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from emrkit_local.core.ports import Refusal

from .submission import locate

__all__ = ["find_program", "prepare_script"]


def find_program(words: Sequence[str], folder: Path, path: str) -> list[str]:
    """The command with its program found. Raises `Refusal` when there is none of that name."""
    if not words:
        raise Refusal("E-ENG-005", "command-runner.jar was given no command")
    program = words[0]
    if "/" in program:
        candidate = folder / program
        if not candidate.is_file():
            raise Refusal("E-ENG-006", f"the program '{program}' does not exist on this machine")
        if not os.access(candidate, os.X_OK):
            raise Refusal("E-ENG-006", f"the program '{program}' is not executable")
        return [str(candidate), *words[1:]]
    found = shutil.which(program, path=path)
    if found is None:
        raise Refusal(
            "E-ENG-006",
            f"the program '{program}' is not installed on this machine; EMR's images may have it, local EMR uses yours",
        )
    return [found, *words[1:]]


def prepare_script(words: Sequence[str], folder: Path, buckets: Path) -> list[str]:
    """Copy the script into the step's folder and run it with its arguments, as script-runner does."""
    if not words:
        raise Refusal("E-ENG-005", "script-runner.jar was given no script")
    place = words[0]
    source = locate(place, buckets, folder)
    if not source.is_file():
        raise Refusal("E-ENG-007", f"the script '{place}' does not exist")
    script = folder / source.name
    if source.resolve() != script.resolve():
        shutil.copyfile(source, script)
    script.chmod(0o755)
    with script.open("rb") as stream:
        has_interpreter = stream.read(2) == b"#!"
    return [str(script) if has_interpreter else "/bin/sh", *([] if has_interpreter else [str(script)]), *words[1:]]
