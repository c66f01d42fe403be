"""An executor of real processes, and a control plane to be killed: `python core_processes.py FOLDER`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from emrkit_local.core.control_plane import ControlPlane
from emrkit_local.core.ports import Admission, RunningStep, StepWork
from emrkit_local.core.settings import Settings


class Process:
    def __init__(self, work: StepWork) -> None:
        with (work.folder / "stdout").open("wb") as out, (work.folder / "stderr").open("wb") as err:
            self._process = subprocess.Popen(
                work.args,
                cwd=work.folder,
                stdout=out,
                stderr=err,
                start_new_session=True,
                env=os.environ | dict(work.environment),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        return self._process.wait()

    def cancel(self, *, force: bool) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL if force else signal.SIGINT)


class Share:
    megabytes = 1

    def release(self) -> None:
        pass


class SubprocessExecutor:
    """Runs a step's arguments as they are."""

    def check_release(self, release: str) -> None:
        pass

    def admit(self, work: StepWork) -> Admission | None:
        return Share()

    def start(self, work: StepWork, admission: Admission) -> RunningStep:
        return Process(work)

    def rest(self) -> None:
        pass


class NoObjects:
    def put(self, bucket: str, key: str, body: bytes) -> None:
        pass

    def get(self, bucket: str, key: str) -> bytes:
        raise KeyError(bucket, key)

    def bucket_exists(self, bucket: str) -> bool:
        return True


class NoEvents:
    def publish(self, *_: object) -> None:
        pass


def main(folder: Path) -> None:
    settings = Settings(starting_delay=0, bootstrapping_delay=0, terminating_delay=0)
    control = ControlPlane(folder, SubprocessExecutor(), NoObjects(), NoEvents(), settings=settings)
    for line in sys.stdin:
        operation, request = json.loads(line)
        answer = control.call(operation, request, account="000000000000", region="us-east-1")
        print(json.dumps(answer), flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
