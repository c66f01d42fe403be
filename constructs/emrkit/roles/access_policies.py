"""What people and programs around clusters may do: deploy them, submit work to them, operate them. Three policies.

Each is a managed policy to attach to a role, a group or a permission set. None of them is a superset of another: who
deploys does not submit, who submits does not resize.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-access-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from constructs import Construct

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.arguments import check_buckets
from emrkit.pseudo_parameters import Aws
from emrkit_facts.iam import read_only_actions
from emrkit_model.fields import read
from emrkit_model.findings import error
from emrkit_model.security.key_arns import check_key
from emrkit_model.values import InvalidModel, refuse

from .access_checks import check_each_bucket, check_members, check_names
from .access_statements import (
    ACCOUNT_WIDE,
    FOLLOW,
    allow,
    allow_emr,
    bucket_arn,
    cluster_arn,
    cluster_arns,
    follow_launched,
    launch,
    read_contract,
    read_logs,
    tagged,
    through_s3,
    use_pipelines,
)
from .grants import Statement
from .references import role_arn_of

if TYPE_CHECKING:
    from emrkit.cluster import ClusterReference
    from emrkit.orchestration import Pipeline
    from emrkit_model.fields import BucketLike, KeyLike, RoleLike, SecretLike

    from .cluster_roles import Roles

__all__ = ["AccessPolicy", "DeployerPolicy", "OperatorPolicy", "SubmitterPolicy"]

_LARGEST = 6144
_TOKEN = 12  # what a reference of a template becomes is longer than what stands for it; counted for each
_OPERATE = (
    "CancelSteps",
    "ModifyInstanceFleet",
    "ModifyInstanceGroups",
    "PutAutoTerminationPolicy",
    "PutManagedScalingPolicy",
    "RemoveManagedScalingPolicy",
    "TerminateJobFlows",
)
_WIDE = "launching, listing and metrics know no single resource, and clusters are known by their tags alone"
_CLUSTER = 'emr.Cluster(...), or emr.Cluster.from_cluster_id(self, "Etl", "j-...") for one that exists'
_BOOTSTRAP = ("deploy", "file-publishing", "image-publishing", "lookup")


class AccessPolicy(Construct):
    """A managed policy made of one document; what the three policies of this module share.

    Args:
        statements: What it allows.
        description: What it is for.
        path: Its path.

    Raises:
        InvalidModel: The document is larger than IAM takes (E-ROLE-010): name fewer clusters and roles in one policy.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        statements: Sequence[Statement],
        description: str,
        path: str = "/",
    ) -> None:
        super().__init__(scope, id)
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        _check_size(document)
        policy = iam.CfnManagedPolicy(self, "Resource", path=path, description=description, policy_document=document)
        self.managed_policy_arn: str = policy.ref
        """Its ARN, for a role, a group or a permission set."""
        for finding in ("Resource::*", "Resource", "Action::kms:GenerateDataKey*"):
            if _has(statements, finding):
                acknowledge(policy, Acknowledgement(Judge.AWS_SOLUTIONS, f"AwsSolutions-IAM5[{finding}]", _WIDE))

    @cached_property
    def managed_policy(self) -> iam.IManagedPolicy:
        """It as the CDK's constructs take it: `role.add_managed_policy(policy.managed_policy)`."""
        return iam.ManagedPolicy.from_managed_policy_arn(self, "Policy", self.managed_policy_arn)


class DeployerPolicy(AccessPolicy):
    """For `emrkit deploy`, `plan` and `destroy`: the CDK's own roles, and looking at the project's stacks.

    Everything that changes an account is done by the roles of `cdk bootstrap`, which CloudFormation uses; how wide
    these are is said there (`--cloudformation-execution-policies`, `--custom-permissions-boundary`). Data and clusters
    stay out of reach: a deployer submits nothing and reads no bucket.
    https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html

    Args:
        project: The project's name.
        environment: The environment, which is part of the stacks' names.
        qualifier: Of the CDK's bootstrap roles. Default: the CDK's own.
        empties: Buckets that `emrkit destroy` may empty, versions and all. Default: none, so that it stops at buckets
            that hold something.
        path: The path of the policy. Default: `/`.

    Example: `emr.DeployerPolicy(self, "Deployers", project="shop", environment="prod")`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        project: str,
        environment: str,
        qualifier: str = "hnb659fds",
        empties: Sequence[BucketLike] = (),
        path: str = "/",
    ) -> None:
        refuse([*check_names(project=project, environment=environment), *check_each_bucket("empties", empties)])
        place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        stacks = f"arn:{Aws.PARTITION}:cloudformation:{place}:stack"
        own = f"{stacks}/{project}-{environment}-*/*"
        looks = ["DescribeStackEvents", "DescribeStacks", "GetTemplate", "ListStackResources"]
        roles = [
            f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-{qualifier}-{task}-role-{Aws.ACCOUNT_ID}-{Aws.REGION}"
            for task in _BOOTSTRAP
        ]
        statements = [
            allow(["sts:AssumeRole"], roles),
            allow([f"cloudformation:{action}" for action in looks], own),
            allow(["cloudformation:DescribeStacks"], f"{stacks}/CDKToolkit/*"),
            # A stack whose first deployment failed is cleared away before the next.
            allow(["cloudformation:DeleteStack"], own),
            read_contract(project, environment),
            allow(["elasticmapreduce:DescribeCluster"], cluster_arns(), tagged(project, environment)),
        ]
        for bucket in empties:
            arn = bucket_arn(bucket)
            statements.append(allow(["s3:ListBucket", "s3:ListBucketVersions"], arn))
            statements.append(allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], f"{arn}/*"))
        super().__init__(
            scope, id, statements=statements, description=f"emrkit: deploys {project} {environment}", path=path
        )


class SubmitterPolicy(AccessPolicy):
    """For `emrkit run`, `status`, `logs` and `cancel`: steps of these clusters, the bundles, the locks, the logs.

    A submitter does not reach the data: the nodes do, or the runtime role of the step. With `runtime_roles`, steps
    must name one of them.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html#emr-steps-runtime-roles-configure

    Args:
        project: The project's name.
        environment: The environment.
        clusters: The standing clusters to which steps may be added, and no others.
        artifacts: The bucket of bundles (`bundles/`) and locks (`locks/`). Default: nothing is uploaded.
        logs: The bucket of the clusters' logs, below `logs/`. Default: logs are not read.
        key: The KMS key of both buckets.
        runtime_roles: The only roles that steps may run as. Default: whatever the clusters' nodes may take on.
        pipelines: Pipelines that may be started, followed and stopped.
        launches: Roles of transient clusters that may be launched with them; the clusters carry the project's tags.
        data: Buckets whose existence is asked for before a job starts: those of inputs and outputs.
        secrets: Secrets for a launch, such as the password of a cluster's KDC.
        path: The path of the policy. Default: `/`.

    Example:
        ```python
        emr.SubmitterPolicy(
            self, "Submitters", project="shop", environment="prod", clusters=[cluster], artifacts=bucket, key=key
        )
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        project: str,
        environment: str,
        clusters: Sequence[ClusterReference] = (),
        artifacts: BucketLike | None = None,
        logs: BucketLike | None = None,
        key: KeyLike | None = None,
        runtime_roles: Sequence[RoleLike] = (),
        pipelines: Sequence[Pipeline] = (),
        launches: Sequence[Roles] = (),
        data: Sequence[BucketLike] = (),
        secrets: Sequence[SecretLike] = (),
        path: str = "/",
    ) -> None:
        refuse(
            [
                *check_names(project=project, environment=environment),
                *check_members("clusters", clusters, "cluster_id", allowed=_CLUSTER),
                *check_members("pipelines", pipelines, "state_machine_arn", allowed="emr.Pipeline(...)"),
                *check_members("launches", launches, "passing", allowed="emr.Roles(...)"),
                *check_buckets(artifacts=artifacts, logs=logs),
                *check_each_bucket("data", data),
                *check_key(key, "key"),
            ]
        )
        statements = [read_contract(project, environment)]
        if clusters:
            arns = [cluster_arn(cluster) for cluster in clusters]
            only = {"ArnEquals": {"elasticmapreduce:ExecutionRoleArn": [role_arn_of(r) for r in runtime_roles]}}
            statements.append(allow_emr(["AddJobFlowSteps"], arns, only if runtime_roles else {}))
            statements.append(allow_emr(["CancelSteps", *FOLLOW], arns))
        statements += use_pipelines(pipelines)
        if launches:
            statements += launch(project, environment, launches)
        elif pipelines:
            statements += follow_launched(project, environment)
        if artifacts is not None:
            arn = bucket_arn(artifacts)
            places = ["bundles/*", "locks/*"]
            statements.append(allow(["s3:ListBucket"], arn, {"StringLike": {"s3:prefix": places}}))
            statements.append(allow(["s3:GetObject", "s3:PutObject"], [f"{arn}/{place}" for place in places]))
            statements.append(allow(["s3:AbortMultipartUpload"], f"{arn}/bundles/*"))
            statements.append(allow(["s3:DeleteObject"], f"{arn}/locks/*"))
        if data:
            statements.append(allow(["s3:ListBucket"], [bucket_arn(bucket) for bucket in data]))
        statements += read_logs(logs)
        if key is not None:
            writes = ["kms:GenerateDataKey"] if artifacts is not None else []
            statements.append(through_s3(key, ["kms:Decrypt", *writes]))
        if secrets:
            statements.append(allow(["secretsmanager:GetSecretValue"], [read(secret) for secret in secrets]))
        super().__init__(
            scope, id, statements=statements, description=f"emrkit: runs jobs of {project} {environment}", path=path
        )


class OperatorPolicy(AccessPolicy):
    """For who keeps clusters well: looks at everything, reads logs, cancels steps, resizes, ends.

    It adds no steps, launches nothing and reaches no data. Which clusters are meant is said by their tags
    (`emrkit:project`, `emrkit:environment`), so new ones are included, or by `clusters`.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-fine-grained-cluster-access.html

    Args:
        project: The project's name.
        environment: The environment.
        clusters: Exactly these clusters. Default: all that carry the tags of project and environment.
        logs: The bucket of the clusters' logs, below `logs/`.
        key: The KMS key of that bucket.
        pipelines: Pipelines whose executions may be looked at and stopped.
        unprotects: May also switch termination protection off. Default: no.
        path: The path of the policy. Default: `/`.

    Example: `emr.OperatorPolicy(self, "Operators", project="shop", environment="prod", logs=bucket, key=key)`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        project: str,
        environment: str,
        clusters: Sequence[ClusterReference] = (),
        logs: BucketLike | None = None,
        key: KeyLike | None = None,
        pipelines: Sequence[Pipeline] = (),
        unprotects: bool = False,
        path: str = "/",
    ) -> None:
        refuse(
            [
                *check_names(project=project, environment=environment),
                *check_members("clusters", clusters, "cluster_id", allowed=_CLUSTER),
                *check_members("pipelines", pipelines, "state_machine_arn", allowed="emr.Pipeline(...)"),
                *check_buckets(logs=logs),
                *check_key(key, "key"),
            ]
        )
        arns = [cluster_arn(cluster) for cluster in clusters] or cluster_arns()
        only = {} if clusters else tagged(project, environment)
        looks = [action.partition(":")[2] for action in read_only_actions()]
        of_a_cluster = [action for action in looks if action not in ACCOUNT_WIDE]
        metrics = ["GetMetricData", "GetMetricStatistics", "ListMetrics"]
        alarms = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
        statements = [
            read_contract(project, environment),
            allow_emr([action for action in looks if action in ACCOUNT_WIDE], "*"),
            allow_emr(of_a_cluster, arns, only),
            allow_emr([*_OPERATE, *(["SetTerminationProtection"] if unprotects else [])], arns, only),
            allow([f"cloudwatch:{action}" for action in metrics], "*"),
            allow(["cloudwatch:DescribeAlarms"], alarms),
            *read_logs(logs),
            *use_pipelines(pipelines, starts=False),
        ]
        if key is not None:
            statements.append(through_s3(key, ["kms:Decrypt"]))
        super().__init__(
            scope, id, statements=statements, description=f"emrkit: operates {project} {environment}", path=path
        )


def _has(statements: Sequence[Statement], finding: str) -> bool:
    resources = [s["Resource"] for s in statements]
    if finding == "Resource::*":
        return "*" in resources
    if finding == "Resource":
        return any("*" in json.dumps(r, default=str) for r in resources if r != "*")
    return finding.removeprefix("Action::") in json.dumps(statements, default=str)


def _check_size(document: Mapping[str, object]) -> None:
    """IAM counts without white space; a token counts for about what a reference becomes."""
    text = json.dumps(document, separators=(",", ":"), default=str)
    size = len(text) + _TOKEN * text.count("${Token[")
    if size > _LARGEST:
        raise InvalidModel(
            error(
                "ROLE-010",
                f"the policy has about {size} characters, and IAM takes {_LARGEST}",
                got=str(size),
                allowed=f"up to {_LARGEST} characters without white space",
                reason="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
                hint="make a policy for each group of clusters, pipelines or runtime roles",
            )
        )
