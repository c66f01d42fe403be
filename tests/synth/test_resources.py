"""Resources made of properties in their final form are what CDK's own constructors make."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from emrkit.resources import make

_TRUST = {"Version": "2012-10-17", "Statement": []}


def test_the_template_is_that_of_the_class_and_so_are_aspects_overrides_and_attributes():
    app = cdk.App()
    ours, plain = cdk.Stack(app, "Ours"), cdk.Stack(app, "Plain")
    role = make(iam.CfnRole, ours, "Role", {"roleName": "r", "path": None, "assumeRolePolicyDocument": _TRUST})
    group = make(logs.CfnLogGroup, ours, "Log", {"logGroupName": role.attr_arn, "retentionInDays": 30})
    other = iam.CfnRole(plain, "Role", role_name="r", assume_role_policy_document=_TRUST)
    twin = logs.CfnLogGroup(plain, "Log", log_group_name=other.attr_arn, retention_in_days=30)
    seen = []
    for stack, made in ((ours, group), (plain, twin)):
        made.add_property_override("RetentionInDays", 60)
        cdk.Tags.of(made).add("team", "data")
        seen += [node for node in stack.node.children if isinstance(node, iam.CfnRole)]
    assert seen == [role, other], "what the tree gives back is the very object that was made"
    assembly = app.synth()
    template = assembly.get_stack_by_name("Ours").template
    assert template == assembly.get_stack_by_name("Plain").template
    assert template["Resources"]["Log"]["Properties"]["RetentionInDays"] == 60
    assert "Path" not in template["Resources"]["Role"]["Properties"]
