"""What emrkit can synthesize, local EMR can deploy: every resource type, and telling examples from end to end."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emrkit_local import client
from tests.acceptance.daemon.calls import aws, settled

pytestmark = pytest.mark.daemon
ROOT = Path(__file__).parents[3]
SNAPSHOTS = ROOT / "tests" / "synth" / "__snapshots__"

# Types that local EMR cannot deploy, each with the reason; a type that it learns must leave.
NOT_HERE: dict[str, str] = {}
NO_TYPE_OF_OURS = "AWS::EMR::Studio"


# Types ----------------------------------------------------------------------------------------------------------------


def types_in_snapshots() -> Iterator[str]:
    """The types of every example, and of this repository's own app (the tests of synthesis keep both up to date)."""
    files = [*SNAPSHOTS.glob("test_examples_of_features/*.json"), *SNAPSHOTS.glob("test_logical_ids/*deployed*.json")]
    assert len(files) > 40
    for path in files:
        for resources in json.loads(path.read_text("utf-8")).values():
            yield from resources.values()


def types_in_constructs() -> Iterator[str]:
    """The type of each L1 class that the constructs and stacks name, also of those that no example makes."""
    for path in [*(ROOT / "constructs" / "emrkit").rglob("*.py"), *(ROOT / "stacks").rglob("*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        modules = {
            alias.asname or alias.name: f"aws_cdk.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "aws_cdk"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.startswith("Cfn"):
                found = getattr(importlib.import_module(modules[node.value.id]), node.attr)
                if kind := getattr(found, "CFN_RESOURCE_TYPE_NAME", None):
                    yield kind


def refused(local: client.Endpoint, kinds: set[str]) -> set[str]:
    """Those of the types that the endpoint does not know, in its own words."""
    resources = {f"R{n}": {"Type": kind, "Properties": {}} for n, kind in enumerate(sorted(kinds | {NO_TYPE_OF_OURS}))}
    with pytest.raises(ClientError) as said:
        aws(local, "cloudformation").create_stack(StackName="types", TemplateBody=json.dumps({"Resources": resources}))
    assert NO_TYPE_OF_OURS in str(said.value)
    return set(re.findall(r"(?:AWS|Custom)::[\w:]+", str(said.value))) - {NO_TYPE_OF_OURS}


def test_every_type_that_emrkit_makes_can_be_deployed_or_is_on_the_list(local: client.Endpoint) -> None:
    made = {*types_in_snapshots(), *types_in_constructs()}
    assert {"AWS::EMR::WALWorkspace", "AWS::EC2::NetworkAcl", "AWS::RDS::DBCluster", "AWS::EMR::Step"} <= made
    assert refused(local, made) == set(NOT_HERE), "not deployable, and on the list: they must be the same"
    assert set(NOT_HERE) <= made, "on the list, and nothing makes them"
    assert all(len(reason) > 20 for reason in NOT_HERE.values())


# Examples -------------------------------------------------------------------------------------------------------------

CHANGED: Mapping[str, Mapping[str, object]] = {
    "AWS::EMR::Cluster": {"StepConcurrencyLevel": 7},
    "AWS::EMR::InstanceGroupConfig": {"InstanceCount": 3},
    "AWS::EMR::InstanceFleetConfig": {"TargetSpotCapacity": 9},
    "AWS::EC2::NetworkAclEntry": {"RuleAction": "deny"},
    "AWS::EC2::SecurityGroupIngress": {"Description": "changed"},
    "AWS::IAM::Role": {"MaxSessionDuration": 7200},
    "AWS::RDS::DBCluster": {"BackupRetentionPeriod": 9},
    "AWS::SecretsManager::Secret": {"Description": "changed"},
}
"""What can change in place, by type; tags change everywhere."""
EXAMPLES = (
    "escape_hatch",
    "external_metastore",
    "hbase_wal",
    "network_isolated",
    "network_private",
    "roles_and_grants",
    "task_capacity",
    "three_primaries",
)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """The templates of the examples, by example, without what `cdk bootstrap` must have made."""
    folder = tmp_path_factory.mktemp("gallery")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "EMRKIT_"))}
    variables = {"CDK_OUTDIR": str(folder), "CDK_VALIDATION": "false"}
    command = [sys.executable, "-m", "docs.examples", *EXAMPLES]
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **variables}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    templates: dict[str, dict[str, Any]] = {}
    for name in EXAMPLES:
        found = json.loads((folder / f"{_stack(name)}.template.json").read_text("utf-8"))
        found["Parameters"].pop("BootstrapVersion")
        found.pop("Rules", None)
        templates[name] = found
    return templates


def _stack(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _physical(cfn: Any, stack: str) -> dict[str, tuple[str, str]]:
    pages = cfn.get_paginator("list_stack_resources").paginate(StackName=stack)
    rows = [row for page in pages for row in page["StackResourceSummaries"]]
    return {row["LogicalResourceId"]: (row["ResourceType"], row["PhysicalResourceId"]) for row in rows}


def _reasons(cfn: Any, stack: str) -> list[str]:
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = [event for page in pages for event in page["StackEvents"]]
    return [
        f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in events if "FAIL" in e["ResourceStatus"]
    ]


def _standing(local: client.Endpoint) -> dict[str, set[str]]:
    """What stands in the account that a stack of ours makes, by kind."""
    ec2, emr = aws(local, "ec2"), aws(local, "emr")
    living = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
    roles = [page["Roles"] for page in aws(local, "iam").get_paginator("list_roles").paginate()]
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    return {
        "vpcs": {row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"]},
        "subnets": {row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]},
        "groups": {row["GroupId"] for row in ec2.describe_security_groups()["SecurityGroups"]},
        "access lists": {row["NetworkAclId"] for row in ec2.describe_network_acls()["NetworkAcls"]},
        "options": {row["DhcpOptionsId"] for row in ec2.describe_dhcp_options()["DhcpOptions"]},
        "addresses": {row["PublicIp"] for row in ec2.describe_addresses()["Addresses"]},
        "gateways": {row["NatGatewayId"] for row in gateways if row["State"] != "deleted"},
        "endpoints": {row["VpcEndpointId"] for row in ec2.describe_vpc_endpoints()["VpcEndpoints"]},
        "roles": {row["RoleName"] for page in roles for row in page if "/aws-service-role/" not in row["Path"]},
        "clusters": {row["Id"] for row in emr.list_clusters(ClusterStates=living)["Clusters"]},
        "databases": {row["DBClusterIdentifier"] for row in aws(local, "rds").describe_db_clusters()["DBClusters"]},
        "secrets": {row["ARN"] for row in aws(local, "secretsmanager").list_secrets()["SecretList"]},
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_deployed_changed_in_place_and_destroyed_without_a_trace(
    local: client.Endpoint, gallery: Mapping[str, dict[str, Any]], name: str
) -> None:
    cfn, template, before = aws(local, "cloudformation"), gallery[name], _standing(local)
    request = {
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": "pl-0123456789abcdef0"} for key in template["Parameters"]
        ],
    }
    stack = cfn.create_stack(StackName=_stack(name), TemplateBody=json.dumps(template), **request)["StackId"]
    assert settled(local, stack) == "CREATE_COMPLETE", _reasons(cfn, stack)
    first = _physical(cfn, stack)
    assert {key: kind for key, (kind, _) in first.items()} == {
        key: resource["Type"] for key, resource in template["Resources"].items()
    }

    changed = json.loads(json.dumps(template))
    for resource in changed["Resources"].values():
        properties = resource["Properties"]
        properties.update(CHANGED.get(resource["Type"], {}))
        if isinstance(properties.get("Tags"), list):
            properties["Tags"].append({"Key": "later", "Value": "1"})
        if "TerminationProtected" in properties.get("Instances", {}):
            properties["Instances"]["TerminationProtected"] = False
    cfn.update_stack(StackName=stack, TemplateBody=json.dumps(changed), **request)
    assert settled(local, stack) == "UPDATE_COMPLETE", _reasons(cfn, stack)
    assert _physical(cfn, stack) == first

    cfn.delete_stack(StackName=stack)
    assert settled(local, stack) == "DELETE_COMPLETE", _reasons(cfn, stack)
    after = _standing(local)
    assert {kind: after[kind] - before[kind] for kind in after} == {kind: set() for kind in after}
