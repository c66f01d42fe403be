"""The foundation by itself: what it is made of whatever the app's flags say, and what stays when the stack goes."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template

import emrkit as emr

BY_POLICY = "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy"


@pytest.mark.parametrize("context", [{}, {BY_POLICY: False}, {BY_POLICY: True}])
def test_access_logs_are_delivered_by_policy_and_without_an_acl_whatever_the_flags_of_the_app(
    context: dict[str, bool],
) -> None:
    stack = Stack(App(context=context, builtin_cloud_formation_validation=False), "Alone")
    emr.Foundation(stack, "Foundation")
    template: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
    buckets = {name: r["Properties"] for name, r in template.items() if r["Type"] == "AWS::S3::Bucket"}
    assert len(buckets) == 4
    assert not [name for name, properties in buckets.items() if "AccessControl" in properties]
    (logs,) = [name for name in buckets if "AccessLogs" in name]
    delivering = [
        statement
        for resource in template.values()
        if resource["Type"] == "AWS::S3::BucketPolicy" and resource["Properties"]["Bucket"] == {"Ref": logs}
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    ]
    assert len(delivering) == 3
    assert {statement["Action"] for statement in delivering} == {"s3:PutObject"}


@pytest.mark.parametrize(("keep_data", "policy"), [(False, "Delete"), (True, "Retain")])
def test_key_and_buckets_go_with_the_stack_unless_data_is_kept(stack: Stack, keep_data: bool, policy: str) -> None:
    emr.Foundation(stack, "Foundation", keep_data=keep_data)
    template: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
    kept = {r["DeletionPolicy"] for r in template.values() if r["Type"] in {"AWS::KMS::Key", "AWS::S3::Bucket"}}
    assert kept == {policy}
