"""Whether anything that synthesis reads has changed: one digest over the project and the constructs it uses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

__all__ = ["fingerprint_inputs"]

_SUFFIXES = frozenset({".py", ".yaml", ".yml", ".json", ".toml", ".sql"})
_SKIPPED = frozenset({"node_modules", "cdk.out", "__pycache__", "tests", "bench", "docs", "dist", "build"})
_PACKAGES = ("emrkit", "emrkit_model", "emrkit_facts", "emrkit_jobs")


def fingerprint_inputs(root: Path, target: str, variables: Mapping[str, str]) -> str:
    """A digest that changes with every file of the project, of emrkit itself, with the target and the variables.

    Names, sizes and contents of the project's files count; of installed packages, names, sizes and times.
    """
    digest = hashlib.sha256(repr((target, sorted(variables.items()))).encode())
    for path in sorted(_files(root)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for package in _PACKAGES:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            folder = Path(place)
            if not folder.is_relative_to(root):
                for path in sorted(_files(folder)):
                    known = path.stat()
                    digest.update(f"{path}\0{known.st_size}\0{known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        # A virtual environment has its own mark, whatever it is called.
        here = [n for n in folders if n not in _SKIPPED and not n.startswith(".")]
        folders[:] = [n for n in here if not (Path(folder) / n / "pyvenv.cfg").exists()]
        yield from (Path(folder) / n for n in names if Path(n).suffix in _SUFFIXES and not n.startswith("."))
