"""Start, find, ask and stop local EMR. Runs in the user's environment with the standard library alone.

```python
endpoint = client.start(state, cache)
os.environ |= client.exports(endpoint)
client.stop(state)
```
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import cast

from emrkit_local.folders import ensure_folder
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = [
    "ACCOUNT",
    "DAEMON_FILE",
    "Endpoint",
    "add_fault",
    "clear_faults",
    "disagreement",
    "exports",
    "find",
    "forget_requests",
    "process_start_time",
    "requests",
    "start",
    "status",
    "stop",
]

ACCOUNT = "000000000000"
"""The account of local EMR; as an access key it names itself, so no key of AWS is ever used."""
DAEMON_FILE = "daemon.json"
LOG_FILE = "daemon.log"
_PACKAGES = ("emrkit_local", "emrkit_model", "emrkit_facts")
_HEALTH_SECONDS = 3.0
_LEAST_ROOM_MB = 64
_LARGEST_LOG = 5_000_000
_IN_USE = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running local EMR."""

    url: str
    port: int
    pid: int
    version: str
    state: Path

    @property
    def buckets(self) -> Path:
        """The folder whose folders are the buckets."""
        return self.state / "buckets"


def exports(endpoint: Endpoint, region: str = "us-east-1") -> dict[str, str]:
    """Variables that point the AWS CLI, the CDK CLI and every SDK at this endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def find(state: Path) -> Endpoint | None:
    """The daemon of this state folder, if it lives and answers; a file that a dead one left is ignored."""
    endpoint = _noted(state)
    if endpoint is None:
        return None
    try:
        health = _ask(endpoint, "GET", "health", seconds=_HEALTH_SECONDS)
    except OSError:
        return None
    return endpoint if health.get("pid") == endpoint.pid else None


def start(
    state: Path,
    cache: Path,
    port: int = 0,
    *,
    memory_mb: int | None = None,
    deadline: float = 60.0,
    python: Path | None = None,
) -> Endpoint:
    """The daemon of this state folder, started when none runs. `port=0` takes a free one, `deadline` is in seconds.

    `python` is the interpreter of the daemon's environment (default: the one in the cache, built when it is missing).
    Raises `EmrkitError` with the end of the daemon's log when it does not become ready (E-LOC-001), or when it lacks
    its environment.
    """
    state = state.resolve()
    if endpoint := find(state):
        return endpoint
    _check_state(state)
    log = state / LOG_FILE
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(state / f"{LOG_FILE}.old")
    command = [str(python or _daemon_python()), "-s", "-P", "-m", "emrkit_local.daemon"]
    command += ["--state", str(state), "--cache", str(cache.resolve()), "--port", str(port), "--version", _version()]
    if memory_mb is not None:
        command += ["--memory", str(memory_mb)]
    environment = _daemon_environment(_link_packages(state))
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=state,
            start_new_session=True,
        )
    return _await_ready(state, process, deadline, log, begin)


def _check_state(state: Path) -> None:
    """A state folder that can be written, with room for what a daemon must note down."""
    ensure_folder(state, "EMRKIT_STATE_DIR")
    free = shutil.disk_usage(state).free >> 20
    if free < _LEAST_ROOM_MB:
        raise EmrkitError(
            Diagnostic(
                "E-LOC-004",
                f"there is no room for local EMR in {state}",
                got=f"{free} MB free",
                allowed=f"{_LEAST_ROOM_MB} MB or more",
                hint="free some space, or name another folder in EMRKIT_STATE_DIR; nothing was changed",
            ),
            ExitCode.TARGET_UNREACHABLE,
        )


def _await_ready(state: Path, process: subprocess.Popen[bytes], deadline: float, log: Path, begin: int) -> Endpoint:
    end = time.monotonic() + deadline
    pause = 0.02
    while time.monotonic() < end:
        if endpoint := find(state):
            return endpoint
        code = process.poll()
        # In use: somebody else started one at the same moment, and theirs will be ready soon.
        if code not in (None, _IN_USE):
            raise _not_started(f"local EMR ended at once (exit {code})", log, begin)
        time.sleep(pause)
        pause = min(pause * 1.3, 0.2)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    raise _not_started(f"local EMR was not ready within {deadline:.0f} s", log, begin)


def stop(state: Path, deadline: float = 30.0) -> bool:
    """Stop the daemon of this state folder with everything it runs; False when none ran.

    A daemon that does not end in time is killed (its state survives that).
    """
    endpoint = _noted(state.resolve())
    if endpoint is None:
        return False
    started = process_start_time(endpoint.pid)
    with contextlib.suppress(OSError):
        os.kill(endpoint.pid, signal.SIGTERM)
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if not _lives(endpoint.pid, started):
            return True
        time.sleep(0.02)
    with contextlib.suppress(OSError):
        os.kill(endpoint.pid, signal.SIGKILL)
    return True


def status(endpoint: Endpoint) -> Mapping[str, object]:
    """What runs there: clusters, stacks, buckets, memory, and `mismatches` between stacks and clusters."""
    return _ask(endpoint, "GET", "status")


def disagreement(endpoint: Endpoint) -> Diagnostic | None:
    """A warning when a stack refers to a cluster that local EMR does not know (W-LOC-001)."""
    found = cast("list[Mapping[str, str]]", status(endpoint).get("mismatches") or [])
    if not found:
        return None
    named = ", ".join(f"{m['stack']}/{m['resource']} → {m['cluster']}" for m in found)
    return Diagnostic(
        "W-LOC-001",
        "stacks refer to clusters that local EMR does not know",
        got=named,
        reason="the state folder was partly deleted or restored",
        hint="`emrkit local reset` starts afresh",
    )


def add_fault(endpoint: Endpoint, rule: Mapping[str, object]) -> int:
    """Switch a fault on (its shape: `emrkit_local.faults`); its number."""
    answer = _ask(endpoint, "POST", "faults", rule)
    return cast("list[int]", answer["numbers"])[0]


def clear_faults(endpoint: Endpoint) -> None:
    """Switch every fault off."""
    _ask(endpoint, "DELETE", "faults")


def requests(endpoint: Endpoint) -> dict[str, int]:
    """How often each `service:Operation` was asked for since the start (or since `forget_requests`)."""
    return cast("dict[str, int]", _ask(endpoint, "GET", "requests")["counts"])


def forget_requests(endpoint: Endpoint) -> None:
    """Begin to count anew."""
    _ask(endpoint, "DELETE", "requests")


def process_start_time(pid: int) -> str:
    """When a process started, in its system's own words; empty when there is no such process.

    With the pid it names a process for ever, so that a reused pid is not taken for the daemon.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[19]
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return ""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _lives(pid: int, started: str) -> bool:
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # our own child would stay a zombie
    return bool(started) and process_start_time(pid) == started


def _noted(state: Path) -> Endpoint | None:
    try:
        noted = cast("dict[str, object]", json.loads((state / DAEMON_FILE).read_text()))
        pid, port = cast("int", noted["pid"]), cast("int", noted["port"])
        if not _lives(pid, str(noted["start_time"])):
            return None
        return Endpoint(str(noted["endpoint"]), port, pid, str(noted["version"]), state)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ask(
    endpoint: Endpoint, method: str, page: str, document: object = None, seconds: float = 30.0
) -> dict[str, object]:
    body = None if document is None else json.dumps(document).encode()
    asked = urllib.request.Request(f"{endpoint.url}/_emrkit/{page}", data=body, method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=seconds) as answer:
            return cast("dict[str, object]", json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        raise EmrkitError(
            Diagnostic("E-LOC-002", f"local EMR refused {method} /_emrkit/{page}", reason=text), ExitCode.TARGET_REFUSED
        ) from error


def _not_started(summary: str, log: Path, begin: int) -> EmrkitError:
    with log.open("rb") as file:
        file.seek(begin)
        tail = file.read()[-4000:].decode("utf-8", "replace").strip()
    reason = "the end of its log:\n" + "\n".join(tail.splitlines()[-15:]) if tail else "its log is empty"
    hint = f"the whole log is {log}; `emrkit local reset` starts afresh"
    return EmrkitError(Diagnostic("E-LOC-001", summary, reason=reason, hint=hint), ExitCode.TARGET_UNREACHABLE)


def _daemon_python() -> Path:
    from . import environments

    found = environments.find("daemon")
    if found is None:
        environments.prepare(["daemon"])
        found = environments.find("daemon")
    if found is None:
        raise EmrkitError(
            Diagnostic("E-LOC-003", "the daemon's environment is missing", hint="`emrkit local prepare` fetches it"),
            ExitCode.TARGET_UNREACHABLE,
        )
    return found.python


def _link_packages(state: Path) -> Path:
    """A folder with exactly emrkit's own packages in it, wherever they are installed."""
    folder = state / "packages"
    folder.mkdir(exist_ok=True)
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            continue
        target = Path(next(iter(spec.submodule_search_locations))).resolve()
        link = folder / name
        if link.is_symlink() and link.readlink() == target:
            continue
        part = folder / f".{name}.{os.getpid()}"
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        part.replace(link)
    return folder


def _daemon_environment(packages: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AWS_")) and k != "VIRTUAL_ENV"}
    return {**kept, "PYTHONPATH": str(packages)}


def _version() -> str:
    try:
        return metadata.version("emrkit")
    except metadata.PackageNotFoundError:
        return "0+source"
