"""Statements of policies for people and programs around clusters: what each lets somebody do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from emrkit.pseudo_parameters import Aws
from emrkit_facts.iam import EMR_TAG
from emrkit_model.fields import read
from emrkit_model.ownership import ENVIRONMENT_TAG, PROJECT_TAG

from .grants import Statement

if TYPE_CHECKING:
    from emrkit.cluster import ClusterReference
    from emrkit.orchestration import Pipeline
    from emrkit_model.fields import BucketLike, KeyLike

    from .cluster_roles import Roles

__all__ = [
    "ACCOUNT_WIDE",
    "FOLLOW",
    "allow",
    "allow_emr",
    "bucket_arn",
    "cluster_arn",
    "cluster_arns",
    "follow_launched",
    "launch",
    "read_contract",
    "read_logs",
    "tagged",
    "through_s3",
    "use_pipelines",
]

FOLLOW = ("DescribeCluster", "DescribeStep", "ListSteps")
"""What following a step takes."""
# EMR has no resource for these; https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticmapreduce.html
ACCOUNT_WIDE = frozenset(
    {
        "DescribeReleaseLabel",
        "DescribeSecurityConfiguration",
        "GetBlockPublicAccessConfiguration",
        "ListClusters",
        "ListSecurityConfigurations",
        "ListSupportedInstanceTypes",
        "ViewEventsFromAllClustersInConsole",
    }
)


def allow(actions: Sequence[str], resource: object, condition: Mapping[str, object] | None = None) -> Statement:
    """A statement that allows actions on resources."""
    given: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**given, "Condition": condition} if condition else given


def allow_emr(actions: Sequence[str], resource: object, condition: Mapping[str, object] | None = None) -> Statement:
    """The same for actions of EMR, named without their service."""
    return allow([f"elasticmapreduce:{action}" for action in actions], resource, condition)


def cluster_arn(cluster: ClusterReference) -> str:
    """The ARN of one cluster."""
    return cluster_arns(cluster.cluster_id)


def cluster_arns(cluster_id: str = "*") -> str:
    """The ARN of a cluster by its id, or of all in the account and Region."""
    return f"arn:{Aws.PARTITION}:elasticmapreduce:{Aws.REGION}:{Aws.ACCOUNT_ID}:cluster/{cluster_id}"


def tagged(project: str, environment: str) -> Mapping[str, object]:
    """The condition that a resource carries the tags of project and environment."""
    tags = {PROJECT_TAG: project, ENVIRONMENT_TAG: environment}
    return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags.items()}}


def bucket_arn(bucket: BucketLike) -> str:
    """The ARN of a bucket."""
    return f"arn:{Aws.PARTITION}:s3:::{read(bucket)}"


def read_contract(project: str, environment: str) -> Statement:
    """Reading what the project's stacks say of themselves."""
    place = f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/emrkit/{project}/{environment}"
    return allow(["ssm:GetParametersByPath"], [place, f"{place}/*"])


def read_logs(bucket: BucketLike | None) -> list[Statement]:
    """Reading the clusters' logs; nothing without a bucket of logs."""
    if bucket is None:
        return []
    arn = bucket_arn(bucket)
    return [
        allow(["s3:ListBucket"], arn, {"StringLike": {"s3:prefix": "logs/*"}}),
        allow(["s3:GetObject"], f"{arn}/logs/*"),
    ]


def through_s3(key: KeyLike, actions: Sequence[str]) -> Statement:
    """The key for objects in buckets alone; China's services have names of their own, hence the star."""
    return allow(actions, read(key), {"StringLike": {"kms:ViaService": f"s3.{Aws.REGION}.amazonaws.com*"}})


def use_pipelines(pipelines: Sequence[Pipeline], *, starts: bool = True) -> list[Statement]:
    """Following and stopping executions of pipelines; starting them, or finding those that somebody else started."""
    if not pipelines:
        return []
    machines = [pipeline.state_machine_arn for pipeline in pipelines]
    names = [pipeline.state_machine_name for pipeline in pipelines]
    place = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}"
    executions = [f"{place}:execution:{name}:*" for name in names]
    # An execution is described under either kind of ARN, depending on the kind of the machine.
    either = [*executions, *(f"{place}:express:{name}:*:*" for name in names)]
    # The list of executions is one of the machine's, and one of each map run's.
    lists = allow(["states:ListExecutions"], [*machines, *(f"{place}:mapRun:{name}/*:*" for name in names)])
    return [
        allow(["states:StartExecution"], machines) if starts else lists,
        allow(["states:GetExecutionHistory", "states:StopExecution"], executions),
        allow(["states:DescribeExecution"], either),
    ]


def follow_launched(project: str, environment: str) -> list[Statement]:
    """Finding the clusters of one's own runs, following and ending them."""
    ends = allow_emr(["CancelSteps", "TerminateJobFlows", *FOLLOW], cluster_arns(), tagged(project, environment))
    return [allow_emr(["ListClusters"], "*"), ends]


def launch(project: str, environment: str, launches: Sequence[Roles]) -> list[Statement]:
    """Launching clusters with these roles and the project's tags, and following them."""
    tags = {PROJECT_TAG: project, ENVIRONMENT_TAG: environment, EMR_TAG[0]: EMR_TAG[1]}
    asked = {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tags.items()}}
    passed = {json.dumps(s, default=str): s for roles in launches for s in roles.passing()}
    # Tags are given at the launch. No cluster of a project can be made another's, nor its own be tagged anew.
    untagged = {**asked, "Null": {f"aws:ResourceTag/{PROJECT_TAG}": "true"}}
    begin = [allow_emr(["RunJobFlow"], "*", asked), allow_emr(["AddTags"], cluster_arns(), untagged)]
    return [*begin, *follow_launched(project, environment), *passed.values()]
