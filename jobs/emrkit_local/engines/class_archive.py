"""The class archive: what a job loads, dumped once, so that later JVMs map it instead of loading it."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from pathlib import Path

from .launch import SOURCES, Launcher

__all__ = ["ClassArchive", "warm_up_words"]


def warm_up_words(folder: Path) -> list[str]:
    """spark-submit words of the throw-away job: below `folder`, in a bucket and with an event log as steps do."""
    (folder / "buckets" / "warm-up").mkdir(parents=True)
    (folder / "events").mkdir()
    settings = {
        **Launcher.storage(folder / "buckets"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (folder / "events").as_uri(),
    }
    conf = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    return ["--master", "local[2]", *conf, str(SOURCES / "warm_up.py")]


class ClassArchive:
    """Builds the archive of one launcher, at the lowest priority, whole or not at all."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    @property
    def ready(self) -> bool:
        """Whether JVMs can use it."""
        return self._launcher.class_archive.exists()

    def build(self) -> bool:
        """Make it if it is missing; False when it was stopped or did not work out. Takes several jobs' time."""
        with self._lock:
            if self.ready:
                return True
            with tempfile.TemporaryDirectory(dir=self._launcher.folder) as name:
                folder = Path(name)
                listed, part = folder / "classes.lst", folder / "classes.jsa"
                dump = ["-Xshare:off", f"-XX:DumpLoadedClassList={listed}"]
                job = self._launcher.command(warm_up_words(folder), extra=dump, archive=False)
                # A static archive: a dynamic one needs the JDK's own, which small runtimes leave out.
                static = [str(self._launcher.java), "-XX:+UseSerialGC", "-Xshare:dump"]
                static += [f"-XX:SharedClassListFile={listed}", f"-XX:SharedArchiveFile={part}"]
                static += ["-cp", self._launcher.classpath]
                if self._run(job, folder) and self._run(static, folder) and part.exists():
                    part.replace(self._launcher.class_archive)
                    return True
            return False

    def stop(self) -> None:
        """End a build that is under way."""
        self._stopped = True
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()

    def _run(self, command: list[str], folder: Path) -> bool:
        if self._stopped:
            return False
        environment = self._launcher.environment({})
        self._child = subprocess.Popen(
            ["nice", "-n", "19", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self._child.wait() == 0 and not self._stopped
