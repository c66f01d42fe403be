"""Bootstrap actions: each runs once per node role, in order; one that fails ends the cluster, as on EMR.

On AWS an action runs on every node. Here a role's nodes are one machine, so it runs once for the primary, once for
the core and once for the task role (where the cluster has them).
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import logs
from .inventory import ROLES, Instance, instances
from .ports import Executor, Objects, Refusal, RunningStep, StepWork
from .processes import start_time
from .reading import Document, record, records, word
from .records import CLUSTER_ENDING, Cluster
from .state import State
from .work import bootstrap_work

_log = logging.getLogger(__name__)

NOT_FOUND = 404
"""Stands for the exit code of a script that could not be downloaded (real ones end at 255)."""


@dataclass(frozen=True, slots=True)
class BootstrapFailure:
    """Why the cluster cannot start, in EMR's words, with the entry of `ErrorDetails`."""

    message: str
    detail: Document


class Bootstrap:
    """Runs the bootstrap actions of a cluster on its driver's thread."""

    def __init__(self, state: State, executor: Executor, objects: Objects, folder: Path) -> None:
        self._state = state
        self._executor = executor
        self._objects = objects
        self._folder = folder
        self._running: dict[str, RunningStep] = {}

    def run(self, cluster: Cluster) -> BootstrapFailure | None:
        """Run all actions; None when they succeeded or the cluster is on its way out."""
        nodes = instances(cluster)
        for role in ROLES:
            members = [i for i in nodes if i.capacity.role == role]
            if not members:
                continue
            for number, action in enumerate(records(cluster.request, "BootstrapActions"), start=1):
                if self._state.closing or cluster.state in CLUSTER_ENDING:
                    return None
                code = self._run_one(cluster, action, number, role, members[0])
                if code != 0 and cluster.state not in CLUSTER_ENDING and not self._state.closing:
                    return _failure(cluster, action, number, role, members, code)
        return None

    def stop(self, cluster_id: str | None = None) -> None:
        """Kill the action that runs in this cluster (None: in all). Called without the lock."""
        with self._state.lock:
            running = [r for c, r in self._running.items() if cluster_id in (None, c)]
        for action in running:
            action.cancel(force=True)

    def _run_one(self, cluster: Cluster, action: Document, number: int, role: str, node: Instance) -> int:
        prefix = f"{cluster.id}/node/{node.ec2_id}/bootstrap-actions/{number}"
        folder = self._folder / "work" / prefix
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        work_id = f"ba-{number}-{role.lower()}-{cluster.id}"
        work = bootstrap_work(cluster, action, work_id, role, folder, self._state.settings, self._folder)
        began = self._state.clock.now()
        logs.append(folder, [logs.line(began, f"startExec '{' '.join(work.args)}'")])
        try:
            code = self._execute(cluster, work) if self._script_exists(work, folder) else NOT_FOUND
        except Refusal as refusal:
            logs.append(folder, [logs.line(self._state.clock.now(), f"local EMR refuses [{refusal.code}]: {refusal}")])
            with (folder / "stderr").open("a", encoding="utf-8") as stderr:
                stderr.write(f"{refusal}\n")
            code = 1
        except Exception as error:
            _log.exception("bootstrap action %s of %s could not be run", number, cluster.id)
            logs.append(folder, [logs.line(self._state.clock.now(), f"could not be started: {error}")])
            code = 1
        ended = self._state.clock.now()
        logs.append(
            folder, [logs.line(ended, f"waitProcessCompleted ran with exit code {code} and took {ended - began:.3f} s")]
        )
        if trouble := logs.upload(self._objects, cluster.log_uri, prefix, folder):
            with self._state.changing():
                if trouble not in cluster.notes:
                    cluster.notes.append(trouble)
                    self._state.touch(cluster)
        elif cluster.log_uri:
            shutil.rmtree(folder, ignore_errors=True)
        return code

    def _script_exists(self, work: StepWork, folder: Path) -> bool:
        """EMR downloads the script before anything else; one that is not there is a failure of its own kind."""
        place = logs.parse_uri(work.args[0])
        if place is None:
            return True
        try:
            self._objects.get(*place)
        except KeyError:
            now = self._state.clock.now()
            logs.append(folder, [logs.line(now, f"there is no object {work.args[0]}")])
            (folder / "stderr").write_text(f"there is no object {work.args[0]}\n", encoding="utf-8")
            return False
        return True

    def _execute(self, cluster: Cluster, work: StepWork) -> int:
        condition = self._state.changed(cluster.id)
        while (admission := self._executor.admit(work)) is None:
            with self._state.lock:
                if self._state.closing or cluster.state in CLUSTER_ENDING:
                    return -15
                self._state.clock.wait_on(condition, self._state.settings.admission_retry)
        try:
            running = self._executor.start(work, admission)
            with self._state.changing():
                self._running[cluster.id] = running
                cluster.bootstrap_pid, cluster.bootstrap_pid_started = running.pid, start_time(running.pid)
                self._state.touch(cluster)
                unwanted = self._state.closing or cluster.state in CLUSTER_ENDING
            if unwanted:
                running.cancel(force=True)
            return running.wait()
        finally:
            admission.release()
            with self._state.changing():
                self._running.pop(cluster.id, None)
                # After a clean stop the process is gone; its start time would tell it from a namesake anyway.
                cluster.bootstrap_pid = cluster.bootstrap_pid_started = None
                self._state.touch(cluster)
            self._state.wake_all()


def _failure(
    cluster: Cluster, action: Document, number: int, role: str, members: list[Instance], code: int
) -> BootstrapFailure:
    node = members[0].ec2_id
    kind = "PRIMARY" if role == "MASTER" else "WORKER"
    if code == NOT_FOUND:
        who = f"Master instance ({node})" if kind == "PRIMARY" else f"Slave instance ({node})"
        message = f"{who} failed attempting to download bootstrap action {number} file from S3"
        error = f"BOOTSTRAP_FAILURE_FILE_NOT_FOUND_{kind}"
    else:
        many = f"{len(members)} slave instances (including {node})"
        where = f"the master instance ({node})" if kind == "PRIMARY" else many
        message = f"On {where}, bootstrap action {number} returned a non-zero return code"
        error = f"BOOTSTRAP_FAILURE_{kind}_WITH_NON_ZERO_CODE"
    data: dict[str, str] = {
        "instance-id": node,
        "bootstrap-action": str(number),
        "return-code": str(code),
        "script-path": word(record(action, "ScriptBootstrapAction"), "Path"),
    }
    if cluster.log_uri:
        data["log-file"] = f"{cluster.log_uri}{cluster.id}/node/{node}/bootstrap-actions/{number}/stderr.gz"
    detail: Document = {
        "ErrorCode": error,
        "ErrorMessage": message,
        "ErrorData": [data],
    }
    return BootstrapFailure(message, detail)
