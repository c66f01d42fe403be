"""A job as a Step Functions state machine on a cluster of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from aws_cdk import Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from emrkit_facts.iam import EVENTS_RULE_ACTIONS, step_functions_rule
from emrkit_model import job as job_model
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.values import InvalidModel, refuse

from .acknowledgements import Acknowledgement, Judge, acknowledge
from .arguments import check_roles, check_value
from .json_text import json_text
from .pseudo_parameters import Aws
from .resources import make
from .state_language import BUNDLE, NO_OVERRIDES, job_states

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster
    from emrkit_model.contract import ContractPipeline
    from emrkit_model.fields import KeyLike
    from emrkit_model.job import Job
    from emrkit_model.notifications import Notifications
    from emrkit_model.overrides import Override
    from emrkit_model.steps import Step

    from .roles import Roles

__all__ = ["BUNDLE", "Pipeline"]

_KEY_ELSEWHERE = "the key belongs to another stack; the rule does not follow an import, the template names the key"
_PLAIN_LOG = "no execution data is logged, only states and times; give the pipeline a key to encrypt them with yours"
_WIDE = (
    "RunJobFlow has no resource to name, and a transient cluster has no ARN before it exists; delivering logs and "
    "traces knows no resources either"
)


class Pipeline(Construct):
    """A state machine that launches a transient cluster, runs a job's steps on it, and ends it whatever happens.

    Native integrations only, no function to keep up to date. Start it with `{"run": "<id>", "bundle": "s3://…"}`, which
    `emrkit run JOB --via pipeline` does: jobs are data, so a changed script needs no deployment. An execution that is
    stopped by hand leaves the cluster to its idle timeout.
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html

    Args:
        job: The job.
        steps: Its steps in order, with local files below `BUNDLE`. Default: the job's own, which must name s3://
            places.
        cluster: The placed cluster to launch (see `place_cluster`).
        roles: The roles that the cluster uses; the state machine may pass exactly these.
        key: The KMS key of its log. Default: CloudWatch's own encryption.
        notifications: Topics that hear how each execution ended, also one that was stopped or whose time was up.
            Default: nobody hears of it; failures are in the metrics of Step Functions.
        overrides: Numbers of the cluster that an execution may choose within bounds, by name: it is started with
            `{"run": …, "bundle": …, "overrides": {"<name>": 12}}`, and fails before a cluster is asked for when a
            number is out of bounds or its name is not declared. Default: none, and what is given is not looked at.
        when_running: What an execution does when a cluster of the same name starts, runs or waits: `launch` another,
            or `refuse`. It is a look, not a lock: of two executions that start in the same moment both may launch.

    Raises:
        InvalidModel: The cluster uses Kerberos (E-PIPE-001): its password would stand in the execution's history. An
            override names what no execution may change on this cluster, or bounds at which the cluster is invalid
            (E-JOB-045 to E-JOB-049).

    Example:
        ```python
        emr.Pipeline(
            self,
            "Flights",
            job=job,
            cluster=placed,
            roles=roles,
            notifications=emr.Notifications(failure=topic),
            overrides={"core": emr.Override(path="core.target_on_demand", minimum=1, maximum=20)},
            when_running="refuse",
        )
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        job: Job,
        cluster: Cluster,
        roles: Roles,
        steps: Sequence[Step] = (),
        key: KeyLike | None = None,
        notifications: Notifications | None = None,
        overrides: Mapping[str, Override] = NO_OVERRIDES,
        when_running: Literal["launch", "refuse"] = "launch",
    ) -> None:
        jobs = check_value("job", job, "Job", allowed='emr.Job(name="etl", run_on="launched", steps=[...])')
        clusters = check_value("cluster", cluster, "Cluster", allowed="the value object that place_cluster gives")
        refuse([*jobs, *clusters, *check_roles(roles)])
        declared = _declare(cluster, notifications, overrides, when_running)
        super().__init__(scope, id)
        if cluster.realm is not None:
            raise InvalidModel(
                Diagnostic(
                    "E-PIPE-001",
                    f"the pipeline of job '{job.name}' would launch cluster '{cluster.name}' with Kerberos",
                    path=("jobs", job.name, "pipeline", "cluster"),
                    got=cluster.name,
                    reason="a state machine writes its input into its history, and with it the KDC's password",
                    hint="run the job on a standing cluster, or take kerberos off the pipeline's cluster",
                )
            )
        looks = declared.when_running == "refuse"
        states = job_states(
            job,
            steps or job.ordered_steps(),
            cluster,
            partition=Aws.PARTITION,
            overrides=declared.overrides,
            when_running=declared.when_running,
        )
        name = Names.unique_resource_name(self, max_length=60, separator="-")
        group = make(
            logs.CfnLogGroup,
            self,
            "Log",
            {
                "logGroupName": f"/aws/vendedlogs/states/{name}",
                "retentionInDays": 365,
                "kmsKeyId": None if key is None else _read(key),
            },
        )
        policies = [{"policyName": "run", "policyDocument": _policy(roles, looks=looks)}]
        role = make(iam.CfnRole, self, "Role", {"assumeRolePolicyDocument": _trust(), "policies": policies})
        machine = make(
            stepfunctions.CfnStateMachine,
            self,
            "Resource",
            {
                "roleArn": role.attr_arn,
                "definitionString": json_text(self, states),
                "loggingConfiguration": {
                    "level": "ALL",
                    "includeExecutionData": False,
                    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group.attr_arn}}],
                },
                "tracingConfiguration": {"enabled": True},
            },
        )
        self._machine = machine
        self._cluster, self._overrides = cluster, declared.overrides
        if declared.notifications is not None:
            from .execution_notifications import announce_executions

            announce_executions(self, job.name, machine.ref, declared.notifications)
        for finding in ("Resource::*", "Resource"):
            acknowledge(role, Acknowledgement(Judge.AWS_SOLUTIONS, f"AwsSolutions-IAM5[{finding}]", _WIDE))
        if (reason := _PLAIN_LOG if key is None else _elsewhere(self, key)) is not None:
            acknowledge(group, Acknowledgement(Judge.CONTROL_TOWER, "cloudwatch_log_group_encrypted_check", reason))

    @cached_property
    def state_machine_arn(self) -> str:
        """ARN of the state machine."""
        return self._machine.ref

    @cached_property
    def state_machine_name(self) -> str:
        """Its name."""
        return self._machine.attr_name

    def contract(self) -> ContractPipeline:
        """What the job side needs to know of it."""
        from emrkit_model.contract import ContractPipeline

        overrides = {}
        if self._overrides:
            from emrkit_model.contract import declare_overrides

            overrides = declare_overrides(self._overrides, self._cluster)
        return ContractPipeline(
            state_machine_arn=self.state_machine_arn, name=self.state_machine_name, overrides=overrides
        )


def _declare(
    cluster: Cluster,
    notifications: Notifications | None,
    overrides: Mapping[str, Override],
    when_running: str,
) -> job_model.Pipeline:
    """What a project file says under `pipeline:`, read and held against the cluster as it is there."""
    declared = job_model.Pipeline(
        cluster=cluster.name,
        notifications=notifications,
        overrides=overrides,
        when_running=when_running,
    )
    if declared.overrides:
        from emrkit_model.overrides import check_overrides

        refuse([problem.within("overrides") for problem in check_overrides(declared.overrides, cluster)])
    return declared


def _elsewhere(scope: Construct, key: KeyLike) -> str | None:
    """The reason, where the judge cannot see that there is a key: it looks for one in the same template."""
    from aws_cdk import aws_kms

    here = isinstance(key, str) or (isinstance(key, aws_kms.Key) and Stack.of(key) is Stack.of(scope))
    return None if here else _KEY_ELSEWHERE


def _read(key: KeyLike) -> str:
    from emrkit_model.fields import read

    return read(key)


def _trust() -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "states.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            }
        ],
    }


def _policy(roles: Roles, *, looks: bool) -> dict[str, object]:
    """What the integrations need, as one document.

    https://docs.aws.amazon.com/step-functions/latest/dg/emr-iam.html
    """
    place = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
    clusters = f"arn:{Aws.PARTITION}:elasticmapreduce:{place}:cluster/*"
    managed = [step_functions_rule(action) for action in ("addStep", "terminateCluster")]
    rules = [f"arn:{Aws.PARTITION}:events:{place}:rule/{name}" for name in managed if name]
    on_clusters = ["AddJobFlowSteps", "AddTags", "CancelSteps", "DescribeCluster", "DescribeStep", "TerminateJobFlows"]
    deliver = ["CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies"]
    deliver += ["GetLogDelivery", "ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery"]
    trace = ["GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments"]

    def allow(actions: Sequence[str], resource: object, **condition: object) -> dict[str, object]:
        return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **condition}

    return {
        "Version": "2012-10-17",
        "Statement": [
            allow(["elasticmapreduce:RunJobFlow", *(["elasticmapreduce:ListClusters"] if looks else [])], "*"),
            allow([f"elasticmapreduce:{a}" for a in on_clusters], clusters),
            *roles.passing(),
            allow(EVENTS_RULE_ACTIONS, rules),
            allow([f"logs:{a}" for a in deliver], "*"),
            allow([f"xray:{a}" for a in trace], "*"),
        ],
    }
