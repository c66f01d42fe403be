"""Step Functions tasks: the parameters of `elasticmapreduce:createCluster`, `addStep` and their like.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emrkit_model.cluster import Cluster
from emrkit_model.configurations import Configuration
from emrkit_model.fields import read
from emrkit_model.findings import error
from emrkit_model.steps import ActionOnFailure, Step
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, Json

from . import request
from .parts import Part, drop_empty

__all__ = ["add_step", "cancel_step", "create_cluster", "set_termination_protection", "terminate_cluster"]


def create_cluster(cluster: Cluster) -> Part:
    """The parameters of `createCluster`: no steps, kept alive (the state machine ends it), names on all fleets.

    Raises `InvalidModel` for a Kerberos cluster: a state machine writes its input into its history, and with it the
    password of the KDC's administrator. For the same reason none with a dynamic reference in its configurations.
    """
    request.refuse_request_only(cluster, "Step Functions")
    if cluster.realm is not None:
        raise InvalidModel(
            error(
                "KRB-030",
                f"cluster '{cluster.name}' uses Kerberos and cannot be launched by a state machine",
                "kerberos",
                reason="the KDC administrator's password would stand in the execution's history",
                hint="run the job on a standing cluster, or take kerberos off the pipeline's cluster",
            )
        )
    for classification, key in _secrets(cluster.all_configurations()):
        raise InvalidModel(
            error(
                "META-030",
                f"cluster '{cluster.name}' holds a secret in a configuration: no state machine may launch it",
                "configurations",
                got=f"{classification}: {key}",
                allowed="EMR.secret@<key> with the ARN of a secret, which EMR reads itself",
                reason="CloudFormation would write the secret into the state machine, and that into every history",
                hint="keep the bare value in a secret of its own and name its ARN (a metastore: without password_key)",
            )
        )
    # Kept alive, it also keeps its idle timeout: the net under a state machine that was stopped.
    return request.run_job_flow(cluster if cluster.keep_alive is True else cluster.replace(keep_alive=True))


def _secrets(items: Sequence[Configuration]) -> Iterator[tuple[str, str]]:
    """Keys whose value is a dynamic reference of CloudFormation, each with its classification."""
    for item in () if is_token(items) else items:
        for key, value in item.properties.items():
            if value.__class__ is str and "{{resolve:" in value:
                yield item.classification, key
        yield from _secrets(item.configurations)


def add_step(
    cluster_id: Json,
    value: Step,
    *,
    name: str | None = None,
    default_action: ActionOnFailure = ActionOnFailure.CONTINUE,
    region: str = "us-east-1",
) -> Part:
    """The parameters of `addStep`: one step. `cluster_id` may be a JSONata expression.

    >>> from emrkit_model.steps import CommandStep
    >>> add_step("j-1", CommandStep(name="hello", command=["true"]))["Step"]["ActionOnFailure"]
    'CONTINUE'
    """
    role = None if value.execution_role is None else read(value.execution_role)
    return drop_empty(
        {
            "ClusterId": cluster_id,
            "ExecutionRoleArn": role,
            "Step": request.step(value, name=name, default_action=default_action, region=region),
        }
    )


def set_termination_protection(cluster_id: Json, *, protected: bool) -> Part:
    """The parameters of `setClusterTerminationProtection`."""
    return {"ClusterId": cluster_id, "TerminationProtected": protected}


def cancel_step(cluster_id: Json, step_id: Json) -> Part:
    """The parameters of `cancelStep`."""
    return {"ClusterId": cluster_id, "StepId": step_id}


def terminate_cluster(cluster_id: Json) -> Part:
    """The parameters of `terminateCluster`."""
    return {"ClusterId": cluster_id}
