"""Puts the parts together: the emulator, S3 as folders, the EMR core, the engines, state on disk, the front door."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emrkit_local.core.control_plane import ControlPlane
from emrkit_local.core.ports import Executor
from emrkit_local.core.settings import Settings
from emrkit_local.faults import FaultBook

from . import buckets
from .emr_service import EmrService
from .events import EmulatorEvents
from .folder_store import FolderStore
from .gateway import Connections, Gateway
from .ministack import Emulator
from .objects import FolderObjects
from .persistence import EmulatorState, end_interrupted_stacks
from .registration import register
from .stack_agreement import find_mismatches

__all__ = ["ACCOUNT", "REGION", "Host", "local_environment"]

_log = logging.getLogger(__name__)
ACCOUNT = "000000000000"
REGION = "us-east-1"


def local_environment(endpoint: str, region: str = REGION) -> dict[str, str]:
    """Variables that point any AWS client at local EMR and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the daemon keeps what it keeps."""

    state: Path

    @property
    def buckets(self) -> Path:
        return self.state / "buckets"

    @property
    def emulator(self) -> Path:
        return self.state / "emulator"

    @property
    def emr(self) -> Path:
        return self.state / "emr"


class Host:
    """One running local EMR inside this process."""

    def __init__(
        self,
        state: Path,
        port: int,
        version: str,
        make_executor: Callable[[Path, str], Executor],
        connections: Connections,
        stop: Callable[[], None],
    ) -> None:
        self._started = time.time()
        self._version = version
        self._stop = stop
        self.endpoint = f"http://127.0.0.1:{port}"
        self.folders = Folders(state)
        for folder in (self.folders.buckets, self.folders.emulator, self.folders.emr):
            folder.mkdir(parents=True, exist_ok=True)
        self.emulator = Emulator(port, self.folders.emulator)
        self.store = FolderStore(self.folders.buckets)
        self.saved = EmulatorState(self.emulator, self.folders.emulator / "state.db")
        buckets.attach(self.emulator, self.store, self.saved.restore_buckets)
        self.interrupted: list[str] = []
        self._restored = asyncio.Event()
        self.control = ControlPlane(
            self.folders.emr,
            make_executor(self.folders.buckets, self.endpoint),
            FolderObjects(self.store),
            EmulatorEvents(self.emulator),
            settings=Settings(environment=local_environment(self.endpoint)),
        )
        self.faults = FaultBook()
        service = EmrService(self.control)
        register(self.emulator, self.control, service)
        self.application = Gateway(
            self.emulator.asgi,
            service,
            self,
            self.faults,
            connections,
            self.emulator.account_of,
            self.emulator.knows,
            self._restored,
            self.saved.before_answer,
            port,
        )

    # Pages ----------------------------------------------------------------------------------------------------------

    def health(self) -> Mapping[str, object]:
        """Cheap and without locks: the daemon answers."""
        return {"status": "ready", "version": self._version, "pid": os.getpid(), "endpoint": self.endpoint}

    def status(self) -> Mapping[str, object]:
        """What runs here, how much it takes, and whether stacks and clusters agree."""
        return {
            **self.health(),
            "uptime_seconds": round(time.time() - self._started, 1),
            "memory_mb": _resident_megabytes(),
            "state": str(self.folders.state),
            "buckets": self.store.buckets(),
            "emr": self.control.summary(),
            "stacks": [
                {"name": r.get("StackName"), "status": r.get("StackStatus"), "account": a, "region": g}
                for a, g, r in self.emulator.stacks_if_used()
            ],
            "interrupted_stacks": self.interrupted,
            "mismatches": find_mismatches(self.emulator, self.control),
        }

    def shut_down(self) -> None:
        """Begin to stop."""
        self._stop()

    # Life -----------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Background work, until cancelled: give the services their state back, then save what changes."""
        await asyncio.to_thread(self._restore)
        self._restored.set()
        await self.saved.keep_saving()

    def _restore(self) -> None:
        # After the daemon is ready: importing CloudFormation takes seconds, and S3 and EMR need not wait for it.
        self.saved.restore()
        self.emulator.teach_loaded()
        self.interrupted = end_interrupted_stacks(self.emulator, self.control)

    async def close(self) -> None:
        """Stop the clusters' processes, save, close."""
        with contextlib.suppress(Exception):
            await asyncio.to_thread(self.control.close)
        if self._restored.is_set():
            await self.saved.save()
        self.saved.close()
        self.store.index.close()


def _resident_megabytes() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1_048_576
    return 0
