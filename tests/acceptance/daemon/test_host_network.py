"""Network ACLs, DHCP options and WAL workspaces: what stacks make of them is what EC2 shows, through every change."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emrkit_local import client
from tests.acceptance.daemon.calls import RELEASE, Start, aws, settled

pytestmark = pytest.mark.daemon
Resources = dict[str, dict[str, Any]]


def resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def guarded() -> Resources:
    """A VPC of two subnets, one of them under an ACL, with DHCP options and an address of its own."""
    ref = lambda name: {"Ref": name}  # noqa: E731
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
        "One": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.9.0.0/24"),
        "Two": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.9.1.0/24"),
        "Acl": resource("EC2::NetworkAcl", VpcId=ref("Vpc"), Tags=[{"Key": "Name", "Value": "nodes"}]),
        "Https": resource(
            "EC2::NetworkAclEntry",
            NetworkAclId=ref("Acl"),
            RuleNumber=110,
            Protocol=6,
            RuleAction="allow",
            Egress=True,
            CidrBlock="0.0.0.0/0",
            PortRange={"From": 443, "To": 443},
        ),
        "Under": resource("EC2::SubnetNetworkAclAssociation", SubnetId=ref("One"), NetworkAclId=ref("Acl")),
        "Dhcp": resource("EC2::DHCPOptions", DomainName="lake.example", DomainNameServers=["AmazonProvidedDNS"]),
        "Uses": resource("EC2::VPCDHCPOptionsAssociation", VpcId=ref("Vpc"), DhcpOptionsId=ref("Dhcp")),
        "Address": resource("EC2::EIP", Domain="vpc"),
    }


def body(resources: Mapping[str, object], **outputs: object) -> str:
    return json.dumps({"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}})


class Stack:
    """One stack, and what it made."""

    def __init__(self, endpoint: client.Endpoint, name: str, resources: Resources, **outputs: object) -> None:
        self.cfn, self.ec2 = aws(endpoint, "cloudformation"), aws(endpoint, "ec2")
        self.endpoint, self.name, self.outputs = endpoint, name, outputs
        self.cfn.create_stack(StackName=name, TemplateBody=body(resources, **outputs))
        assert settled(endpoint, name) == "CREATE_COMPLETE", self.reasons()

    def update(self, resources: Resources) -> str:
        self.cfn.update_stack(StackName=self.name, TemplateBody=body(resources, **self.outputs))
        return settled(self.endpoint, self.name)

    def delete(self) -> None:
        stack = self.cfn.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.cfn.delete_stack(StackName=self.name)
        assert settled(self.endpoint, stack) == "DELETE_COMPLETE", self.reasons()

    def reasons(self) -> list[str]:
        events = self.cfn.describe_stack_events(StackName=self.name)["StackEvents"]
        return [e["ResourceStatusReason"] for e in events if "FAILED" in e["ResourceStatus"]]

    def physical(self) -> dict[str, str]:
        rows = self.cfn.describe_stack_resources(StackName=self.name)["StackResources"]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}

    def output(self) -> dict[str, str]:
        rows = self.cfn.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {row["OutputKey"]: row["OutputValue"] for row in rows}

    def acl_of(self, subnet: str) -> dict[str, Any]:
        """The one ACL that a subnet is under."""
        filters = [{"Name": "association.subnet-id", "Values": [self.physical()[subnet]]}]
        (found,) = self.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
        return found

    def dhcp(self) -> dict[str, list[str]]:
        """The DHCP options of the VPC, empty when it has none of its own."""
        (vpc,) = self.ec2.describe_vpcs(VpcIds=[self.physical()["Vpc"]])["Vpcs"]
        if vpc["DhcpOptionsId"] == "default":
            return {}
        (found,) = self.ec2.describe_dhcp_options(DhcpOptionsIds=[vpc["DhcpOptionsId"]])["DhcpOptions"]
        return {pair["Key"]: [v["Value"] for v in pair["Values"]] for pair in found["DhcpConfigurations"]}


def mine(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The tags that the template gave, without CloudFormation's own."""
    return [tag for tag in row["Tags"] if not tag["Key"].startswith("aws:")]


def address(local: client.Endpoint, ip: str) -> dict[str, Any]:
    (found,) = [row for row in aws(local, "ec2").describe_addresses()["Addresses"] if row["PublicIp"] == ip]
    return found


def rules(acl: Mapping[str, Any]) -> set[tuple[int, bool, str, int | None]]:
    return {
        (e["RuleNumber"], e["Egress"], e["RuleAction"], e.get("PortRange", {}).get("To"))
        for e in acl["Entries"]
        if e["RuleNumber"] != 32767
    }


def test_a_stack_puts_a_subnet_under_its_acl_and_gives_it_back(local: client.Endpoint) -> None:
    get = {
        "AclId": {"Fn::GetAtt": ["Acl", "Id"]},
        "Association": {"Fn::GetAtt": ["Under", "AssociationId"]},
        "Options": {"Fn::GetAtt": ["Dhcp", "DhcpOptionsId"]},
    }
    stack = Stack(local, "guarded", guarded(), **get)
    made, acl = stack.physical(), stack.acl_of("One")
    assert stack.output() == {"AclId": made["Acl"], "Association": made["Under"], "Options": made["Dhcp"]}
    assert (acl["NetworkAclId"], mine(acl)) == (made["Acl"], [{"Key": "Name", "Value": "nodes"}])
    assert rules(acl) == {(110, True, "allow", 443)}
    assert {(e["Egress"], e["RuleAction"]) for e in acl["Entries"] if e["RuleNumber"] == 32767} == {
        (False, "deny"),
        (True, "deny"),
    }
    assert stack.acl_of("Two")["IsDefault"]
    assert stack.dhcp() == {"domain-name": ["lake.example"], "domain-name-servers": ["AmazonProvidedDNS"]}

    with pytest.raises(ClientError, match="DependencyViolation"):
        stack.ec2.delete_network_acl(NetworkAclId=made["Acl"])
    with pytest.raises(ClientError, match="DependencyViolation"):
        stack.ec2.delete_dhcp_options(DhcpOptionsId=made["Dhcp"])

    left = {name: r for name, r in guarded().items() if name not in ("Under", "Uses")}
    stack.outputs = {}
    assert stack.update(left) == "UPDATE_COMPLETE", stack.reasons()
    assert stack.acl_of("One")["IsDefault"]
    assert stack.dhcp() == {}
    stack.delete()
    for ask, field in (("network_acl", "NetworkAclIds"), ("dhcp_option", "DhcpOptionsIds")):
        with pytest.raises(ClientError, match="NotFound"):
            getattr(stack.ec2, f"describe_{ask}s")(**{field: [made["Acl" if "acl" in ask else "Dhcp"]]})


def test_what_can_change_in_place_does_and_the_rest_is_made_anew(local: client.Endpoint) -> None:
    stack = Stack(local, "changing", guarded())
    first = stack.physical()

    changed = guarded()
    changed["Https"]["Properties"]["PortRange"] = {"From": 443, "To": 8443}
    tags = [{"Key": "cost", "Value": "1"}]
    for name in ("Acl", "Dhcp", "Address"):
        changed[name]["Properties"]["Tags"] = tags
    assert stack.update(changed) == "UPDATE_COMPLETE", stack.reasons()
    assert stack.physical() == first
    assert rules(stack.acl_of("One")) == {(110, True, "allow", 8443)}
    assert mine(stack.acl_of("One")) == tags
    assert mine(stack.ec2.describe_dhcp_options(DhcpOptionsIds=[first["Dhcp"]])["DhcpOptions"][0]) == tags
    assert mine(address(local, first["Address"])) == tags

    changed["Https"]["Properties"]["RuleNumber"] = 120
    changed["Dhcp"]["Properties"]["DomainName"] = "other.example"
    changed["Under"]["Properties"]["SubnetId"] = {"Ref": "Two"}
    assert stack.update(changed) == "UPDATE_COMPLETE", stack.reasons()
    second = stack.physical()
    assert {name for name in first if first[name] != second[name]} == {"Https", "Dhcp", "Under", "Uses"}
    assert stack.acl_of("One")["IsDefault"]
    assert rules(stack.acl_of("Two")) == {(120, True, "allow", 8443)}
    assert stack.dhcp()["domain-name"] == ["other.example"]
    with pytest.raises(ClientError, match="NotFound"):
        stack.ec2.describe_dhcp_options(DhcpOptionsIds=[first["Dhcp"]])

    broken = json.loads(json.dumps(changed))
    broken["Https"]["Properties"]["PortRange"] = {"From": 1, "To": 2}
    broken["Late"] = resource("EC2::SubnetNetworkAclAssociation", SubnetId="subnet-none", NetworkAclId={"Ref": "Acl"})
    broken["Late"]["DependsOn"] = ["Https"]
    assert stack.update(broken) == "UPDATE_ROLLBACK_COMPLETE"
    assert "subnet-none does not exist" in " ".join(stack.reasons())
    assert rules(stack.acl_of("Two")) == {(120, True, "allow", 8443)}
    stack.delete()


def test_a_stacks_own_tags_reach_what_it_makes_and_follow_the_stack(local: client.Endpoint) -> None:
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    resources = guarded()
    resources["Cluster"] = resource(
        "EMR::Cluster",
        Name="tagged",
        ReleaseLabel=RELEASE,
        JobFlowRole="n",
        ServiceRole="s",
        Instances={"MasterInstanceFleet": fleet},
        Tags=[{"Key": "mine", "Value": "stays"}],
    )
    cfn, ec2, emr = (aws(local, name) for name in ("cloudformation", "ec2", "emr"))

    def given(change: Any, **tags: str) -> dict[str, dict[str, str]]:
        rows = [{"Key": key, "Value": value} for key, value in tags.items()]
        change(StackName="tagged", TemplateBody=body(resources), Tags=rows)
        assert settled(local, "tagged").endswith("E_COMPLETE")
        rows = cfn.describe_stack_resources(StackName="tagged")["StackResources"]
        made = {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}
        found = {
            "Acl": ec2.describe_network_acls(NetworkAclIds=[made["Acl"]])["NetworkAcls"][0],
            "Dhcp": ec2.describe_dhcp_options(DhcpOptionsIds=[made["Dhcp"]])["DhcpOptions"][0],
            "Address": ec2.describe_addresses(PublicIps=[made["Address"]])["Addresses"][0],
            "Cluster": emr.describe_cluster(ClusterId=made["Cluster"])["Cluster"],
        }
        return {name: {tag["Key"]: tag["Value"] for tag in row["Tags"]} for name, row in found.items()}

    first = given(cfn.create_stack, owner="lake", old="1")
    for name, tags in first.items():
        assert tags == {**tags, "owner": "lake", "old": "1", "aws:cloudformation:logical-id": name}
    second = given(cfn.update_stack, owner="shop")
    for tags in second.values():
        assert (tags["owner"], tags["aws:cloudformation:stack-name"]) == ("shop", "tagged")
        assert "old" not in tags
    assert second["Cluster"]["mine"] == "stays"
    cfn.delete_stack(StackName="tagged")


def test_a_description_changes_in_the_rule_that_has_it(local: client.Endpoint) -> None:
    def rule(words: str) -> Resources:
        return {
            "Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
            "Group": resource("EC2::SecurityGroup", GroupDescription="g", VpcId={"Ref": "Vpc"}),
            "Rule": resource(
                "EC2::SecurityGroupIngress",
                GroupId={"Fn::GetAtt": ["Group", "GroupId"]},
                IpProtocol="tcp",
                FromPort=8443,
                ToPort=8443,
                CidrIp="10.0.0.0/8",
                Description=words,
            ),
        }

    stack = Stack(local, "described", rule("before"), Id={"Fn::GetAtt": ["Rule", "Id"]})
    first = stack.physical()
    assert stack.output() == {"Id": first["Rule"]}
    assert stack.update(rule("after")) == "UPDATE_COMPLETE", stack.reasons()
    (group,) = stack.ec2.describe_security_groups(GroupIds=[first["Group"]])["SecurityGroups"]
    ranges = [r for permission in group["IpPermissions"] for r in permission["IpRanges"]]
    assert ranges == [{"CidrIp": "10.0.0.0/8", "Description": "after"}]
    assert stack.physical() == first
    stack.delete()


def test_ec2s_own_actions_keep_what_they_are_given_and_refuse_as_ec2_does(local: client.Endpoint) -> None:
    ec2 = aws(local, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    acl = made["NetworkAclId"]
    assert len(made["Entries"]) == 2
    entry = {"NetworkAclId": acl, "RuleNumber": 5, "Egress": False, "Protocol": "1", "RuleAction": "deny"}
    ec2.create_network_acl_entry(**entry, CidrBlock="10.0.0.0/8", IcmpTypeCode={"Type": 3, "Code": -1})
    with pytest.raises(ClientError, match="NetworkAclEntryAlreadyExists"):
        ec2.create_network_acl_entry(**entry, CidrBlock="10.0.0.0/8")
    with pytest.raises(ClientError, match=r"InvalidNetworkAclEntry\.NotFound"):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=6, Egress=False)
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        ec2.create_network_acl(VpcId="vpc-none")

    held = {"Filters": [{"Name": "association.subnet-id", "Values": [subnet]}]}
    (default,) = ec2.describe_network_acls(**held)["NetworkAcls"]
    assert default["IsDefault"]
    (association,) = default["Associations"]
    moved = ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)[
        "NewAssociationId"
    ]
    (now,) = ec2.describe_network_acls(**held)["NetworkAcls"]
    assert [(a["NetworkAclAssociationId"], a["SubnetId"]) for a in now["Associations"]] == [(moved, subnet)]
    assert [e["IcmpTypeCode"] for e in now["Entries"] if e["RuleNumber"] == 5] == [{"Type": 3, "Code": -1}]
    with pytest.raises(ClientError, match=r"InvalidAssociationID\.NotFound"):
        ec2.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"]
        )
    other = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_network_acl(VpcId=other)["NetworkAcl"]["NetworkAclId"]
    with pytest.raises(ClientError, match="different networks"):
        ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=foreign)
    by_vpc = [{"Name": "vpc-id", "Values": [other]}, {"Name": "default", "Values": ["false"]}]
    assert [a["NetworkAclId"] for a in ec2.describe_network_acls(Filters=by_vpc)["NetworkAcls"]] == [foreign]

    options = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"]
    (row,) = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"]
    assert {pair["Key"] for pair in row["DhcpConfigurations"]} == {"domain-name", "domain-name-servers"}


def workspace(name: str | None = None, **more: object) -> Resources:
    return {"Logs": resource("EMR::WALWorkspace", **({"WALWorkspaceName": name} if name else {}), **more)}


def test_a_workspace_is_its_name_in_the_stack_and_taken_once(local: client.Endpoint) -> None:
    stack = Stack(local, "wal", workspace("orders"), Name={"Ref": "Logs"})
    assert stack.output() == {"Name": "orders"}
    role = aws(local, "iam").get_role(RoleName="AWSServiceRoleForEMRWAL")["Role"]
    assert role["Arn"].endswith(":role/aws-service-role/emrwal.amazonaws.com/AWSServiceRoleForEMRWAL")

    def refusal(name: str, resources: Resources) -> str:
        stack.cfn.create_stack(StackName=name, TemplateBody=body(resources))
        assert settled(local, name) == "ROLLBACK_COMPLETE"
        events = stack.cfn.describe_stack_events(StackName=name)["StackEvents"]
        return " ".join(e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"] == "CREATE_FAILED")

    assert "orders already exists" in refusal("wal-again", workspace("orders"))
    assert "32 letters and digits" in refusal("wal-wrong", workspace("no-hyphens"))
    unnamed = Stack(local, "wal-unnamed", workspace())
    made = unnamed.physical()["Logs"]
    assert made.isalnum()
    assert len(made) <= 32

    assert stack.update(workspace("orders", Tags=[{"Key": "a", "Value": "b"}])) == "UPDATE_COMPLETE"
    assert stack.update(workspace("returns")) == "UPDATE_COMPLETE"
    assert stack.output() == {"Name": "returns"}
    Stack(local, "wal-free", workspace("orders"))  # the former name is free again
    stack.delete()
    Stack(local, "wal-freed", workspace("returns"))


def test_acls_and_options_of_a_stack_survive_kill_9(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    stack = Stack(endpoint, "guarded", guarded())
    before = stack.physical()
    os.kill(endpoint.pid, signal.SIGKILL)
    again = start(tmp_path)
    stack.endpoint, stack.cfn, stack.ec2 = again, aws(again, "cloudformation"), aws(again, "ec2")
    assert stack.physical() == before
    assert rules(stack.acl_of("One")) == {(110, True, "allow", 443)}
    assert stack.dhcp()["domain-name"] == ["lake.example"]
    stack.delete()
