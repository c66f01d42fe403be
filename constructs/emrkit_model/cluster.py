"""The cluster: everything that RunJobFlow, CloudFormation and a state machine need to know of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema, model_validator

from .applications import Application
from .capacity import InstanceFleet
from .capacity.choice import NODES, PRIMARY_NODES, TASK_NODES, unknown_nodes
from .capacity.groups import InstanceGroup
from .capacity.managed_scaling import AUTO_SCALING, ManagedScaling
from .cluster_rules import PLACE, check_itself, check_place
from .configurations import Configuration
from .contributions import Contribution, EffectiveSettings, gather, merge
from .diagnostics import Diagnostic, FieldPath
from .fields import (
    NO_SETTINGS,
    Count,
    Flag,
    Items,
    KeyLike,
    LocationLike,
    ProfileLike,
    RoleLike,
    Seconds,
    SecurityGroupLike,
    Tags,
    Text,
    Word,
    words,
)
from .later import later
from .tokens import UNKNOWN_TEXT, is_token
from .values import Json, Value, build, unknown

if TYPE_CHECKING:
    from .capacity.sizing import Sizing
    from .metastores import Metastore
    from .monitoring import Monitoring
    from .security import SecurityConfiguration
    from .security.kerberos import Kerberos
    from .settings import ApplicationSettings
    from .storage import ConsistentView, HBaseStorage
else:  # what a cluster does not have is not loaded
    Kerberos = later("security.kerberos", "Kerberos")
    Metastore = later("metastores", "Metastore", null=True)
    Monitoring = later("monitoring", "Monitoring")
    SecurityConfiguration = later("security.configuration", "SecurityConfiguration")
    ApplicationSettings = later("settings", "ApplicationSettings")
    Sizing = later("capacity.sizing", "Sizing")
    ConsistentView = later("storage", "ConsistentView")
    HBaseStorage = later("storage", "HBaseStorage")

__all__ = ["BootstrapAction", "Cluster"]


class BootstrapAction(Value):
    """A script that every node runs before its applications start; a failure ends the cluster.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
    """

    AREA: ClassVar[str] = "CLUS"

    name: Text
    """The action's name."""
    path: LocationLike
    """The script: `s3://…`; in a project file also a path beside it, in a construct a file of yours or an asset."""
    args: Items[Word] = ()
    """Its arguments."""


def _read_security(value: object) -> object:
    if value is None or isinstance(value, str) or is_token(value):
        return value
    from .security import SecurityConfiguration

    if isinstance(value, SecurityConfiguration):
        return value
    if isinstance(value, dict):
        data: dict[str, object] = value
        return build(lambda: SecurityConfiguration.parse(data))
    raise ValueError("must be the name of a security configuration, or its parts")


class _SecuritySchema(WithJsonSchema):
    """Text, or the object's own schema."""

    def __init__(self) -> None:
        super().__init__({})

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        from .schema import security_schema

        return {"anyOf": [{"type": "string"}, {"type": "null"}, security_schema()]}


def _as_json(value: object) -> object:
    """JSON text of a map, for a template takes a map and a request text."""
    if isinstance(value, str) and not is_token(value):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("must be JSON") from None
    if value is None or is_token(value):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a map, or the JSON text of one")
    try:
        return json.dumps(value, separators=(",", ":"))
    except TypeError:
        raise ValueError("must be plain JSON: maps, lists, text, numbers, true/false") from None


def _newest(value: object) -> object:
    """What a line of releases stands for; a line that nothing is of stays, and is refused as no release label."""
    if not isinstance(value, str) or not value.endswith(".*"):
        return value
    from .newest_release import match_release

    return match_release(value) or value


_ROLES = ("primary", "core", "task")
_NODES_IN_WORDS = (
    'write `{on_demand: [m5.xlarge]}` or `{group: m5.xlarge}`; in Python `InstanceFleet.on_demand("m5.xlarge")`'
)
_JSON_OR_MAP = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "null"}]})


class Cluster(Value):
    """An EMR cluster on EC2, of instance fleets or of instance groups.

    What is left out of roles, subnets and security groups is filled in by the construct or the CLI
    (`with_placement`). Changing anything but `scaling`, `idle_timeout`, `step_concurrency`, tags and the fleets'
    targets replaces a cluster that CloudFormation owns.
    https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html

    >>> cluster = Cluster(
    ...     name="etl",
    ...     release="emr-7.10.0",
    ...     applications=[Application.SPARK],
    ...     primary=InstanceFleet.on_demand("m5.xlarge"),
    ...     core=InstanceFleet.on_demand("r5.xlarge", "r5.2xlarge", capacity=4),
    ... )
    >>> cluster.idle_timeout
    3600
    """

    AREA: ClassVar[str] = "CLUS"
    HINTS: ClassVar[Mapping[str, str]] = dict.fromkeys(_ROLES, _NODES_IN_WORDS) | {
        "scaling": f"`{{minimum: 2, maximum: 10}}`, in Python `ManagedScaling(minimum=2, maximum=10)`; {AUTO_SCALING}",
        "applications": "name them: `[Spark, Hive]`",
    }
    REMEMBERED: ClassVar[Mapping[str, frozenset[str]]] = dict.fromkeys(
        ("_contributions", "_effective", "_nodes", "_own_findings", "_placed_nodes"), PLACE
    )
    STAND_INS: ClassVar[Mapping[str, object]] = {"name": UNKNOWN_TEXT, "release": UNKNOWN_TEXT, "primary": None}

    name: Text
    """The cluster's name: 1 to 256 characters without < > $ | and backtick."""
    release: Annotated[Text, BeforeValidator(_newest)]
    """The release label, for example `emr-7.10.0`; `emr-7.*` is the newest one that this emrkit knows of the line."""
    applications: Items[Application] = (Application.SPARK,)
    """The applications that EMR installs."""
    primary: Annotated[InstanceFleet | InstanceGroup, *PRIMARY_NODES]
    """The primary node (or three): a fleet, or a group; all nodes are fleets or all are groups."""
    core: Annotated[InstanceFleet | InstanceGroup | None, *NODES] = None
    """The core nodes, which hold HDFS. Default: none, the primary node works alone."""
    task: Annotated[InstanceFleet | InstanceGroup | Sequence[InstanceGroup] | None, *TASK_NODES] = None
    """The task nodes: one fleet, one group, or a list of up to 48 groups. Default: none."""
    scaling: ManagedScaling | None = None
    """Managed scaling of core and task nodes. Default: fleets keep their targets, groups their counts."""
    idle_timeout: Seconds | None = 3600
    """The cluster ends after so many idle seconds; null never. Default: one hour."""
    configurations: Items[Configuration] = ()
    """Classifications for all nodes."""
    settings: ApplicationSettings | None = None
    """Typed settings of the applications; a key that one of them sets cannot differ in `configurations`."""
    metastore: Metastore = None
    """Where tables are known: `glue`, or a Hive metastore in a database. Default: one on the primary node, gone with
    the cluster."""
    hbase: HBaseStorage | None = None
    """HBase's root on S3, and its write-ahead log. Default: HBase lies in HDFS, gone with the cluster."""
    consistent_view: ConsistentView | None = None
    """EMRFS consistent view, for releases older than S3's own consistency."""
    sizing: Sizing | None = None
    """Chooses the fleets that are left out here, by what the cluster does and how many nodes it has."""
    bootstrap_actions: Items[BootstrapAction] = ()
    """Scripts that each node runs before its applications start; at most 16."""
    step_concurrency: Count = 1
    """Steps that run side by side, 1 to 256."""
    log_uri: Text | None = None
    """Where logs go: `s3://bucket/prefix/`. Default: the construct's log bucket."""
    log_key: KeyLike | None = None
    """The KMS key that encrypts the logs (releases from 5.30.0, not 6.0.0)."""
    security_configuration: Annotated[
        str | SecurityConfiguration | None, PlainValidator(_read_security), _SecuritySchema()
    ] = None
    """The name of a security configuration, or its parts. Default: the construct's."""
    kerberos: Kerberos | None = None
    """The realm; its security configuration carries the matching KDC."""
    service_role: RoleLike | None = None
    """The role that EMR acts as. Default: the construct's."""
    instance_profile: ProfileLike | None = None
    """The instance profile of the nodes. Default: the construct's."""
    auto_scaling_role: RoleLike | None = None
    """The role of custom automatic scaling, which no cluster can get later. Default: the construct's, when needed."""
    subnets: Items[Text] = ()
    """Subnets to choose from, all private or all public, in one VPC; EMR takes one. Groups have exactly one."""
    availability_zone: Text | None = None
    """The zone, for a cluster outside any subnet that you choose; not together with `subnets`."""
    primary_security_group: SecurityGroupLike | None = None
    """The managed security group of the primary node."""
    core_security_group: SecurityGroupLike | None = None
    """The managed security group of core and task nodes."""
    service_access_security_group: SecurityGroupLike | None = None
    """The group through which EMR reaches nodes in a private subnet."""
    additional_primary_security_groups: Items[SecurityGroupLike] = ()
    """More groups for the primary node."""
    additional_core_security_groups: Items[SecurityGroupLike] = ()
    """More groups for core and task nodes."""
    key_pair: Text | None = None
    """An EC2 key pair for SSH. Default: none, and no SSH."""
    tags: Tags = NO_SETTINGS
    """Tags of the cluster; EMR puts them on its instances too."""
    termination_protected: Flag = False
    """Refuses termination, and so replacement and deletion of the stack, until it is switched off."""
    keep_alive: Flag = True
    """The cluster waits for more steps when it has none; false ends it after its last step."""
    unhealthy_node_replacement: Flag | None = None
    """Whether EMR replaces unhealthy core nodes. Default: the service's."""
    ebs_root_volume_size: Count | None = None
    """GiB of each root volume. Default: 15 (10 before 6.10.0)."""
    ebs_root_volume_iops: Count | None = None
    """IOPS of each root volume, 3000 to 16000 (releases from 6.15.0)."""
    ebs_root_volume_throughput: Count | None = None
    """MiB/s of each root volume, 125 to 1000 (releases from 6.15.0)."""
    custom_ami: Text | None = None
    """An AMI for all nodes; not together with one of an instance type."""
    os_release: Text | None = None
    """The Amazon Linux release. Default: the newest that the EMR release offers."""
    scale_down: Annotated[str | None, words("TERMINATE_AT_TASK_COMPLETION", "TERMINATE_AT_INSTANCE_HOUR")] = None
    """How instances leave. Default: when their tasks are done."""
    spread_primaries: Flag = False
    """Three primary nodes go to different hardware."""
    step_execution_role: RoleLike | None = None
    """The runtime role of the steps that the cluster is launched with; in requests only, CloudFormation has no word."""
    additional_info: Annotated[Text | None, BeforeValidator(_as_json), _JSON_OR_MAP] = None
    """What AWS Support asked you to set: JSON text, or the map itself."""
    monitoring: Monitoring | None = None
    """Logs in CloudWatch, and what EMR uploads; in requests only. Default: EMR's."""
    sessions: Flag = False
    """Spark Connect sessions (releases from emr-spark-8.0.0); in requests only."""
    repository_upgrade: Annotated[str | None, words("SECURITY", "NONE")] = None
    """Whether nodes install security updates when they boot; in requests only. Default: EMR's."""
    extended_support: Flag | None = None
    """Extended support of the release; in requests only. Default: EMR's."""

    @model_validator(mode="before")
    @classmethod
    def _size(cls, data: object) -> object:
        if isinstance(data, Mapping) and data.get("sizing") is not None:
            from .capacity.sizing import fill_in

            return fill_in({**data, "release": _newest(data["release"])} if "release" in data else data)
        return data

    @classmethod
    def stand_ins(cls, given: Mapping[str, object], unreadable: Set[str]) -> dict[str, object]:
        """Of every field that could not be read something unknown; nodes are of the kind that the others are."""
        found = super().stand_ins(given, unreadable)
        for name in unreadable & cls.model_fields.keys():
            found.setdefault(name, unknown(cls.model_fields[name].annotation))
        nodes = unknown_nodes(given.get(role) for role in _ROLES)
        found |= {role: nodes for role in _ROLES if role in found}
        return {name: value for name, value in found.items() if value is not None}

    def problems(self) -> Iterator[Diagnostic]:
        """Everything that holds between the parts: release, applications, fleets, scaling, security, limits."""
        yield from self._own_findings
        yield from check_place(self)

    @cached_property
    def _own_findings(self) -> tuple[Diagnostic, ...]:
        return tuple(check_itself(self))

    def with_placement(self, **changes: object) -> Self:
        """The same cluster with roles, subnets, security groups, log location and the like filled in."""
        return self.replace(**changes)

    @property
    def realm(self) -> Kerberos | None:
        """The Kerberos settings that hold: the cluster's, else those of its security configuration."""
        if self.kerberos is not None:
            return self.kerberos
        inner = self.security_configuration
        return inner.kerberos if isinstance(inner, Value) else None

    def security_document(self) -> dict[str, Json] | None:
        """The security configuration's document with the cluster's Kerberos in it; None when it is only named."""
        inner = self.security_configuration
        if not isinstance(inner, Value):
            return None
        if self.kerberos is not None and inner.kerberos is None:
            inner = inner.replace(kerberos=self.kerberos)
        return inner.document()

    def all_configurations(self) -> tuple[Configuration, ...]:
        """The classifications that the nodes get: `configurations` with the typed settings in them."""
        return merge(self.configurations, self.contributions())

    def contributions(self) -> tuple[Contribution, ...]:
        """What typed fields add to the classifications, each with the path of the field that says it."""
        return self._contributions

    def effective_settings(self) -> EffectiveSettings:
        """The free map and the typed fields together, key by key, with the place of each."""
        return self._effective

    @cached_property
    def _effective(self) -> EffectiveSettings:
        return EffectiveSettings(self.configurations, self._contributions)

    def application_names(self) -> frozenset[str] | None:
        """The names of the applications in lower case, as EMR compares them; None when one of them is a token."""
        known = not is_token(self.applications) and not any(is_token(a.name) for a in self.applications)
        return frozenset(a.name.lower() for a in self.applications) if known else None

    @cached_property
    def _contributions(self) -> tuple[Contribution, ...]:
        return tuple(gather(self, self.release, self.application_names()))

    def nodes(self) -> tuple[tuple[str, InstanceFleet | InstanceGroup], ...]:
        """The fleets or groups that exist, with their roles: primary, core, task; of several task groups each one."""
        return self._nodes

    def placed_nodes(self) -> tuple[tuple[str, FieldPath, InstanceFleet | InstanceGroup], ...]:
        """The fleets or groups that exist: role, path of the field, value."""
        return self._placed_nodes

    # Asked for by many rules and every rendering.
    @cached_property
    def _nodes(self) -> tuple[tuple[str, InstanceFleet | InstanceGroup], ...]:
        return tuple((role, nodes) for role, _, nodes in self._placed_nodes)

    @cached_property
    def _placed_nodes(self) -> tuple[tuple[str, FieldPath, InstanceFleet | InstanceGroup], ...]:
        found: list[tuple[str, FieldPath, InstanceFleet | InstanceGroup]] = [("primary", ("primary",), self.primary)]
        if self.core is not None:
            found.append(("core", ("core",), self.core))
        if isinstance(self.task, (InstanceFleet, InstanceGroup)):
            found.append(("task", ("task",), self.task))
        elif self.task is not None:
            found += [("task", ("task", i), group) for i, group in enumerate(self.task)]
        return tuple(found)

    def fleets(self) -> tuple[tuple[str, InstanceFleet], ...]:
        """The fleets that exist, with their roles: primary, core, task; none in a cluster of groups."""
        return tuple((role, nodes) for role, nodes in self._nodes if isinstance(nodes, InstanceFleet))

    def groups(self) -> tuple[tuple[str, InstanceGroup], ...]:
        """The groups that exist, with their roles; none in a cluster of fleets."""
        return tuple((role, nodes) for role, nodes in self._nodes if isinstance(nodes, InstanceGroup))

    @property
    def primaries(self) -> int:
        """How many primary nodes: 1, or 3 for high availability; 1 while it is only known at deployment."""
        number = self.primary.count if isinstance(self.primary, InstanceGroup) else self.primary.target_on_demand
        return 3 if not is_token(number) and number == 3 else 1
