"""Rules on who gets in: network ingress, PassRole, the service role."""

from __future__ import annotations

import fnmatch
import ipaddress
import json
from collections.abc import Iterator

from emrkit_facts.iam import EMR_TAG

from .catalogue import Problem, Rule
from .template import ABSENT, Found, Json, Resource, Template, is_intrinsic, is_mapping, is_sequence

__all__ = ["INGRESS", "PASS_ROLE", "SERVICE_POLICY"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_CLUSTER = "AWS::EMR::Cluster"
_GROUP = "AWS::EC2::SecurityGroup"
_INGRESS = "AWS::EC2::SecurityGroupIngress"
_GROUP_FIELDS = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)
_STUDIO_FIELDS = ("EngineSecurityGroupId", "WorkspaceSecurityGroupId")
# Attached managed policies and named default roles that the scoped v2 policies replaced.
_RETIRED_POLICIES = {
    "AmazonElasticMapReduceRole": "AmazonEMRServicePolicy_v2",
    "AmazonElasticMapReduceforEC2Role": "least-privilege grants on the job's own buckets and keys",
    "AmazonElasticMapReduceFullAccess": "AmazonEMRFullAccessPolicy_v2",
    "AmazonElasticMapReduceReadOnlyAccess": "AmazonEMRReadOnlyAccessPolicy_v2",
}
_RETIRED_ROLES = {"ServiceRole": "EMR_DefaultRole", "JobFlowRole": "EMR_EC2_DefaultRole"}


def _closed(template: Template) -> Iterator[Problem]:
    groups = _emr_groups(template)
    for resource in template.of_type(_GROUP):
        if resource.id in groups:
            for rule in template.items(resource.properties, "SecurityGroupIngress"):
                yield from _open(template, resource.id, rule)
    for resource in template.of_type(_INGRESS):
        if template.references(resource.properties.get("GroupId")) & groups:
            yield from _open(template, resource.id, Found(resource.properties))


def _emr_groups(template: Template) -> frozenset[str]:
    """The groups that a cluster or a Studio uses, and those tagged for EMR (their cluster may be in another stack)."""
    used: set[str] = set()
    for cluster in template.of_type(_CLUSTER):
        for field in _GROUP_FIELDS:
            for found in template.at(cluster.properties, "Instances", field):
                used |= template.references(found.value)
    for studio in template.of_type("AWS::EMR::Studio"):
        used |= {name for field in _STUDIO_FIELDS for name in template.references(studio.properties.get(field))}
    tagged = {group.id for group in template.of_type(_GROUP) if _tagged(template, group)}
    return frozenset(used | tagged)


def _tagged(template: Template, group: Resource) -> bool:
    tags = (tag.value for tag in template.items(group.properties, "Tags"))
    return any(is_mapping(tag) and (tag.get("Key"), tag.get("Value")) == EMR_TAG for tag in tags)


def _open(template: Template, resource: str, rule: Found) -> Iterator[Problem]:
    for name in ("CidrIp", "CidrIpv6"):
        for found in template.at(rule.value, name):
            if _everybody(found.value):
                yield Problem(
                    resource,
                    (*rule.path, *found.path),
                    "a security group of the cluster is open to everybody",
                    "remove the rule; name the source by security group, and reach nodes through Session Manager",
                    got=str(found.value),
                )


def _everybody(value: object) -> bool:
    """Whether a range covers the whole address space, or half of it (two halves are the usual way around a check)."""
    if not isinstance(value, str):
        return False
    try:
        return ipaddress.ip_network(value, strict=False).prefixlen <= 1
    except ValueError:
        return False


def _pass_role(template: Template) -> Iterator[Problem]:
    for owner, statement in _statements(template):
        body = statement.value
        if not is_mapping(body) or not _grants_pass_role(template, body):
            continue
        for resource in template.items(body, "Resource"):
            if _star(resource.value):
                yield Problem(
                    owner,
                    (*statement.path, *resource.path),
                    "iam:PassRole is granted on roles that are not named",
                    "name the role by its ARN (Fn::GetAtt of the role that is passed)",
                    got=json.dumps(resource.value),
                )
        if "NotResource" in body:
            yield Problem(
                owner,
                (*statement.path, "NotResource"),
                "iam:PassRole is granted on every role but a few",
                "name the roles that may be passed under Resource",
            )
        if not _service_named(template, body):
            yield Problem(
                owner,
                (*statement.path, "Condition"),
                "iam:PassRole does not say which service may receive the role",
                'add {"StringEquals": {"iam:PassedToService": "elasticmapreduce.amazonaws.com"}} as Condition',
            )


def _grants_pass_role(template: Template, statement: Json) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return not any(_covers(found.value) for found in template.items(statement, "NotAction"))
    return any(_covers(found.value) for found in template.items(statement, "Action"))


def _covers(action: object) -> bool:
    return isinstance(action, str) and fnmatch.fnmatchcase("iam:passrole", action.lower())


def _star(value: object) -> bool:
    """Whether a wildcard stands anywhere in a name, also in the pieces of a Fn::Join or Fn::Sub."""
    if isinstance(value, str):
        return "*" in value
    if is_mapping(value):
        return any(_star(item) for item in value.values())
    return is_sequence(value) and any(_star(item) for item in value)


def _service_named(template: Template, statement: Json) -> bool:
    for condition in template.at(statement, "Condition"):
        if not is_mapping(condition.value):
            return False
        named = [
            service
            for operator, keys in condition.value.items()
            if operator.rsplit(":", 1)[-1] in {"StringEquals", "StringLike", "ForAnyValue:StringEquals"}
            and is_mapping(keys)
            for key, service in keys.items()
            if key.lower() == "iam:passedtoservice"
        ]
        if not named or not all(_one_service(service) for service in named):
            return False
    return True


def _one_service(value: object) -> bool:
    """Whether it names services; `ec2.amazonaws.com*` is AWS's own way to include the partitions' suffixes."""
    if isinstance(value, str):
        return "*" not in value.removesuffix(".amazonaws.com*")
    return not _star(value)


def _statements(template: Template) -> Iterator[tuple[str, Found]]:
    """Every statement of every identity policy: inline in roles, users, groups, and the policy resources."""
    for resource in template.resources.values():
        if not resource.type.startswith("AWS::IAM::"):
            continue
        for document in template.at(resource.properties, "PolicyDocument"):
            yield from _of_document(template, resource.id, document)
        for policy in template.items(resource.properties, "Policies"):
            for document in template.at(policy.value, "PolicyDocument"):
                yield from _of_document(template, resource.id, Found(document.value, (*policy.path, *document.path)))


def _of_document(template: Template, resource: str, document: Found) -> Iterator[tuple[str, Found]]:
    if document.value is not ABSENT:
        for statement in template.items(document.value, "Statement"):
            yield resource, Found(statement.value, (*document.path, *statement.path))


def _current_policies(template: Template) -> Iterator[Problem]:
    for role in template.of_type("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
        for found in template.items(role.properties, "ManagedPolicyArns"):
            for name in _last_words(found.value):
                if name in _RETIRED_POLICIES:
                    yield Problem(
                        role.id,
                        found.path,
                        f"the managed policy {name} is deprecated and far too broad",
                        f"use {_RETIRED_POLICIES[name]} instead",
                        got=name,
                    )
    for cluster in template.of_type(_CLUSTER):
        for field, retired in _RETIRED_ROLES.items():
            for found in template.at(cluster.properties, field):
                if found.value == retired:
                    yield Problem(
                        cluster.id,
                        found.path,
                        f"the default role {retired} carries a deprecated, far too broad policy",
                        "give the cluster a role of its own with AmazonEMRServicePolicy_v2 (emrkit's Roles makes one)",
                        got=retired,
                    )


def _last_words(value: object) -> Iterator[str]:
    """The policy names that an ARN can end in, however its text is put together."""
    if isinstance(value, str):
        yield value.rsplit("/", 1)[-1]
    elif is_mapping(value) and is_intrinsic(value):
        for argument in value.values():
            yield from _last_words(argument)
    elif is_sequence(value):
        for item in value:
            yield from _last_words(item)


INGRESS = Rule(
    "E-RULE-004",
    "no security group of a cluster is open to the internet",
    "EMR's daemons have no login of their own; block public access refuses such a cluster",
    _GUIDE + "emr-block-public-access.html",
    _closed,
    "G04",
)
PASS_ROLE = Rule(
    "E-RULE-005",
    "iam:PassRole names the role and the service",
    "who can pass any role to any service can become any role",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    _pass_role,
    "G06",
)
SERVICE_POLICY = Rule(
    "E-RULE-008",
    "clusters use the scoped v2 policies",
    "the first EMR policies reach all of the account, the v2 ones what is tagged for EMR",
    _GUIDE + "emr-managed-iam-policies.html",
    _current_policies,
    "G07",
)
