"""Where emrkit keeps things on this machine: one cache that can be deleted, one state folder for each project."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["cache_folder", "ensure_folder", "state_folder"]


def cache_folder() -> Path:
    """Everything that was fetched: `EMRKIT_CACHE_DIR`, else the platform's cache folder."""
    if named := os.environ.get("EMRKIT_CACHE_DIR"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("emrkit", appauthor=False)


def state_folder(project: Path) -> Path:
    """What one project's local EMR and runs remember: daemon state, journals, buckets.

    `EMRKIT_STATE_DIR` names the folder itself; otherwise it is the platform's state folder with a part of its own for
    each project, told apart by the folder its project file stands in.
    """
    if named := os.environ.get("EMRKIT_STATE_DIR"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_state_path

    root = project.absolute()
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name).strip("-.") or "project"
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:10]
    return user_state_path("emrkit", appauthor=False) / f"{label}-{digest}"


def ensure_folder(folder: Path, variable: str) -> Path:
    """Make the folder if it is not there; one clear error, naming the variable that moves it, if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise EmrkitError(
            Diagnostic(
                code="E-ENV-001",
                summary=f"the folder '{folder}' cannot be written: {error.strerror or error}",
                hint=f"make it writable, or name another one in {variable}",
            ),
            ExitCode.TARGET_UNREACHABLE,
        ) from error
    return folder
