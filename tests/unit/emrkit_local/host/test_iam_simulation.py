"""Policy simulation: what must be allowed is, what must not be is not."""

from __future__ import annotations

import json

import pytest

from emrkit_local.host.iam_simulation import UnsupportedCondition, decide

PASS = {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": "arn:aws:iam::1:role/node",
    "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
}


def outcome(statement: object, action: str, resource: str = "*", **context: list[str]) -> str:
    keys = {k.replace("__", ":"): v for k, v in context.items()}
    return decide({"p": {"Version": "2012-10-17", "Statement": statement}}, action, resource, keys).outcome


def test_pass_role_only_with_the_right_role_and_service() -> None:
    node = "arn:aws:iam::1:role/node"
    assert outcome([PASS], "iam:PassRole", node, iam__PassedToService=["ec2.amazonaws.com"]) == "allowed"
    assert outcome([PASS], "iam:PassRole", node, iam__PassedToService=["lambda.amazonaws.com"]) == "implicitDeny"
    assert outcome([PASS], "iam:PassRole", node) == "implicitDeny"
    assert outcome([PASS], "iam:PassRole", node + "2", iam__PassedToService=["ec2.amazonaws.com"]) == "implicitDeny"


def test_names_the_context_it_missed() -> None:
    decision = decide({"p": json.dumps({"Statement": PASS})}, "iam:PassRole", "arn:aws:iam::1:role/node", {})
    assert decision.missing == ("iam:PassedToService",)


def test_an_explicit_deny_wins_over_any_allow() -> None:
    policies = {
        "a": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
        "b": {"Statement": {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::logs/*"}},
    }
    assert decide(policies, "s3:DeleteObject", "arn:aws:s3:::logs/x", {}).outcome == "explicitDeny"
    assert decide(policies, "s3:DeleteObject", "arn:aws:s3:::data/x", {}).outcome == "allowed"


def test_not_action_and_not_resource() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::open/a") == "allowed"
    assert outcome(statement, "IAM:GetRole", "arn:aws:iam::1:role/a") == "implicitDeny"
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::secret/a") == "implicitDeny"


def test_actions_ignore_case_and_resources_do_not() -> None:
    statement = {"Effect": "Allow", "Action": "S3:getobject", "Resource": "arn:aws:s3:::Lake/*"}
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::Lake/a") == "allowed"
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::lake/a") == "implicitDeny"


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringLike": {"aws:RequestTag/for": "emr-*"}}, {"aws:RequestTag/for": ["emr-x"]}, True),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ["b"]}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": False}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:securetransport": ["TRUE"]}, True),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:emr:*:1:cluster/*"}},
            {"aws:SourceArn": ["arn:aws:emr:r:1:cluster/j"]},
            True,
        ),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:emr:*:1:*"}}, {"aws:SourceArn": ["arn:aws:emr:r:2:cluster/j"]}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws:TagKeys": ["a"]}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, {"aws:TagKeys": ["a", "c"]}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, {"aws:TagKeys": ["c", "a"]}, True),
        ({"NumericLessThan": {"n": "10"}}, {"n": ["9"]}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": ["11.0.0.1"]}, False),
        ({"StringEquals": {"a": "1", "b": "2"}}, {"a": ["1"]}, False),
    ],
)
def test_conditions(condition: object, context: dict[str, list[str]], holds: bool) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    found = decide({"p": {"Statement": [statement]}}, "ec2:RunInstances", "*", context)
    assert (found.outcome == "allowed") is holds


def test_an_operator_it_does_not_know_is_an_error_and_no_allow() -> None:
    with pytest.raises(UnsupportedCondition, match="BinaryEquals"):
        outcome(
            {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"BinaryEquals": {"k": "x"}}}, "s3:Get"
        )


def test_policy_variables_come_from_the_context() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::home/ada/x", aws__username=["ada"]) == "allowed"
    assert outcome(statement, "s3:GetObject", "arn:aws:s3:::home/bob/x", aws__username=["ada"]) == "implicitDeny"
