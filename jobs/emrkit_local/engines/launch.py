"""Starts Spark's driver JVM ourselves: the words and the exit code of `spark-submit`, without its two extra processes.

What Spark's own launcher would run is asked of that launcher once for each Spark and Java, and once more for every new
way of setting the JVM itself, so nothing about it is re-implemented. Our own flags make a short job start fast.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from emrkit_local.environments import Environment

from .arguments import jvm_settings, parse_submit

__all__ = ["MAIN", "SLOT_MAIN", "Launcher"]

MAIN = "org.apache.spark.deploy.SparkSubmit"
SLOT_MAIN = "emrkit.Slot"
SOURCES = Path(__file__).parent / "java"
SCHEMES = ("s3", "s3a", "s3n")
SHORT_JOBS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss4m", "-XX:-UsePerfData")
"""The quick compiler alone and the collector without threads: less CPU for anything under about a minute."""
ARCHIVE_FLAGS = ("-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
VECTOR_MODULE = "--add-modules=jdk.incubator.vector"


class Launcher:
    """Command lines for one engine environment; compiled classes and the class archive are kept under `folder`."""

    def __init__(self, engine: Environment, folder: Path) -> None:
        self.engine = engine
        self.java = engine.java_home / "bin" / "java"
        self.home = engine.spark_home
        self.jars = tuple(sorted(str(p) for p in (self.home / "jars").glob("*.jar")))
        self.folder = folder / self._key()
        self._lock = threading.Lock()

    @property
    def class_archive(self) -> Path:
        """Classes in the form the JVM maps into memory; `ClassArchive` makes it."""
        return self.folder / "classes.jsa"

    @property
    def classpath(self) -> str:
        """Our jar and Spark's, each by name: a folder or a wildcard would keep the JVM from using the archive."""
        return ":".join([str(self.own_jar()), *self.jars])

    def command(
        self, words: Sequence[str], main: str = MAIN, extra: Sequence[str] = (), *, archive: bool = True
    ) -> list[str]:
        """The JVM that runs `spark-submit WORDS`."""
        template = self._template(words)
        given = template[template.index("-cp") + 1].split(":")
        # A driver class path of the user's stays in front (and makes the JVM ignore the archive).
        own = [c for c in given if c.rstrip("/") != str(self.home / "conf") and c != f"{self.home}/jars/*"]
        flags = [f for i, f in enumerate(template[1:], 1) if f != "-cp" and template[i - 1] != "-cp"]
        if archive and self.class_archive.exists():
            flags = [f"-XX:SharedArchiveFile={self.class_archive}", *ARCHIVE_FLAGS, *flags]
        classpath = ":".join([*own, self.classpath])
        return [str(self.java), *SHORT_JOBS, *extra, *flags, "-cp", classpath, main, *words]

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """What bin/spark-submit would set, under what the step brings."""
        base = {k: v for k, v in os.environ.items() if k not in ("SPARK_CONF_DIR", "JAVA_HOME", "PYTHONPATH")}
        return {
            **base,
            "PYSPARK_PYTHON": str(self.engine.python),
            "SPARK_LOCAL_IP": "127.0.0.1",
            **given,
            "JAVA_HOME": str(self.engine.java_home),
            "SPARK_HOME": str(self.home),
            "SPARK_ENV_LOADED": "1",
            "PYTHONHASHSEED": "0",
        }

    @staticmethod
    def storage(buckets: Path) -> dict[str, str]:
        """Spark settings that make every S3 scheme the folder of buckets."""
        return {
            "spark.hadoop.fs.emrkit.root": str(buckets),
            **{f"spark.hadoop.fs.{scheme}.impl": "emrkit.BucketFileSystem" for scheme in SCHEMES},
        }

    def own_jar(self) -> Path:
        """Our Java sources, compiled on first use by the compiler that Spark ships."""
        jar = self.folder / "emrkit.jar"
        with self._lock:
            if not jar.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                self._compile(jar)
        return jar

    def _compile(self, jar: Path) -> None:
        janino = ":".join(j for j in self.jars if Path(j).name.startswith(("janino-", "commons-compiler-")))
        sources = [str(p) for p in sorted(SOURCES.glob("*.java"))]
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            compiler = "org.codehaus.commons.compiler.samples.CompilerDemo"
            words = ["-classpath", ":".join(self.jars), "-d", out, *sources]
            subprocess.run(
                [str(self.java), *SHORT_JOBS[:2], "-cp", janino, compiler, *words], check=True, capture_output=True
            )
            part = Path(out, "emrkit.jar")
            with zipfile.ZipFile(part, "w") as packed:
                for compiled in sorted(Path(out).rglob("*.class")):
                    packed.write(compiled, compiled.relative_to(out))
            shutil.move(part, jar.with_suffix(".part"))
        jar.with_suffix(".part").replace(jar)

    def _template(self, words: Sequence[str]) -> list[str]:
        """What Spark's launcher would run for these words."""
        given = jvm_settings(parse_submit(words))
        plain = not given
        label = hashlib.sha256("\0".join(given).encode()).hexdigest()[:12] if given else "plain"
        memo = self.folder / f"template-{label}.json"
        # A properties file is read by the launcher: what it says may differ the next time.
        lasting = "--properties-file" not in given
        if lasting and memo.exists():
            return json.loads(memo.read_text("utf-8"))
        self.folder.mkdir(parents=True, exist_ok=True)
        library = next(j for j in self.jars if "/scala-library-" in j)
        scala = ".".join(library.rsplit("-", 1)[1].split(".")[:2])
        asked = [*SHORT_JOBS[:2], "-Xmx128m", "-cp", f"{self.home}/jars/*", "org.apache.spark.launcher.Main", MAIN]
        environment = {**self.environment({}), "SPARK_SCALA_VERSION": scala}
        answer = subprocess.run(
            [str(self.java), *asked, *(["x.py"] if plain else words)], env=environment, capture_output=True, check=True
        )
        found = [w for w in answer.stdout.decode().strip("\0\n").split("\0") if w.strip("\n")]
        found = found[: found.index(MAIN)]
        # Spark 4 asks for a module that runtimes made for embedding leave out, and would not start without it.
        if VECTOR_MODULE in found and VECTOR_MODULE.partition("=")[2] not in self._modules():
            found.remove(VECTOR_MODULE)
        if lasting:
            part = memo.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(found), "utf-8")
            part.replace(memo)
        return found

    def _modules(self) -> str:
        return subprocess.run([str(self.java), "--list-modules"], capture_output=True, text=True, check=False).stdout

    def _key(self) -> str:
        """Changes with the JVM, with any jar and with our sources: an archive of another is never used."""
        release = (self.engine.java_home / "release").read_bytes()
        stamps = [f"{j} {(s := Path(j).stat()).st_size} {s.st_mtime_ns}" for j in self.jars]
        sources = [p.read_bytes() for p in sorted(SOURCES.glob("*")) if p.is_file()]
        digest = hashlib.sha256(release + "\n".join(stamps).encode() + b"".join(sources))
        return digest.hexdigest()[:16]
