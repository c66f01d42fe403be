"""EC2's answers about network ACLs and DHCP options, and the CloudFormation types on them, over records in memory."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs

import pytest

from emrkit_local.host.ministack import Emulator
from emrkit_local.host.network_answers import take_access_lists, take_dhcp_options
from emrkit_local.host.query_answers import ec2_answer, read_text
from emrkit_local.host.query_protocol import QueryError
from emrkit_local.host.stack_access_lists import access_list_types
from emrkit_local.host.stack_dhcp import dhcp_types

Form = dict[str, list[str]]
Answer = tuple[int, dict[str, str], bytes]


class Records:
    """EC2 with a VPC of two subnets: what the emulator's own actions leave to ours, and no more."""

    def __init__(self) -> None:
        default = {"VpcId": "vpc-1", "IsDefault": True, "Entries": [], "Associations": [], "OwnerId": "1"}
        self.kinds: dict[str, dict[str, dict[str, Any]]] = {
            "vpcs": {"vpc-1": {"DhcpOptionsId": "dopt-00000001"}},
            "subnets": {"subnet-a": {"VpcId": "vpc-1"}, "subnet-b": {"VpcId": "vpc-1"}},
            "network_acls": {"acl-default": {"NetworkAclId": "acl-default", **default}},
            "dhcp_options": {},
        }
        self.tags: dict[str, dict[str, str]] = {}
        self.actions: dict[str, Callable[[Form], Answer]] = {
            "CreateNetworkAcl": self.create_acl,
            "DeleteNetworkAcl": lambda form: self.drop("network_acls", read_text(form, "NetworkAclId")),
            "DeleteDhcpOptions": lambda form: self.drop("dhcp_options", read_text(form, "DhcpOptionsId")),
            "CreateTags": self.tag,
            "DeleteTags": self.untag,
        }
        take_access_lists(cast("Emulator", self))
        take_dhcp_options(cast("Emulator", self))

    def create_acl(self, form: Form) -> Answer:
        identity = f"acl-{len(self.kinds['network_acls'])}"
        held = {"IsDefault": False, "Entries": [], "Associations": [], "OwnerId": "1"}
        record = {"NetworkAclId": identity, "VpcId": read_text(form, "VpcId"), **held}
        self.kinds["network_acls"][identity] = record
        inside = f"<networkAcl><networkAclId>{identity}</networkAclId><entrySet/></networkAcl>"
        return ec2_answer("CreateNetworkAcl", inside)

    def drop(self, kind: str, identity: str) -> Answer:
        del self.kinds[kind][identity]
        return ec2_answer("Delete", "")

    def tag(self, form: Form) -> Answer:
        given = {read_text(form, "Tag.1.Key"): read_text(form, "Tag.1.Value")}
        self.tags.setdefault(read_text(form, "ResourceId.1"), {}).update(given)
        return ec2_answer("CreateTags", "")

    def untag(self, form: Form) -> Answer:
        self.tags[read_text(form, "ResourceId.1")].pop(read_text(form, "Tag.1.Key"))
        return ec2_answer("DeleteTags", "")

    # What the modules under test ask of the emulator.

    def ec2_action(self, name: str) -> Callable[[Form], Answer]:
        return self.actions[name]

    def take_ec2_action(self, name: str, handler: Callable[[Form], Answer]) -> None:
        self.actions[name] = handler

    def ec2_records(self, kind: str) -> dict[str, dict[str, Any]]:
        return self.kinds[kind]

    def ec2_tags(self, identity: str) -> dict[str, str]:
        return self.tags.get(identity, {})

    def region(self) -> str:
        return "eu-west-1"

    def account(self) -> str:
        return "000000000000"

    def generated_name(self, stack: str, logical_id: str) -> str:
        return f"{stack}-{logical_id}"

    def replace_resource(self, kind: str, identity: str, *_: object) -> tuple[str, dict[str, object]]:
        return f"anew:{kind}", {}

    def call_service(self, _service: str, _headers: object, body: bytes) -> Answer:
        form = parse_qs(body.decode())
        return self.actions[form["Action"][0]](form)

    def ask(self, action: str, **fields: str) -> str:
        """The words of an answer, without its tags."""
        form = {name.replace("__", "."): [value] for name, value in fields.items()}
        return " ".join(ET.fromstring(self.actions[action](form)[2]).itertext())

    def acl_of(self, subnet: str) -> str:
        words = self.ask("DescribeNetworkAcls", Filter__1__Name="association.subnet-id", Filter__1__Value__1=subnet)
        return next(identity for identity in self.kinds["network_acls"] if f" {identity} " in words)


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def acls(records: Records) -> dict[str, Any]:
    return cast("dict[str, Any]", access_list_types(cast("Emulator", records)))


ENTRY = {"NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": 6, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}


def test_an_entry_keeps_its_ports_and_changes_in_place(records: Records, acls: dict[str, Any]) -> None:
    assert acls["AWS::EC2::NetworkAcl"]["create"]("A", {"VpcId": "vpc-1"}, "s") == ("acl-1", {"Id": "acl-1"})
    entry = acls["AWS::EC2::NetworkAclEntry"]
    assert entry["create"]("E", {**ENTRY, "PortRange": {"From": 443, "To": 444}}, "s") == ("s-E", {"Id": "s-E"})
    assert "443 444" in records.ask("DescribeNetworkAcls", NetworkAclId__1="acl-1")
    with pytest.raises(QueryError, match="NetworkAclEntryAlreadyExists"):
        entry["create"]("Again", ENTRY, "s")
    assert entry["update"]("s-E", ENTRY, {**ENTRY, "RuleAction": "deny"}, "s")[0] == "s-E"
    (kept,) = [e for e in records.kinds["network_acls"]["acl-1"]["Entries"] if e["RuleNumber"] == 100]
    assert kept == {**kept, "RuleAction": "deny", "Egress": False}
    assert "PortRange" not in kept
    assert entry["update"]("s-E", ENTRY, {**ENTRY, "RuleNumber": 7}, "s")[0] == "anew:AWS::EC2::NetworkAclEntry"
    entry["delete"]("s-E", ENTRY)
    entry["delete"]("s-E", ENTRY)  # a second time is no error
    assert [e["RuleNumber"] for e in records.kinds["network_acls"]["acl-1"]["Entries"]] == [32767, 32767]


def test_a_subnet_has_one_acl_and_an_older_association_takes_nothing_back(
    records: Records, acls: dict[str, Any]
) -> None:
    for _ in range(2):
        acls["AWS::EC2::NetworkAcl"]["create"]("A", {"VpcId": "vpc-1"}, "s")
    association = acls["AWS::EC2::SubnetNetworkAclAssociation"]
    assert records.acl_of("subnet-a") == "acl-default"
    first, _ = association["create"]("X", {"SubnetId": "subnet-a", "NetworkAclId": "acl-1"}, "s")
    second, attributes = association["create"]("X", {"SubnetId": "subnet-a", "NetworkAclId": "acl-2"}, "s")
    assert attributes == {"AssociationId": second}
    association["delete"](first, {})
    assert (records.acl_of("subnet-a"), records.acl_of("subnet-b")) == ("acl-2", "acl-default")
    with pytest.raises(QueryError, match="DependencyViolation"):
        acls["AWS::EC2::NetworkAcl"]["delete"]("acl-2", {})
    association["delete"](second, {})
    assert records.acl_of("subnet-a") == "acl-default"
    acls["AWS::EC2::NetworkAcl"]["delete"]("acl-2", {})
    with pytest.raises(ValueError, match="subnet-none does not exist"):
        association["create"]("X", {"SubnetId": "subnet-none", "NetworkAclId": "acl-1"}, "s")


def test_a_default_acl_stays_and_a_wrong_vpc_has_none(records: Records) -> None:
    assert "Cannot delete the default" in records.ask("DeleteNetworkAcl", NetworkAclId="acl-default")
    assert "InvalidVpcID.NotFound" in records.ask("CreateNetworkAcl", VpcId="vpc-none")
    assert "InvalidNetworkAclID.NotFound" in records.ask("DescribeNetworkAcls", NetworkAclId__1="acl-none")
    assert records.ask("DescribeNetworkAcls", Filter__1__Name="nobody-knows", Filter__1__Value__1="x") == "local"


def test_tags_of_a_list_change_in_place(records: Records, acls: dict[str, Any]) -> None:
    old = {"VpcId": "vpc-1", "Tags": [{"Key": "a", "Value": "1"}]}
    new = {"VpcId": "vpc-1", "Tags": [{"Key": "b", "Value": "2"}]}
    kind = acls["AWS::EC2::NetworkAcl"]
    kind["create"]("A", old, "s")
    assert kind["update"]("acl-1", old, new, "s") == ("acl-1", {"Id": "acl-1"})
    assert records.tags["acl-1"] == {"b": "2"}
    assert kind["update"]("acl-1", old, {"VpcId": "vpc-2"}, "s")[0] == "anew:AWS::EC2::NetworkAcl"


def test_options_in_use_stay_and_the_ones_nobody_chose_are_shown(records: Records) -> None:
    options = cast("dict[str, Any]", dhcp_types(cast("Emulator", records)))
    shown = records.ask("DescribeDhcpOptions", DhcpOptionsId__1="dopt-00000001")
    assert "domain-name eu-west-1.compute.internal domain-name-servers AmazonProvidedDNS" in shown
    pairs = [{"Key": "ntp-servers", "Values": ["169.254.169.123"]}]
    records.kinds["dhcp_options"]["dopt-1"] = {"DhcpConfigurations": pairs, "OwnerId": "1"}
    by_key = records.ask("DescribeDhcpOptions", Filter__1__Name="key", Filter__1__Value__1="ntp-*")
    assert "dopt-1" in by_key
    assert "dopt-00000001" not in by_key
    records.kinds["vpcs"]["vpc-1"]["DhcpOptionsId"] = "dopt-1"
    with pytest.raises(QueryError, match="DependencyViolation"):
        options["AWS::EC2::DHCPOptions"]["delete"]("dopt-1", {})
    records.kinds["vpcs"]["vpc-1"]["DhcpOptionsId"] = "default"
    options["AWS::EC2::DHCPOptions"]["delete"]("dopt-1", {})
    assert json.dumps(records.kinds["dhcp_options"]) == "{}"
