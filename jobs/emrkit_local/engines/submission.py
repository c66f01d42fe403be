"""What a step asked of a YARN cluster, said so that one machine can do it; every change is noted, none is silent."""

from __future__ import annotations

import ast
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from emrkit_local.core.ports import Classification, Refusal

from .arguments import SubmitArguments

__all__ = ["Submission", "check_master", "prepare_submission", "unpack_archives"]

S3_IMPLEMENTATION = re.compile(
    r"^(spark\.hadoop\.)?fs\.(s3[an]?\.(impl|.*credentials\.provider|endpoint(\..*)?)"
    r"|AbstractFileSystem\.s3[an]?\.impl|s3[an]?\.aws\.credentials\.provider)$"
)
"""Settings that choose who serves `s3://`; on local EMR that is a folder, so they cannot have their effect."""

CLUSTER_SIZED = ("spark.driver.memory", "spark.driver.memoryOverhead", "spark.yarn.am.memory")
"""Driver sizes in cluster-wide defaults are meant for the cluster's machines, not for this one."""

IMPATIENT = {
    "yarn.resourcemanager.connect.max-wait.ms": "1",
    "yarn.resourcemanager.connect.retry-interval.ms": "1",
    "ipc.client.connect.max.retries": "0",
    "ipc.client.connect.max.retries.on.timeouts": "0",
    "ipc.client.connect.retry.interval": "1",
}
"""There is no YARN here: whoever looks for it should hear so now."""

DECIDED_HERE = ("spark.master", "spark.submit.deployMode")
APPLICATION_ENVIRONMENT = "spark.yarn.appMasterEnv."


@dataclass(frozen=True, slots=True)
class Submission:
    """A spark-submit that runs here: its words, its environment, and what was changed."""

    arguments: SubmitArguments
    environment: Mapping[str, str]
    notes: tuple[str, ...]
    cluster_mode: bool


def prepare_submission(
    given: SubmitArguments,
    classifications: tuple[Classification, ...],
    *,
    cores: int,
    storage: Mapping[str, str],
    events: Path,
) -> Submission:
    """Master and deploy mode for this machine, the cluster's defaults in front, our storage behind."""
    notes: list[str] = []
    conf = given.conf
    master = given.value("--master") or conf.get("spark.master")
    mode = given.value("--deploy-mode") or conf.get("spark.submit.deployMode") or "client"
    here = master if master and master.startswith("local") else f"local[{cores}]"
    if master and master != here:
        notes.append(f"--master {master} runs as {here}: one JVM on this machine, no YARN")
    if mode == "cluster":
        notes.append("--deploy-mode cluster runs as client; the driver's output is under containers/, as on EMR")
    arguments = given.without("--master", "--deploy-mode").without_conf(*DECIDED_HERE)

    defaults = _defaults(classifications, notes)
    overridden = sorted(k for k in (*defaults, *conf) if S3_IMPLEMENTATION.match(k))
    if overridden:
        notes.append(f"s3:// is served from folders on local EMR; overridden: {', '.join(dict.fromkeys(overridden))}")
    arguments = arguments.without_conf(*overridden)
    defaults = {k: v for k, v in defaults.items() if k not in overridden}
    if ignored := sorted({o for o, _ in given.options if o in ("--num-executors", "--queue", "--executor-cores")}):
        notes.append(f"accepted, without effect in one JVM: {', '.join(ignored)}")

    # Code that sets YARN as its master where no scan sees it fails at once instead of waiting for a resource manager.
    impatient = {f"spark.hadoop.{key}": value for key, value in IMPATIENT.items()}
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
    arguments = arguments.with_conf({**quiet, **log, **defaults}, {**storage, **impatient})
    effective = arguments.conf
    environment = _environment(classifications)
    environment |= {
        k.removeprefix(APPLICATION_ENVIRONMENT): v
        for k, v in effective.items()
        if k.startswith(APPLICATION_ENVIRONMENT)
    }
    if effective["spark.eventLog.enabled"] == "true":
        notes.append(f"Spark event log: {effective['spark.eventLog.dir']}")
    arguments = replace(arguments, options=(("--master", here), *arguments.options))
    return Submission(arguments, environment, tuple(notes), mode == "cluster")


def _defaults(classifications: tuple[Classification, ...], notes: list[str]) -> dict[str, str]:
    """`spark-defaults` as it is, Hadoop's sites as `spark.hadoop.*`; what is sized for a cluster is left out."""
    found: dict[str, str] = {}
    for classification in classifications:
        if classification.name == "core-site":
            found |= {f"spark.hadoop.{k}": v for k, v in classification.properties.items()}
    for classification in classifications:
        if classification.name == "spark-defaults":
            found |= classification.properties
    dropped = [k for k in CLUSTER_SIZED if k in found]
    if dropped:
        shown = ", ".join(f"{k}={found[k]}" for k in dropped)
        notes.append(f"sized for a cluster, left out here: {shown}")
    return {k: v for k, v in found.items() if k not in dropped and k not in DECIDED_HERE}


def _environment(classifications: tuple[Classification, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for classification in classifications:
        if classification.name in ("spark-env", "hadoop-env", "yarn-env"):
            for nested in classification.nested:
                if nested.name == "export":
                    found |= nested.properties
    # The cluster's Python and Java are paths on its machines; here the engine brings its own.
    return {k: v.strip('"') for k, v in found.items() if k not in ("PYSPARK_PYTHON", "JAVA_HOME")}


def unpack_archives(arguments: SubmitArguments, folder: Path, buckets: Path) -> list[str]:
    """`--archives place#alias` (or the settings of that name) unpacked into the step's folder before the driver starts.

    In one JVM Spark would unpack them only for executors, too late for a driver's own Python. Returns notes.
    """
    conf = arguments.conf
    listed = [arguments.value("--archives"), conf.get("spark.archives"), conf.get("spark.yarn.dist.archives")]
    notes: list[str] = []
    for entry in [e for value in listed if value for e in value.split(",") if e]:
        place, _, alias = entry.partition("#")
        source = locate(place, buckets, folder)
        if not source.is_file():
            raise Refusal("E-ENG-004", f"the archive '{place}' does not exist")
        target = folder / (alias or source.name)
        try:
            _unpack(source, target)
        except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise Refusal("E-ENG-011", f"the archive '{place}' cannot be unpacked: {error}") from error
        notes.append(f"unpacked {place} as {target.name}/")
    return notes


def _unpack(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as packed:
            packed.extractall(target)  # noqa: S202  # zipfile keeps every name inside the target
    else:
        with tarfile.open(source) as packed:
            packed.extractall(target, filter=_kept_inside)  # noqa: S202  # the filter refuses what would leave the folder


def _kept_inside(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
    """Python's own safe rules, but a packed environment may point at the machine's interpreter, as on EMR.

    Nothing can be written through such a link: the rules resolve links before they judge a later member's place.
    """
    if member.issym() and member.linkname.startswith("/"):
        tarfile.data_filter(tarfile.TarInfo(member.name), target)
        return member
    return tarfile.data_filter(member, target)


def locate(place: str, buckets: Path, folder: Path) -> Path:
    """The file behind a location: an object in a bucket's folder, or a file of this machine."""
    if found := re.match(r"^s3[an]?://([^/]+)/(.+)$", place):
        return buckets / found[1] / found[2]
    return folder / place.removeprefix("file://")


def check_master(arguments: SubmitArguments, buckets: Path, folder: Path) -> None:
    """Code that names YARN as its master would wait for a resource manager for ever: refuse it before it starts."""
    application = arguments.application or ""
    if not application.endswith(".py"):
        return
    source = locate(application, buckets, folder)
    try:
        tree = ast.parse(source.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return  # Spark and Python say it better, with the line
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        named = node.func.attr in ("master", "setMaster") and words[:1]
        configured = node.func.attr in ("config", "set") and words[:1] == ["spark.master"] and words[1:2]
        for master in named or configured or ():
            if master.startswith("yarn"):
                raise Refusal(
                    "E-ENG-003",
                    f"{application} line {node.lineno} sets the master to '{master}' in code, which no laptop can "
                    "serve; leave the master to spark-submit: it is YARN on EMR and this machine on local EMR",
                )
