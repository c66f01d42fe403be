"""One step from PENDING to its end: admission, start, wait, logs, and what its failure does to the cluster."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from pathlib import Path

from . import logs
from .ports import Admission, Executor, Objects, Refusal, RunningStep, StepWork
from .processes import start_time
from .reading import Document
from .records import CLUSTER_ENDED, CLUSTER_ENDING, STEP_ACTIVE, STEP_ENDED, Cluster, Step
from .state import State
from .work import step_work

_log = logging.getLogger(__name__)

STOPPED = "Local EMR was stopped while this step was running; its processes were ended."


class StepRunner:
    """Starts steps and follows them, each on a thread of its own."""

    def __init__(self, state: State, executor: Executor, objects: Objects, folder: Path) -> None:
        self._state = state
        self._executor = executor
        self._objects = objects
        self._folder = folder
        self._running: dict[str, RunningStep] = {}
        self._threads: set[threading.Thread] = set()

    def folder_of(self, cluster_id: str, step_id: str) -> Path:
        """The step's own folder."""
        return self._folder / "work" / cluster_id / "steps" / step_id

    def begin(self, cluster: Cluster, step: Step) -> bool:
        """Start a PENDING step; False when there is no memory for it just now. Called without the lock."""
        work = step_work(cluster, step, self.folder_of(cluster.id, step.id), self._state.settings, self._folder)
        try:
            admission = self._executor.admit(work)
        except Refusal as refusal:
            self._refuse(cluster, step, work, refusal)
            return True
        except Exception as error:
            _log.exception("step %s could not be admitted", step.id)
            self._refuse(cluster, step, work, Refusal("INTERNAL_ERROR", f"The step could not be started: {error}"))
            return True
        if admission is None:
            return False
        with self._state.changing():
            if step.state != "PENDING" or cluster.state in CLUSTER_ENDING or self._state.closing:
                taken = False
            else:
                taken = True
                if cluster.state == "WAITING":
                    self._state.move(cluster, "RUNNING")
                self._state.move_step(cluster, step, "RUNNING")
        if not taken:
            self._release(admission)
            return True
        self._start(cluster, step, work, admission)
        return True

    def cancel(self, step_id: str, *, force: bool) -> None:
        """Interrupt or kill a running step. Called without the lock; harmless when it has ended."""
        with self._state.lock:
            running = self._running.get(step_id)
        if running is not None:
            running.cancel(force=force)

    def is_running(self, cluster: Cluster) -> bool:
        """Whether a process of this cluster still lives. Called with the lock."""
        return any(s.id in self._running for s in cluster.steps)

    def rest_if_idle(self) -> None:
        """Tell the executor when no cluster has anything to do just now. Called without the lock."""
        with self._state.lock:
            living = (c for c in self._state.clusters() if c.state not in CLUSTER_ENDED)
            busy = bool(self._running) or any(s.state in STEP_ACTIVE for c in living for s in c.steps)
        if not busy:
            try:
                self._executor.rest()
            except Exception:
                _log.exception("the engine could not use the pause")

    def close(self, seconds: float = 10.0) -> None:
        """Kill whatever runs and wait for its followers; the steps are marked when the state is opened again."""
        with self._state.lock:
            running, threads = list(self._running.values()), list(self._threads)
        for step in running:
            step.cancel(force=True)
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def finish_interrupted(self, cluster: Cluster, step: Step) -> None:
        """Write the logs of a step that died with the previous process."""
        folder = self.folder_of(cluster.id, step.id)
        if folder.is_dir():
            logs.append(folder, [logs.line(self._state.clock.now(), STOPPED)])
            self._upload(cluster, step, folder)

    # Inside ---------------------------------------------------------------------------------------------------------

    def _start(self, cluster: Cluster, step: Step, work: StepWork, admission: Admission) -> None:
        try:
            shutil.rmtree(work.folder, ignore_errors=True)
            work.folder.mkdir(parents=True)
            self._write_start(cluster, step, work)
            running = self._executor.start(work, admission)
        except Refusal as refusal:
            self._release(admission)
            self._refuse(cluster, step, work, refusal)
            return
        except Exception as error:
            _log.exception("step %s could not be started", step.id)
            self._release(admission)
            self._refuse(cluster, step, work, Refusal("INTERNAL_ERROR", f"The step could not be started: {error}"))
            return
        follower = threading.Thread(
            target=self._follow, args=(cluster, step, work, running, admission), name=f"emr-{step.id}", daemon=True
        )
        with self._state.changing():
            step.pid, step.pid_started = running.pid, start_time(running.pid)
            self._state.touch_step(cluster, step)
            self._running[step.id] = running
            self._threads.add(follower)
            option, closing = step.cancel_option, self._state.closing
        follower.start()
        # A cancellation or the end of the cluster that came between RUNNING and the process must still reach it.
        if option or closing:
            running.cancel(force=closing or option == "TERMINATE_PROCESS")

    def _write_start(self, cluster: Cluster, step: Step, work: StepWork) -> None:
        now = self._state.clock.now()
        log_place = f"{cluster.log_uri}{cluster.id}/steps/{step.id}" if cluster.log_uri else str(work.folder)
        command = " ".join(["hadoop jar", work.jar, *([work.main_class] if work.main_class else []), *work.args])
        lines = [
            logs.line(now, f"Ensure step {step.ordinal + 1} jar file {work.jar}"),
            *(logs.line(now, f"local EMR: {note}") for note in cluster.notes),
            logs.line(now, f"startExec '{command}'"),
            logs.line(now, "Environment:"),
            *(f"  {key}={_shown(key, value)}\n" for key, value in sorted(work.environment.items())),
            logs.line(now, f"redirectOutput to {log_place}/stdout"),
            logs.line(now, f"redirectError to {log_place}/stderr"),
            logs.line(now, f"Working dir {work.folder}"),
        ]
        logs.append(work.folder, lines)

    def _follow(self, cluster: Cluster, step: Step, work: StepWork, running: RunningStep, admission: Admission) -> None:
        try:
            code = running.wait()
        except Exception:
            _log.exception("step %s could not be followed", step.id)
            code = -1
        finally:
            self._release(admission)
        try:
            # What we kill on closing is marked when the state is opened again; what was done by itself is done.
            if not self._state.closing or code == 0:
                self._finish(cluster, step, work, code)
        except Exception as error:
            _log.exception("the end of step %s could not be recorded", step.id)
            with self._state.changing():
                self._fail(cluster, step, "INTERNAL_ERROR", f"Local EMR failed: {error}", "controller.gz")
        finally:
            with self._state.changing():
                self._running.pop(step.id, None)
                self._threads.discard(threading.current_thread())
                self._state.touch(cluster)
            self._state.wake_all()
            if not self._state.closing:
                self.rest_if_idle()

    def _finish(self, cluster: Cluster, step: Step, work: StepWork, code: int) -> None:
        ended = self._state.clock.now()
        seconds = ended - (step.started or ended)
        verdict = "succeeded" if code == 0 else "failed"
        lines = [
            logs.line(ended, f"waitProcessCompleted ran with exit code {code} and took {seconds:.3f} seconds"),
            logs.line(ended, f"total process run time: {seconds:.0f} seconds"),
            logs.line(ended, f"Step {verdict} with exitCode {code} and took {seconds:.0f} seconds"),
        ]
        logs.append(work.folder, lines)
        message, log = f"The process ended with exit code {code}.", "stderr.gz"
        if code != 0:
            message, log = logs.last_error(work.folder) or (message, log)
        trouble = self._upload(cluster, step, work.folder)
        with self._state.changing():
            self._note(cluster, trouble)
            if step.cancel_option:
                step.reason = "Cancelled by user"
                self._state.move_step(cluster, step, "CANCELLED", at=ended)
            elif cluster.state in CLUSTER_ENDING and code != 0:
                step.reason = "Job terminated"
                self._state.move_step(cluster, step, "CANCELLED", at=ended)
            elif code == 0:
                self._state.move_step(cluster, step, "COMPLETED", at=ended)
            else:
                self._fail(cluster, step, "Unknown Error.", message, log, at=ended)

    def _refuse(self, cluster: Cluster, step: Step, work: StepWork, refusal: Refusal) -> None:
        now = self._state.clock.now()
        with contextlib.suppress(OSError):
            work.folder.mkdir(parents=True, exist_ok=True)
            for name in ("stdout", "stderr"):
                (work.folder / name).touch()
        logs.append(
            work.folder,
            [
                logs.line(now, f"local EMR refuses this step [{refusal.code}]: {refusal}"),
                logs.line(now, "Step failed before a process was started"),
            ],
        )
        trouble = self._upload(cluster, step, work.folder)
        with self._state.changing():
            self._note(cluster, trouble)
            if step.state in STEP_ENDED:
                return
            if step.started is None:
                step.started = now
            self._fail(cluster, step, refusal.code, str(refusal), "controller.gz", at=now)

    def _fail(
        self, cluster: Cluster, step: Step, reason: str, message: str, log: str, *, at: float | None = None
    ) -> None:
        fail_step(self._state, cluster, step, reason, message, log, at=at)

    def _upload(self, cluster: Cluster, step: Step, folder: Path) -> str | None:
        trouble = logs.upload(self._objects, cluster.log_uri, f"{cluster.id}/steps/{step.id}", folder)
        if trouble is None and cluster.log_uri:
            shutil.rmtree(folder, ignore_errors=True)
        return trouble

    def _note(self, cluster: Cluster, trouble: str | None) -> None:
        if trouble and trouble not in cluster.notes:
            cluster.notes.append(trouble)
            self._state.touch(cluster)

    def _release(self, admission: Admission) -> None:
        with contextlib.suppress(Exception):
            admission.release()
        self._state.wake_all()


def fail_step(
    state: State, cluster: Cluster, step: Step, reason: str, message: str, log: str, *, at: float | None = None
) -> None:
    """A step FAILED: say why, and do to the cluster what its ActionOnFailure asks. Called inside `changing()`."""
    details: Document = {"Reason": reason, "Message": message}
    if cluster.log_uri:
        details["LogFile"] = f"{cluster.log_uri}{cluster.id}/steps/{step.id}/{log}"
    step.failure = details
    state.move_step(cluster, step, "FAILED", at=at)
    if cluster.step_concurrency > 1:
        # EMR honours nothing but CONTINUE on a cluster whose concurrency was raised after the step was added.
        return
    if step.action_on_failure in ("TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"):
        if cluster.termination_protected and cluster.keep_alive:
            state.cancel_pending_steps(cluster, "An earlier step failed")
        else:
            state.terminate(cluster, "STEP_FAILURE", "Shut down as step failed")
    elif step.action_on_failure == "CANCEL_AND_WAIT":
        state.cancel_pending_steps(cluster, "An earlier step failed")


def _shown(key: str, value: str) -> str:
    return "(not shown)" if any(word in key.upper() for word in ("SECRET", "TOKEN", "PASSWORD")) else value
