"""The CloudFormation types of network ACLs, on EC2's own actions."""

from __future__ import annotations

from collections.abc import Mapping

from .ministack import Emulator, Json, TypeHandlers
from .query_protocol import Element, QueryClient
from .resource_tags import change_tags
from .stack_documents import changed

__all__ = ["access_list_types"]

Created = tuple[str, dict[str, object]]
Updated = tuple[str, Mapping[str, object]]
_ACL, _ENTRY = "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry"
_ASSOCIATION = "AWS::EC2::SubnetNetworkAclAssociation"
_PLACE = ("NetworkAclId", "RuleNumber", "Egress")


class _AccessListTypes:
    """Handlers of the three types; they run on worker threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ec2 = QueryClient(emulator, "ec2", "2016-11-15")

    # Lists ----------------------------------------------------------------------------------------------------------

    def create(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        made = self._ec2.call("CreateNetworkAcl", {"VpcId": properties["VpcId"]})
        identity = made.child("networkAcl").text("networkAclId")
        change_tags(self._ec2, identity, {}, properties)
        return identity, {"Id": identity}

    def update(self, identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
        if changed(old, new) - {"Tags"}:
            return self._emulator.replace_resource(_ACL, identity, old, new, stack, logical_id)
        change_tags(self._ec2, identity, old, new)
        return identity, {"Id": identity}

    def delete(self, identity: str, _properties: Json) -> None:
        self._ec2.call("DeleteNetworkAcl", {"NetworkAclId": identity}, missing_is_fine=True)

    # Entries --------------------------------------------------------------------------------------------------------

    def create_entry(self, logical_id: str, properties: Json, stack: str) -> Created:
        self._ec2.call("CreateNetworkAclEntry", _entry(properties))
        identity = self._emulator.generated_name(stack, logical_id)
        return identity, {"Id": identity}

    def update_entry(self, identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
        if changed(old, new) & {*_PLACE}:
            return self._emulator.replace_resource(_ENTRY, identity, old, new, stack, logical_id)
        self._ec2.call("ReplaceNetworkAclEntry", _entry(new))
        return identity, {"Id": identity}

    def delete_entry(self, _identity: str, properties: Json) -> None:
        self._ec2.call("DeleteNetworkAclEntry", _place(properties), missing_is_fine=True)

    # Associations ---------------------------------------------------------------------------------------------------

    def create_association(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        subnet = str(properties["SubnetId"])
        listed = self._lists("association.subnet-id", subnet)
        held = [one for acl in listed for one in acl.items("associationSet") if one.text("subnetId") == subnet]
        if not held:
            raise ValueError(f"the subnet {subnet} does not exist")
        return self._associate(held[0].text("networkAclAssociationId"), str(properties["NetworkAclId"]))

    def update_association(
        self, identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None
    ) -> Updated:
        return self._emulator.replace_resource(_ASSOCIATION, identity, old, new, stack, logical_id)

    def delete_association(self, identity: str, _properties: Json) -> None:
        """The subnet goes back to its VPC's default ACL, unless another association took the place of this one."""
        for acl in self._lists("association.association-id", identity):
            vpc = acl.text("vpcId")
            default = next(a for a in self._lists("vpc-id", vpc) if a.text("default") == "true")
            self._associate(identity, default.text("networkAclId"))

    def _associate(self, association: str, acl: str) -> Created:
        made = self._ec2.call("ReplaceNetworkAclAssociation", {"AssociationId": association, "NetworkAclId": acl})
        identity = made.text("newAssociationId")
        return identity, {"AssociationId": identity}

    def _lists(self, name: str, value: str) -> list[Element]:
        filters = [{"Name": name, "Value": [value]}]
        return self._ec2.call("DescribeNetworkAcls", {"Filter": filters}).items("networkAclSet")


def _place(properties: Mapping[str, object]) -> Json:
    given = {name: properties[name] for name in _PLACE if name in properties}
    return {"Egress": False, **given}


def _entry(properties: Mapping[str, object]) -> Json:
    names = ("Protocol", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange", "Icmp")
    return _place(properties) | {name: properties[name] for name in names if properties.get(name) is not None}


def access_list_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """`AWS::EC2::NetworkAcl`, its entries, and what puts subnets under it."""
    types = _AccessListTypes(emulator)
    return {
        _ACL: {"create": types.create, "update": types.update, "delete": types.delete},
        _ENTRY: {"create": types.create_entry, "update": types.update_entry, "delete": types.delete_entry},
        _ASSOCIATION: {
            "create": types.create_association,
            "update": types.update_association,
            "delete": types.delete_association,
        },
    }
