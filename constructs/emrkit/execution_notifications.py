"""Rules that tell topics how the executions of a state machine ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from emrkit_model.fields import read
from emrkit_model.tokens import has_member

from .pseudo_parameters import Aws
from .resources import make

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.notifications import Notifications

__all__ = ["announce_executions"]

_ENDS: Mapping[str, Sequence[str]] = {"success": ("SUCCEEDED",), "failure": ("FAILED", "TIMED_OUT", "ABORTED")}
_PATHS = {
    "run": "$.detail.name",
    "execution": "$.detail.executionArn",
    "status": "$.detail.status",
    "started": "$.detail.startDate",
    "stopped": "$.detail.stopDate",
}


def announce_executions(scope: Construct, job: str, machine_arn: str, notifications: Notifications) -> None:
    """A rule for each topic, below `scope`, and the role with which EventBridge publishes.

    Rules on the status, not states that publish: an execution that somebody stops, or whose time is up, runs no
    further state, and would end without a word. EventBridge tries a delivery again for a day.

    A role, not a policy of the topic: a topic that is brought keeps its own policy, which CloudFormation could only
    replace as a whole; and a role may be given the key of an encrypted topic, EventBridge itself only by the policy of
    that key. The role publishes to these topics and does nothing else.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    topics = {end: topic for end in _ENDS if (topic := getattr(notifications, end)) is not None}
    arns = {end: read(topic) for end, topic in topics.items()}
    given = [notifications.key] if notifications.key is not None else [_key(topic) for topic in topics.values()]
    keys = list(dict.fromkeys(read(key) for key in given if key is not None))
    policies = [{"policyName": "publish", "policyDocument": _policy(list(dict.fromkeys(arns.values())), keys)}]
    role = make(
        iam.CfnRole, scope, "NotificationsRole", {"assumeRolePolicyDocument": _trust(), "policies": policies}
    ).attr_arn
    for end, arn in arns.items():
        message = {"inputPathsMap": _PATHS, "inputTemplate": _template(job)}
        make(
            events.CfnRule,
            scope,
            f"Notify{end.capitalize()}",
            {
                "description": f"emrkit: {end} of the executions of {job}"[:512],
                "eventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {"stateMachineArn": [machine_arn], "status": list(_ENDS[end])},
                },
                "targets": [{"id": "topic", "arn": arn, "roleArn": role, "inputTransformer": message}],
            },
        )


def _template(job: str) -> str:
    """The message. What is between angle brackets would be a variable, so there are none in the job's name."""
    name = json.dumps(job).replace("<", "\\u003c").replace(">", "\\u003e")
    return "{" + ",".join([f'"job":{name}', *(f'"{part}":<{part}>' for part in _PATHS)]) + "}"


def _key(topic: object) -> object:
    """The key of a topic that tells; a topic that is only known by its ARN does not."""
    return cast("object", getattr(topic, "master_key", None)) if has_member(topic, "master_key") else None


def _trust() -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(topics: Sequence[str], keys: Sequence[str]) -> dict[str, object]:
    statements: list[dict[str, object]] = [{"Effect": "Allow", "Action": "sns:Publish", "Resource": list(topics)}]
    if keys:
        use = ["kms:Decrypt", "kms:GenerateDataKey"]
        statements.append({"Effect": "Allow", "Action": use, "Resource": list(keys)})
    return {"Version": "2012-10-17", "Statement": statements}
