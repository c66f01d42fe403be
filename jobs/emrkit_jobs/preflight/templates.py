"""The clusters that synthesized stacks would make, as requests: what a template leaves open is filled in where it can.

A reference leads to what is deployed already; what the same deployment makes is unknown, and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from emrkit_jobs.preflight.needs import ClusterNeeds, read_request

__all__ = ["DeployedStack", "read_stacks"]

_CLUSTER = "AWS::EMR::Cluster"
_FLEETS = {"MasterInstanceFleet": "MASTER", "CoreInstanceFleet": "CORE", "TaskInstanceFleets": "TASK"}
_GROUPS = {"MasterInstanceGroup": "MASTER", "CoreInstanceGroup": "CORE", "TaskInstanceGroups": "TASK"}
_PLACEHOLDER = re.compile(r"\$\{([^}!][^}]*)\}")
_SCOPED_POLICY = "AmazonEMRServicePolicy_v2"
_ARNS = {
    "AWS::KMS::Key": "arn:{partition}:kms:{region}:{account}:key/{id}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{id}",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{id}",
}


@dataclass(frozen=True)
class DeployedStack:
    """A stack as it is wanted, and as it stands.

    `resources` are the ids of what is deployed, by logical id; `deployed` is the template that made them.
    """

    name: str
    wanted: Mapping[str, object]
    deployed: Mapping[str, object] | None = None
    resources: Mapping[str, str] = field(default_factory=dict[str, str])


def read_stacks(
    stacks: Iterable[DeployedStack], *, region: str, account: str, partition: str = "aws"
) -> Iterator[ClusterNeeds]:
    """The needs of every cluster that a deployment of these stacks would make or make anew.

    A cluster whose resource is the same as deployed is not asked about: it runs already.
    """
    family = tuple(stacks)
    made = {
        name
        for stack in family
        for body in _resources(stack.wanted).values()
        if body.get("Type") == "AWS::S3::Bucket"
        and isinstance(name := _dict(body.get("Properties")).get("BucketName"), str)
        and not stack.resources
    }
    resolver = _Resolver(family, {"region": region, "account": account, "partition": partition})
    for stack in family:
        before = _resources(stack.deployed) if stack.deployed is not None else {}
        for logical_id, body in _resources(stack.wanted).items():
            if body.get("Type") != _CLUSTER or before.get(logical_id) == body:
                continue
            raw = _dict(body.get("Properties"))
            request = _dict(resolver.resolve(raw, stack))
            security = _security(raw, stack, resolver)
            title = request.get("Name")
            needs = read_request(
                title if isinstance(title, str) else logical_id,
                _as_request(request),
                region,
                security,
                exists=security is None,
            )
            places = tuple(place for place in needs.places if place.bucket not in made and not _is_asset(place.bucket))
            yield replace(needs, places=places, scoped=_is_scoped(raw.get("ServiceRole"), stack))


def _as_request(properties: Mapping[str, object]) -> Mapping[str, object]:
    """CloudFormation's own nesting as that of RunJobFlow."""
    instances = dict(_dict(properties.get("Instances")))
    fleets: list[object] = []
    groups: list[object] = []
    for names, kind, into in ((_FLEETS, "InstanceFleetType", fleets), (_GROUPS, "InstanceRole", groups)):
        for name, role in names.items():
            part = instances.pop(name, None)
            for row in cast("list[object]", part if isinstance(part, list) else [part]):
                if isinstance(row, Mapping):
                    into.append({**cast("Mapping[str, object]", row), kind: role})
    return {**properties, "Instances": {**instances, "InstanceFleets": fleets, "InstanceGroups": groups}}


def _security(
    properties: Mapping[str, object], stack: DeployedStack, resolver: _Resolver
) -> Mapping[str, object] | None:
    """The document of a security configuration in the same template."""
    value = properties.get("SecurityConfiguration")
    name = _dict(value).get("Ref")
    body = _resources(stack.wanted).get(name) if isinstance(name, str) else None
    if body is None:
        return None
    document = _dict(body.get("Properties")).get("SecurityConfiguration")
    return _dict(resolver.resolve(document, stack))


def _is_scoped(role: object, stack: DeployedStack) -> bool:
    """Whether the service role, made by the same template, has the v2 policy."""
    reference = _dict(role)
    target = reference.get("Ref") or reference.get("Fn::GetAtt")
    name = cast("list[object]", target)[0] if isinstance(target, list) and target else target
    body = _resources(stack.wanted).get(name) if isinstance(name, str) else None
    policies = _dict(_dict(body).get("Properties")).get("ManagedPolicyArns")
    return _SCOPED_POLICY in str(policies)


def _is_asset(bucket: str) -> bool:
    """Whether it is the CDK's own bucket of assets, which the deployment fills itself."""
    return bucket.startswith("cdk-") and "-assets-" in bucket


@dataclass(frozen=True)
class _Resolver:
    """Fills in what is known before a deployment; the rest becomes None."""

    family: tuple[DeployedStack, ...]
    place: Mapping[str, str]

    def resolve(self, value: object, stack: DeployedStack) -> object:
        if isinstance(value, str):
            return None if value.startswith("{{resolve:") else value
        if isinstance(value, list):
            return [self.resolve(item, stack) for item in cast("list[object]", value)]
        if not isinstance(value, Mapping):
            return value
        body = cast("Mapping[str, object]", value)
        if len(body) == 1:
            ((name, argument),) = body.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument, stack)
        return {key: self.resolve(item, stack) for key, item in body.items()}

    def _function(self, name: str, argument: object, stack: DeployedStack) -> object:
        if name == "Ref":
            return self._ref(str(argument), stack)
        if name == "Fn::GetAtt":
            parts = cast("list[object]", argument) if isinstance(argument, list) else str(argument).split(".", 1)
            return self._attribute(str(parts[0]), str(parts[-1]), stack)
        if name == "Fn::ImportValue":
            return self._import(argument)
        if name == "Fn::Join" and isinstance(argument, list):
            separator, items = cast("list[object]", argument)
            pieces = self.resolve(items, stack)
            if isinstance(pieces, list) and all(isinstance(p, str) for p in cast("list[object]", pieces)):
                return str(separator).join(cast("list[str]", pieces))
        if name == "Fn::Sub":
            return self._substitute(argument, stack)
        return None

    def _ref(self, name: str, stack: DeployedStack) -> object:
        pseudo = {
            "AWS::Region": self.place["region"],
            "AWS::AccountId": self.place["account"],
            "AWS::Partition": self.place["partition"],
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
        }
        if name in pseudo:
            return pseudo[name]
        parameter = _dict(_dict(stack.wanted.get("Parameters")).get(name))
        if parameter and not str(parameter.get("Type", "")).startswith("AWS::SSM"):
            return parameter.get("Default")
        return stack.resources.get(name)

    def _attribute(self, name: str, attribute: str, stack: DeployedStack) -> object:
        identity = stack.resources.get(name)
        if identity is None:
            return None
        kind = str(_resources(stack.wanted).get(name, {}).get("Type"))
        if attribute == "Arn":
            form = _ARNS.get(kind)
            return identity if identity.startswith("arn:") else form and form.format(id=identity, **self.place)
        return identity if attribute in {"GroupId", "SubnetId", "VpcId"} else None

    def _import(self, name: object) -> object:
        for stack in self.family:
            for output in _dict(stack.wanted.get("Outputs")).values():
                body = _dict(output)
                if "Export" in body and _dict(body.get("Export")).get("Name") == name:
                    return self.resolve(body.get("Value"), stack)
        return None

    def _substitute(self, argument: object, stack: DeployedStack) -> object:
        text, given = argument, {}
        if isinstance(argument, list):
            text, given = cast("list[object]", argument)
        if not isinstance(text, str):
            return None
        values: dict[str, str] = {}
        for name in _PLACEHOLDER.findall(text):
            local = _dict(given).get(name)
            value = self.resolve(local, stack) if local is not None else self._named(name, stack)
            if not isinstance(value, str):
                return None
            values[name] = value
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

    def _named(self, name: str, stack: DeployedStack) -> object:
        first, _, attribute = name.partition(".")
        return self._attribute(first, attribute, stack) if attribute else self._ref(name, stack)


def _resources(template: Mapping[str, object] | None) -> dict[str, Mapping[str, object]]:
    return {name: _dict(body) for name, body in _dict(_dict(template).get("Resources")).items()}


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
