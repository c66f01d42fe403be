"""Task capacity that is added to a cluster which stands already: a fleet, or any number of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_model.clear_secrets import find_clear_secrets
from emrkit_model.findings import error
from emrkit_model.render import cloudformation
from emrkit_model.values import InvalidModel, refuse

from .annotations import warn
from .arguments import check_cluster, check_value
from .cluster import Cluster
from .literal_ids import accept_literal_ids
from .resources import make

if TYPE_CHECKING:
    from emrkit_model.capacity import InstanceFleet
    from emrkit_model.capacity.groups import InstanceGroup

    from .cluster import ClusterReference

__all__ = ["TaskFleet", "TaskGroup"]

_CHOICE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-group-configuration.html"
_FLEETS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html"


class TaskFleet(Construct):
    """The task fleet of a cluster, apart from it: it can come, change its types and go without a new cluster.

    Of at most five types; the cluster's own `task` takes thirty. Targets, types and resize timeouts change in place,
    anything else replaces the fleet. A fleet cannot be removed from a cluster: deleting this takes its targets to zero.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-instancefleetconfig.html

    Args:
        cluster: A cluster of fleets without a task fleet, of this app or by its id.
        fleet: What the fleet is.

    Raises:
        InvalidModel: The cluster has groups (E-GROUP-030) or a task fleet already (E-GROUP-031), or there are more than
            five types (E-FLEET-063).

    Example: `emr.TaskFleet(self, "Burst", cluster=etl, fleet=emr.InstanceFleet.spot("m5.xlarge", capacity=8))`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        cluster: ClusterReference,
        fleet: InstanceFleet,
    ) -> None:
        allowed = 'emr.InstanceFleet.spot("m5.xlarge", capacity=8)'
        refuse([*check_cluster(cluster), *check_value("fleet", fleet, "InstanceFleet", allowed=allowed)])
        super().__init__(scope, id)
        if isinstance(cluster, Cluster):
            _check_kind(cluster, groups=False)
            if cluster.value.task is not None or not cluster.take_task_fleet():
                raise InvalidModel(
                    error(
                        "GROUP-031",
                        f"cluster '{cluster.value.name}' has a task fleet already",
                        "cluster",
                        allowed="one task fleet",
                        reason=_FLEETS,
                        hint="add its types to the one that there is",
                    )
                )
        self.value: InstanceFleet = fleet if fleet.name is not None else fleet.replace(name=id)
        """The fleet with its name."""
        properties = cloudformation.task_fleet_properties(cluster.cluster_id, self.value)
        warn(self, find_clear_secrets(cloudformation.TASK_FLEET, properties))
        arguments = cloudformation.to_l1(cloudformation.TASK_FLEET, properties)
        self._resource = make(emr.CfnInstanceFleetConfig, self, "Resource", arguments)

    @property
    def fleet_id(self) -> str:
        """The fleet's id, if-…"""
        return self._resource.ref


class TaskGroup(Construct):
    """A task group of a cluster, apart from it: it can come, change its count and go without a new cluster.

    The count and the scaling policy change in place, anything else replaces the group. A group cannot be removed from
    a cluster: deleting this takes its count to zero. With a scaling policy the cluster gets the auto scaling role, if
    it has none: that is a new cluster, since no cluster that runs can get one.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-instancegroupconfig.html

    Args:
        cluster: A cluster of groups, of this app or by its id.
        group: What the group is.

    Raises:
        InvalidModel: The cluster has fleets (E-GROUP-030), or managed scaling beside a scaling policy here
            (E-GROUP-032).

    Example: `emr.TaskGroup(self, "Burst", cluster=etl, group=emr.InstanceGroup.spot("m5.xlarge", count=4))`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        cluster: ClusterReference,
        group: InstanceGroup,
    ) -> None:
        allowed = 'emr.InstanceGroup.spot("m5.xlarge", count=4)'
        refuse([*check_cluster(cluster), *check_value("group", group, "InstanceGroup", allowed=allowed)])
        super().__init__(scope, id)
        if isinstance(cluster, Cluster):
            _check_kind(cluster, groups=True)
            if group.scaling is not None and cluster.value.scaling is not None:
                raise InvalidModel(
                    error(
                        "GROUP-032",
                        f"cluster '{cluster.value.name}' has managed scaling, the added group a policy of its own",
                        "group",
                        "scaling",
                        reason="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html",
                        hint="keep one of the two",
                    )
                )
            if group.scaling is not None:
                cluster.require_auto_scaling_role()
        self.value: InstanceGroup = group
        """The group."""
        properties = cloudformation.task_group_properties(cluster.cluster_id, group, id)
        warn(self, find_clear_secrets(cloudformation.TASK_GROUP, properties))
        arguments = cloudformation.to_l1(cloudformation.TASK_GROUP, properties)
        self._resource = make(emr.CfnInstanceGroupConfig, self, "Resource", arguments)
        if group.scaling is not None:
            accept_literal_ids(self._resource)

    @property
    def group_id(self) -> str:
        """The group's id, ig-…"""
        return self._resource.ref


def _check_kind(cluster: Cluster, *, groups: bool) -> None:
    if bool(cluster.value.groups()) == groups:
        return
    has, takes = ("instance fleets", "TaskFleet") if groups else ("instance groups", "TaskGroup")
    raise InvalidModel(
        error(
            "GROUP-030",
            f"cluster '{cluster.value.name}' has {has}",
            "cluster",
            reason=f"a cluster has one kind for all its nodes ({_CHOICE})",
            hint=f"add an emr.{takes}",
        )
    )
