"""The rules between the parts of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_facts import instance_types, releases

from .applications import check_against_release
from .capacity_rules import check_primary_fleet
from .configurations import check_list, settings_of
from .diagnostics import Diagnostic, FieldPath
from .encryption import gate_problem
from .findings import error, warning
from .scaling import check_idle_timeout
from .spark import check_one_door
from .tokens import is_token

if TYPE_CHECKING:
    from .cluster import Cluster
    from .scaling import ManagedScaling

__all__ = ["check_cluster"]

_API = "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html"
_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_ROOT_PAGE = f"{_GUIDE}emr-custom-ami-root-volume-size.html"
_SPARK_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html"


def check_cluster(cluster: Cluster) -> Iterator[Diagnostic]:
    """All of them."""
    yield from _check_name(cluster)
    yield from _check_release(cluster)
    yield from _check_fleets(cluster)
    yield from _check_scaling(cluster)
    yield from _check_security(cluster)
    yield from _check_network(cluster)
    yield from _check_limits(cluster)
    yield from _check_root_volume(cluster)
    yield from _check_settings(cluster)


def _check_name(cluster: Cluster) -> Iterator[Diagnostic]:
    name = cluster.name
    if is_token(name):
        return
    if not 1 <= len(name) <= 256:
        yield error("CLUS-010", "a cluster's name has 1 to 256 characters", "name", got=len(name), reason=_API)
    if bad := sorted(set(name) & set("<>$|`")):
        yield error("CLUS-011", f"a cluster's name must not contain {' '.join(bad)}", "name", got=name, reason=_API)


def _check_release(cluster: Cluster) -> Iterator[Diagnostic]:
    release = cluster.release
    if is_token(release):
        return
    found = releases.find(release)
    if isinstance(found, releases.UnknownRelease):
        close = ", ".join(found.suggestions)
        if not found.well_formed:
            yield error(
                "CLUS-012",
                f"'{release}' is not a release label",
                "release",
                got=release,
                allowed="emr-X.Y.Z or emr-spark-X.Y.Z",
                hint=f"for example {releases.newest()}",
            )
            return
        yield warning(
            "CLUS-013",
            f"release '{release}' is not known",
            "release",
            got=release,
            reason="it is newer than the packaged data, or misspelt",
            hint=f"known ones nearby: {close}",
        )
    yield from check_against_release(cluster.applications, release)


def _check_fleets(cluster: Cluster) -> Iterator[Diagnostic]:
    for found in check_primary_fleet(cluster.primary):
        yield found.within("primary")
    if cluster.task is not None and cluster.core is None:
        yield error("CLUS-020", "task nodes need core nodes", "task", reason=f"{_GUIDE}emr-instance-fleet.html")
    names = [fleet.name or role for role, fleet in cluster.fleets()]
    for i, (role, _) in enumerate(cluster.fleets()):
        if names[i] in names[:i]:
            yield error("CLUS-024", f"two fleets are named '{names[i]}'", role, "name", got=names[i])
    if not is_token(cluster.primary.target_on_demand) and cluster.primary.target_on_demand == 3:
        yield from gate_problem("multi-primary-fleets", cluster.release, "CLUS-021", "primary")
    for role, fleet in cluster.fleets():
        for i, item in enumerate(() if is_token(fleet.types) else fleet.types):
            if cluster.custom_ami is not None and item.custom_ami is not None:
                yield error(
                    "CLUS-022",
                    "an AMI for the cluster and one for an instance type exclude each other",
                    role,
                    "types",
                    i,
                    "custom_ami",
                    reason=f"the launch fails with both ({_GUIDE}emr-custom-ami.html)",
                )
            for found in check_list(item.configurations, cluster.release, role, "types", i, "configurations"):
                yield found
            yield from _check_floor(cluster.release, role, i, item.type)


def _check_floor(release: str, role: str, i: int, name: str) -> Iterator[Diagnostic]:
    if is_token(name) or is_token(release):
        return
    facts = instance_types.find(name)
    if isinstance(facts, instance_types.UnknownInstanceType) or facts.supported_by(release) is not False:
        return
    floors = ", ".join(v for v in facts.min_release.values() if v)
    yield error(
        "CLUS-023",
        f"release '{release}' does not run {name}",
        role,
        "types",
        i,
        got=name,
        allowed=f"from {floors}, each in its series",
        reason=f"{_GUIDE}emr-supported-instance-types.html",
        hint="choose a newer release or an older family",
    )


def _check_scaling(cluster: Cluster) -> Iterator[Diagnostic]:
    scaling = cluster.scaling
    if cluster.idle_timeout is not None:
        yield from check_idle_timeout(cluster.idle_timeout)
        if cluster.keep_alive is True:
            yield from gate_problem(
                "auto-termination", cluster.release, "CLUS-030", "idle_timeout", hint="set idle_timeout: null"
            )
    if scaling is None:
        return
    yield from gate_problem("managed-scaling", cluster.release, "CLUS-031", "scaling")
    if scaling.strategy == "ADVANCED":
        yield from gate_problem("advanced-scaling", cluster.release, "CLUS-032", "scaling", "strategy")
    if cluster.core is None:
        yield error(
            "CLUS-033", "managed scaling needs core nodes", "scaling", reason=f"{_GUIDE}emr-managed-scaling.html"
        )
    if scaling.unit != "InstanceFleetUnits" and not is_token(scaling.unit):
        yield error(
            "CLUS-034",
            "instance fleets scale in InstanceFleetUnits",
            "scaling",
            "unit",
            got=scaling.unit,
            allowed="InstanceFleetUnits",
            reason=f"{_GUIDE}emr-managed-scaling.html",
        )
    yield from _check_targets_within(cluster, scaling)
    names = {a.name.lower() for a in cluster.applications if not is_token(a.name)}
    if names and names <= {"presto", "trino", "hbase", "zookeeper", "amazoncloudwatchagent"}:
        yield warning(
            "CLUS-035",
            "managed scaling has nothing to go by: no application here runs on YARN",
            "scaling",
            reason=f"{_GUIDE}emr-managed-scaling.html",
        )


def _check_targets_within(cluster: Cluster, scaling: ManagedScaling) -> Iterator[Diagnostic]:
    fleets = [fleet for role, fleet in cluster.fleets() if role != "primary"]
    targets = [value for fleet in fleets for value in (fleet.target_on_demand, fleet.target_spot)]
    if not fleets or any(is_token(value) for value in (*targets, scaling.minimum, scaling.maximum)):
        return
    total = sum(targets)
    if not scaling.minimum <= total <= scaling.maximum:
        yield warning(
            "CLUS-036",
            f"core and task start with {total} units, outside the limits of managed scaling",
            "scaling",
            "minimum" if total < scaling.minimum else "maximum",
            got=f"{total} units",
            allowed=f"{scaling.minimum} to {scaling.maximum}",
            reason=f"EMR resizes the cluster as soon as it runs ({_GUIDE}emr-managed-scaling.html)",
            hint="bring the fleets' capacity within the limits",
        )


def _check_security(cluster: Cluster) -> Iterator[Diagnostic]:
    inner = cluster.security_configuration
    if inner is not None and not isinstance(inner, str):
        for found in inner.release_problems(cluster.release):
            yield found.within("security_configuration")
        if cluster.kerberos is not None and inner.kerberos not in (None, cluster.kerberos):
            yield error(
                "CLUS-040",
                "Kerberos is given twice, and differs",
                "kerberos",
                reason="the cluster's realm and the security configuration's KDC must be one",
                hint="give it once, at the cluster",
            )
    if cluster.kerberos is not None:
        gate = "external-kdc" if cluster.kerberos.kind == "external" else "kerberos"
        yield from gate_problem(gate, cluster.release, "KRB-020", "kerberos")
    realm = cluster.realm
    # A request names the realm but not the kind of its KDC, so a kind that nobody stated proves nothing.
    dedicated = realm is not None and realm.kind == "cluster-dedicated" and "kind" in realm.model_fields_set
    if dedicated and cluster.primary.target_on_demand == 3:
        yield error(
            "CLUS-041",
            "three primary nodes need an external KDC",
            "kerberos",
            "kind",
            reason=f"{_GUIDE}emr-plan-ha-launch.html",
            hint="kind: external",
        )
    if cluster.log_key is not None:
        yield from gate_problem("log-encryption", cluster.release, "CLUS-042", "log_key")


def _check_network(cluster: Cluster) -> Iterator[Diagnostic]:
    pair = (cluster.primary_security_group, cluster.core_security_group)
    page = f"{_GUIDE}emr-man-sec-groups.html"
    if (pair[0] is None) != (pair[1] is None):
        missing = "primary_security_group" if pair[0] is None else "core_security_group"
        yield error(
            "CLUS-050", "managed security groups come in pairs", missing, reason=page, hint=f"give {missing} too"
        )
    if cluster.service_access_security_group is not None and pair == (None, None):
        yield error(
            "CLUS-051",
            "a service access group needs the managed groups of primary and core",
            "service_access_security_group",
            reason=page,
        )
    if not is_token(cluster.subnets) and len(set(cluster.subnets)) < len(cluster.subnets):
        yield error("CLUS-052", "a subnet is listed twice", "subnets", reason=_API)
    if cluster.log_uri is not None and not is_token(cluster.log_uri) and not cluster.log_uri.startswith("s3"):
        yield error("CLUS-053", "log_uri is an s3:// address", "log_uri", got=cluster.log_uri, reason=_API)


def _check_limits(cluster: Cluster) -> Iterator[Diagnostic]:
    level = cluster.step_concurrency
    if not is_token(level):
        if not 1 <= level <= 256:
            yield error(
                "CLUS-060",
                "step_concurrency is 1 to 256",
                "step_concurrency",
                got=level,
                allowed="1 to 256",
                reason=_API,
            )
        if level > 1:
            yield from gate_problem("step-concurrency", cluster.release, "CLUS-061", "step_concurrency")
    if not is_token(cluster.bootstrap_actions) and len(cluster.bootstrap_actions) > 16:
        yield error(
            "CLUS-062",
            "more than 16 bootstrap actions",
            "bootstrap_actions",
            got=len(cluster.bootstrap_actions),
            allowed="16",
            reason=f"{_GUIDE}emr-plan-bootstrap.html",
        )
    if cluster.custom_ami is not None:
        yield from gate_problem("custom-ami", cluster.release, "CLUS-063", "custom_ami")
        if cluster.os_release is not None:
            yield error(
                "CLUS-064",
                "os_release and custom_ami exclude each other",
                "os_release",
                reason=f"{_GUIDE}emr-default-ami.html",
            )
    if cluster.os_release is not None:
        yield from gate_problem("os-release", cluster.release, "CLUS-065", "os_release")
    reserved = [key for key in cluster.tags if key.lower().startswith("aws:")]
    if reserved:
        yield error("CLUS-066", "tags that begin with aws: are reserved", "tags", reserved[0], reason=_API)


def _check_root_volume(cluster: Cluster) -> Iterator[Diagnostic]:
    size, iops, rate = cluster.ebs_root_volume_size, cluster.ebs_root_volume_iops, cluster.ebs_root_volume_throughput
    limits = {"size": (size, 10, 100), "iops": (iops, 3000, 16_000), "throughput": (rate, 125, 1000)}
    for name, (value, low, high) in limits.items():
        if value is not None and not is_token(value) and not low <= value <= high:
            yield error(
                "CLUS-070",
                f"the root volume's {name} is outside the limits",
                f"ebs_root_volume_{name}",
                got=value,
                allowed=f"{low} to {high}",
                reason=_ROOT_PAGE,
            )
    for name, value in (("iops", iops), ("throughput", rate)):
        if value is not None:
            yield from gate_problem("root-volume-performance", cluster.release, "CLUS-071", f"ebs_root_volume_{name}")
    if iops is not None and size is not None and not is_token(iops) and not is_token(size) and iops > 500 * size:
        yield error(
            "CLUS-072",
            "the root volume is too small for so many IOPS",
            "ebs_root_volume_iops",
            got=iops,
            allowed=f"{500 * size} for {size} GiB",
            reason=_ROOT_PAGE,
        )


def _check_settings(cluster: Cluster) -> Iterator[Diagnostic]:
    yield from check_list(cluster.configurations, cluster.release, "configurations")
    if is_token(cluster.configurations):
        return
    yield from _check_one_door(cluster)
    yield from _check_executor_fits(cluster)
    if cluster.spark is not None:
        yield from check_one_door(cluster.configurations, cluster.spark)
        if cluster.spark.maximize_resources and any(len(fleet.types) > 1 for _, fleet in cluster.fleets()):
            yield warning(
                "CONF-045",
                "maximize_resources sizes executors from one core type, and the fleets have several",
                "spark",
                "maximize_resources",
                reason=_SPARK_PAGE,
                hint="set executor_memory and executor_cores for the smallest type",
            )


def _check_one_door(cluster: Cluster) -> Iterator[Diagnostic]:
    inner = cluster.security_configuration
    if inner is None or isinstance(inner, str) or inner.encryption is None or inner.encryption.at_rest is None:
        return
    for i, configuration in enumerate(cluster.configurations):
        if configuration.classification != "emrfs-site":
            continue
        for key in ("fs.s3.enableServerSideEncryption", "fs.s3.serverSideEncryption.kms.keyId", "fs.s3.cse.enabled"):
            if key in configuration.properties:
                yield error(
                    "CONF-030",
                    f"'{key}' is set by the security configuration",
                    "configurations",
                    i,
                    "properties",
                    key,
                    got=configuration.properties[key],
                    reason="one setting has one door",
                    hint="leave it out here; encryption.at_rest says it",
                )


def _check_executor_fits(cluster: Cluster) -> Iterator[Diagnostic]:
    settings = settings_of(cluster.all_configurations(), "spark-defaults")
    memory = _megabytes(settings.get("spark.executor.memory"))
    fleet = cluster.core or cluster.primary
    if memory is None or is_token(fleet.types):
        return
    nodes = [
        (found.yarn_memory_mb, t.type)
        for t in fleet.types
        if isinstance(found := instance_types.find(t.type), instance_types.InstanceTypeFacts)
    ]
    if not nodes:
        return
    smallest, name = min(nodes)
    overhead = _megabytes(settings.get("spark.executor.memoryOverhead")) or max(384, round(memory * 0.1875))
    if memory + overhead > smallest:
        yield warning(
            "CONF-031",
            f"an executor of {memory} MB with {overhead} MB overhead does not fit {name}",
            *_place_of_executor_memory(cluster),
            got=settings["spark.executor.memory"],
            allowed=f"{smallest} MB with overhead: what YARN has on {name}",
            reason=_SPARK_PAGE,
            hint="lower spark.executor.memory, or take larger core instances",
        )


def _place_of_executor_memory(cluster: Cluster) -> FieldPath:
    if cluster.spark is not None and cluster.spark.executor_memory is not None:
        return ("spark", "executor_memory")
    index = next(i for i, c in enumerate(cluster.configurations) if c.classification == "spark-defaults")
    return ("configurations", index, "properties", "spark.executor.memory")


def _megabytes(text: str | None) -> int | None:
    units = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
    if not text or is_token(text):
        return None
    value = text.strip().lower().removesuffix("b")
    if value.isdigit():
        return int(value)
    return round(int(value[:-1]) * units[value[-1]]) if value[:-1].isdigit() and value[-1] in units else None
