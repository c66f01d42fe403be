"""A standing EMR cluster, of instance fleets or of instance groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_model import cluster as model
from emrkit_model.checking import check
from emrkit_model.clear_secrets import find_clear_secrets
from emrkit_model.fields import read
from emrkit_model.render import cloudformation
from emrkit_model.security.key_arns import check_key
from emrkit_model.tokens import is_token
from emrkit_model.values import Value, refuse

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .annotations import warn
from .arguments import check_buckets, check_network, check_roles, check_security, check_steps, listed
from .cluster_placement import allow_needs, describe_cluster, place_cluster
from .cluster_reference import ClusterReference
from .resources import make
from .roles import DataGrant, Roles
from .roles.grants import check_grants
from .scripts import place_actions

if TYPE_CHECKING:
    from aws_cdk import Duration

    from emrkit_model.applications import Application
    from emrkit_model.capacity import InstanceFleet
    from emrkit_model.capacity.groups import InstanceGroup
    from emrkit_model.capacity.managed_scaling import ManagedScaling
    from emrkit_model.capacity.sizing import Sizing
    from emrkit_model.cluster import BootstrapAction
    from emrkit_model.configurations import Configuration
    from emrkit_model.contract import ContractCluster
    from emrkit_model.fields import BucketLike, KeyLike, SecurityGroupLike
    from emrkit_model.metastores import ExternalMetastore, GlueCatalog
    from emrkit_model.settings import ApplicationSettings
    from emrkit_model.steps import Step
    from emrkit_model.storage import ConsistentView, HBaseStorage

    from .metastore import HiveMetastoreReference
    from .network import Network
    from .roles.grants import Statement
    from .security_configuration import SecurityConfigurationReference

__all__ = ["Cluster", "ClusterReference", "allow_needs", "describe_cluster", "place_cluster"]

_INVERTED = (
    "cdk-nag looks for these keys at the top level of the security configuration, where EMR refuses them; they stand "
    "under EncryptionConfiguration as EMR documents it, and emrkit's own rule checks them there"
)
_NO_SSH = "there is no SSH and so no key pair: Session Manager reaches nodes whose roles allow it"
_ACCEPTED = {"AwsSolutions-EMR4": _INVERTED, "AwsSolutions-EMR5": _INVERTED, "AwsSolutions-EMR6": _NO_SSH}
_THREE_PRIMARIES = "EMR protects three primary nodes from their end: it overrides what a launch says of idle ends"


class Cluster(ClusterReference):
    """A cluster that CloudFormation makes and that waits for steps.

    Private, encrypted as its security configuration says, logging to a bucket, and ended after an idle hour. Changing
    scaling, idle timeout, step concurrency, tags, termination protection, the fleets' targets or the groups' counts
    updates it; any other change replaces it with a new cluster. Targets and counts belong to scaling while it is on.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-cluster.html

    Args:
        network: Where it runs.
        security: Its security configuration.
        release: The release label, for example `emr-7.14.0`; one that emrkit does not know is only a warning.
        primary: The primary node. Default: as `sizing` chooses; one of the two is needed.
        core: The core nodes. Default: none.
        task: The task nodes: one fleet, one group or several groups. Default: none. All nodes are fleets or all groups.
        applications: What EMR installs. Default: Spark.
        scaling: Managed scaling. Default: fleets keep their targets, groups their counts or their own policies.
        idle_timeout: It ends when it was idle for so long: a duration, seconds, or text such as `90m`; None never.
            Default: one hour.
        configurations: Classifications for all nodes.
        settings: Typed settings of the applications. Default: EMR's own.
        metastore: Where tables are known: the Glue Data Catalog, or a database. Default: one on the primary node. Its
            nodes and the service role get what it needs.
        hbase: HBase's root on S3 and its write-ahead log. Default: HBase lies in HDFS.
        consistent_view: EMRFS consistent view, for releases older than S3's own consistency.
        sizing: Chooses the fleets that are left out.
        bootstrap_actions: Scripts that every node runs first: in S3, or files of yours, which become assets that the
            nodes may read.
        steps: What it runs first, in this order, each as an `emr.Step`: a change of one runs that one again and leaves
            the cluster alone.
        step_concurrency: Steps that run side by side. Default: 1.
        logs: The bucket of its logs, below `log_prefix`. Default: no logs, which the guardrails refuse.
        key: The KMS key of logs; also what the roles may use. Default: the roles may use that of `security`.
        data: What its nodes may read and write.
        roles: Roles made elsewhere; `data`, `logs` and `key` are granted to them too. Default: its own.
        name: Its name at EMR. Default: the construct's id.
        tags: Its tags, which EMR puts on the instances too.
        termination_protected: Refuses termination until it is switched off. Default: no.
        unhealthy_node_replacement: EMR replaces unhealthy core nodes. Default: EMR's own, yes for most clusters.
        spread_primaries: Three primary nodes go to different hardware.
        root_volume: GiB, or GiB, IOPS and MiB/s, of each root volume. Default: EMR's own, 15 GiB.
        custom_ami: An AMI for all nodes. Default: EMR's own.
        os_release: The Amazon Linux release of EMR's own AMI. Default: its newest.
        subnets: Subnets to choose from; of groups one. Default: the network's, of which groups take the first.
        key_pair: An EC2 key pair for SSH. Default: none, and no SSH.
        additional_primary_security_groups: More groups for the primary nodes.
        additional_core_security_groups: More groups for core and task nodes.
        additional_info: What AWS Support asked for: JSON text or a map.
        scale_down: When a node that is taken away ends: `TERMINATE_AT_TASK_COMPLETION` or
            `TERMINATE_AT_INSTANCE_HOUR`. Default: at the completion of its tasks.
        log_prefix: Where in the bucket logs are written. Default: `logs/`.

    Raises:
        InvalidModel: The parts contradict each other or EMR's rules; every problem is listed.

    Example:
        ```python
        emr.Cluster(
            self, "Etl", network=network, security=security, release="emr-7.14.0", logs=bucket, key=key,
            primary=emr.InstanceFleet.on_demand("m6g.xlarge"),
            core=emr.InstanceFleet.on_demand("r6g.xlarge", capacity=2),
        )
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        network: Network,
        security: SecurityConfigurationReference,
        release: str,
        primary: InstanceFleet | InstanceGroup | None = None,
        core: InstanceFleet | InstanceGroup | None = None,
        task: InstanceFleet | InstanceGroup | Sequence[InstanceGroup] | None = None,
        applications: Sequence[Application] | None = None,
        scaling: ManagedScaling | None = None,
        idle_timeout: Duration | int | str | None = 3600,
        configurations: Sequence[Configuration] = (),
        settings: ApplicationSettings | None = None,
        metastore: GlueCatalog | ExternalMetastore | HiveMetastoreReference | None = None,
        hbase: HBaseStorage | None = None,
        consistent_view: ConsistentView | None = None,
        sizing: Sizing | None = None,
        bootstrap_actions: Sequence[BootstrapAction] = (),
        steps: Sequence[Step] = (),
        step_concurrency: int = 1,
        logs: BucketLike | None = None,
        key: KeyLike | None = None,
        data: Sequence[DataGrant] = (),
        roles: Roles | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        termination_protected: bool = False,
        unhealthy_node_replacement: bool | None = None,
        spread_primaries: bool = False,
        root_volume: int | tuple[int, int, int] | None = None,
        custom_ami: str | None = None,
        os_release: str | None = None,
        subnets: Sequence[str] = (),
        key_pair: str | None = None,
        additional_primary_security_groups: Sequence[SecurityGroupLike] = (),
        additional_core_security_groups: Sequence[SecurityGroupLike] = (),
        additional_info: str | Mapping[str, object] | None = None,
        scale_down: str | None = None,
        log_prefix: str = "logs/",
    ) -> None:
        to_seconds = getattr(idle_timeout, "to_seconds", None)
        seconds: Any = idle_timeout if to_seconds is None else int(to_seconds())
        chosen: dict[str, Any] = {
            "configurations": listed(configurations),
            "bootstrap_actions": listed(bootstrap_actions),
        }
        if applications is not None:
            chosen["applications"] = listed(applications)
        if primary is not None:
            chosen["primary"] = primary
        if root_volume is not None:
            sizes = root_volume if isinstance(root_volume, (tuple, list)) else (root_volume,)
            names = ("ebs_root_volume_size", "ebs_root_volume_iops", "ebs_root_volume_throughput")
            chosen |= dict(zip(names, sizes, strict=False))
        rare: dict[str, Any] = {
            "unhealthy_node_replacement": unhealthy_node_replacement,
            "custom_ami": custom_ami,
            "os_release": os_release,
            "subnets": listed(subnets) or None,
            "key_pair": key_pair,
            "additional_primary_security_groups": listed(additional_primary_security_groups) or None,
            "additional_core_security_groups": listed(additional_core_security_groups) or None,
            "additional_info": additional_info,
            "scale_down": scale_down,
            "spread_primaries": spread_primaries or None,
        }
        chosen |= {name: value for name, value in rare.items() if value is not None}
        database: HiveMetastoreReference | None = None
        if metastore is not None and not isinstance(metastore, (Value, str)):
            metastore, database = metastore.value, metastore
        value = model.Cluster(
            name=name or id,
            release=release,
            core=core,
            task=task,
            scaling=scaling,
            idle_timeout=seconds,
            settings=settings,
            metastore=metastore,
            hbase=hbase,
            consistent_view=consistent_view,
            sizing=sizing,
            step_concurrency=step_concurrency,
            tags=tags or {},
            termination_protected=termination_protected,
            **chosen,
        )
        self._define(scope, id, value, network, security, logs, key, data, roles, steps, log_prefix)
        # The nodes connect when they start: the database's instances and its door come first.
        for resource in () if database is None else database.prerequisites:
            self._resource.add_resource_dependency(resource)

    @classmethod
    def from_model(
        cls,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        value: model.Cluster,
        *,
        network: Network,
        security: SecurityConfigurationReference,
        logs: BucketLike | None = None,
        key: KeyLike | None = None,
        data: Sequence[DataGrant] = (),
        roles: Roles | None = None,
        steps: Sequence[Step] = (),
    ) -> Cluster:
        """A cluster from its value object, for instance one of a project file; what that leaves out is filled in.

        Example: `Cluster.from_model(self, "Etl", project.clusters["etl"], network=network, security=security)`
        """
        self = cls.__new__(cls)
        self._define(scope, id, value, network, security, logs, key, data, roles, steps)
        return self

    @staticmethod
    def from_cluster_id(scope: Construct, id: str, cluster_id: str) -> ClusterReference:  # noqa: A002
        """A cluster that exists, by its id; nothing is made.

        Example: `emr.Cluster.from_cluster_id(self, "Etl", "j-3KVTXXXXXX7UG").grant_submit(role)`
        """
        return ClusterReference(scope, id, cluster_id=cluster_id)

    def _define(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        value: model.Cluster,
        network: Network,
        security: SecurityConfigurationReference,
        logs: BucketLike | None,
        key: KeyLike | None,
        data: Sequence[DataGrant],
        roles: Roles | None,
        steps: Sequence[Step],
        log_prefix: str = "logs/",
    ) -> None:
        _refuse_strangers(network, security, roles, logs, key, data, steps)
        Construct.__init__(self, scope, id)
        if log_prefix and not log_prefix.endswith("/"):
            log_prefix += "/"
        grant = None if logs is None else DataGrant(logs, log_prefix, "write")
        used = key if key is not None or roles is not None else security.key
        self.roles: Roles = roles or Roles(self, "Roles", data=data, logs=grant, key=used)
        """The roles of service and nodes."""
        if roles is not None:
            roles.serve(data=data, logs=grant, key=key)
        allow_needs(value, self.roles)
        security.allow(self.roles, used)
        log_uri = None if logs is None else f"s3://{read(logs)}/{log_prefix}"
        log_key = key if log_uri is not None else None
        if value.bootstrap_actions and not is_token(value.bootstrap_actions):
            statements: list[Statement] = []
            value = value.replace(bootstrap_actions=place_actions(self, value.bootstrap_actions, statements))
            self.roles.allow(nodes=statements)
        self._has_task_fleet = False
        self.value: model.Cluster = place_cluster(
            value, network=network, security=security, roles=self.roles, log_uri=log_uri, log_key=log_key
        )
        """The value object with everything filled in."""
        properties = cloudformation.cluster_properties(self.value)
        resource = make(emr.CfnCluster, self, "Resource", cloudformation.to_l1(cloudformation.CLUSTER, properties))
        self._resource = resource
        warn(self, [*check(self.value), *find_clear_secrets(cloudformation.CLUSTER, properties)])
        network.precede(resource, scope)
        accepted = dict(_ACCEPTED)
        if self.value.realm is not None or self.value.key_pair is not None:
            del accepted["AwsSolutions-EMR6"]
        if self.value.primaries == 3 and self.value.idle_timeout is None:
            acknowledge(resource, Acknowledgement(Judge.EMRKIT, "E-RULE-006", _THREE_PRIMARIES))
        acknowledge(
            resource, *(Acknowledgement(Judge.AWS_SOLUTIONS, rule, reason) for rule, reason in accepted.items())
        )

        if any(group.scaling is not None for _, group in self.value.groups()):
            from .literal_ids import accept_literal_ids

            accept_literal_ids(resource)
        self._run(steps)

    def _run(self, steps: Sequence[Step]) -> None:
        """One after the other: CloudFormation itself knows no order between steps."""
        if not steps:
            return
        from .step import Step as StepConstruct

        scope, before = Construct(self, "Steps"), None
        for step in steps:
            added = StepConstruct(scope, step.name, cluster=self, step=step)
            if before is not None:
                added.after(before)
            before = added

    def require_auto_scaling_role(self) -> None:
        """Give the cluster the role of custom automatic scaling, if it has none, for task groups that are added to it.

        Example: `etl.require_auto_scaling_role()`
        """
        if self.value.auto_scaling_role is not None:
            return
        arn = self.roles.require_auto_scaling_role()
        self.value = self.value.replace(auto_scaling_role=arn)
        self._resource.auto_scaling_role = arn

    def take_task_fleet(self) -> bool:
        """Whether the cluster's one task fleet is still to be had; it is then taken. For `emr.TaskFleet`."""
        free, self._has_task_fleet = not self._has_task_fleet, True
        return free

    @property
    def cluster_id(self) -> str:
        """The cluster's id, j-…; asked of the resource once, when somebody wants to know it."""
        return self._reference

    @cached_property
    def primary_dns(self) -> str:
        """The DNS name of the primary node, as CloudFormation knows it after the launch: private in private subnets.

        Example: `cdk.CfnOutput(self, "Primary", value=etl.primary_dns)`
        """
        return self._resource.attr_master_public_dns

    @cached_property
    def _reference(self) -> str:
        return self._resource.ref

    def contract(self) -> ContractCluster:
        """What the job side needs to know of it."""
        return describe_cluster(self.value, self.cluster_id)


def _refuse_strangers(
    network: object,
    security: object,
    roles: object,
    logs: BucketLike | None,
    key: KeyLike | None,
    data: Sequence[DataGrant],
    steps: Sequence[Step],
) -> None:
    """What is not of the kind that a cluster is made of: said as it is, not as a missing attribute later."""
    kinds = [*check_network(network), *check_security(security), *(() if roles is None else check_roles(roles))]
    places = [*check_buckets(logs=logs), *check_key(key, "key")]
    refuse([*kinds, *places, *check_grants(data), *check_steps(steps)])
