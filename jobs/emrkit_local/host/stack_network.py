"""CloudFormation types that the emulator's API has and its CloudFormation lacks: addresses, gateways, rules, flow logs.

They call the emulator's own EC2 and IAM, so that the result is the same object an API client would have made.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import cast

from .ministack import Emulator, Json, TypeHandlers
from .query_protocol import Element, QueryClient
from .resource_tags import change_tags
from .stack_documents import changed

__all__ = ["network_types"]

Created = tuple[str, dict[str, object]]
Updated = tuple[str, Mapping[str, object]]
_RULE_FIELDS = ("CidrIp", "CidrIpv6", "FromPort", "ToPort", "IpProtocol", "Description")
_PEERS = {
    "Ingress": ("SourceSecurityGroupId", "SourcePrefixListId"),
    "Egress": ("DestinationSecurityGroupId", "DestinationPrefixListId"),
}
_ADDRESS, _NAT_GATEWAY, _FLOW_LOG = "AWS::EC2::EIP", "AWS::EC2::NatGateway", "AWS::EC2::FlowLog"


class NetworkTypes:
    """Handlers of the EC2 types; they run on worker threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ec2 = QueryClient(emulator, "ec2", "2016-11-15")

    def updates(self, kind: str) -> Callable[..., Updated]:
        """The update of a type whose tags alone can change; with anything else it is made anew."""

        def update(identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
            if changed(old, new) - {"Tags"}:
                return self._emulator.replace_resource(kind, identity, old, new, stack, logical_id)
            attributes = self._attributes(kind, identity)
            change_tags(self._ec2, str(attributes.get("AllocationId", identity)), old, new)
            return identity, attributes

        return update

    def _attributes(self, kind: str, identity: str) -> dict[str, object]:
        if kind == _ADDRESS:
            found = self._addresses(identity)
            return {"PublicIp": identity, "AllocationId": found[0].text("allocationId") if found else identity}
        return {"NatGatewayId" if kind == _NAT_GATEWAY else "Id": identity}

    def _addresses(self, address: str) -> list[Element]:
        listed = self._ec2.call("DescribeAddresses", {}).items("addressesSet")
        return [found for found in listed if found.text("publicIp") == address]

    # Addresses and gateways -----------------------------------------------------------------------------------------

    def create_address(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        made = self._ec2.call("AllocateAddress", {"Domain": properties.get("Domain", "vpc")})
        address, allocation = made.text("publicIp"), made.text("allocationId")
        change_tags(self._ec2, allocation, {}, properties)
        return address, {"PublicIp": address, "AllocationId": allocation}

    def delete_address(self, address: str, _properties: Json) -> None:
        for found in self._addresses(address):
            self._ec2.call("ReleaseAddress", {"AllocationId": found.text("allocationId")})

    def create_nat_gateway(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        wanted = ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress")
        made = self._ec2.call("CreateNatGateway", {k: properties[k] for k in wanted if k in properties})
        identity = made.child("natGateway").text("natGatewayId")
        change_tags(self._ec2, identity, {}, properties)
        return identity, {"NatGatewayId": identity}

    def delete_nat_gateway(self, identity: str, _properties: Json) -> None:
        self._ec2.call("DeleteNatGateway", {"NatGatewayId": identity}, missing_is_fine=True)

    # Rules ----------------------------------------------------------------------------------------------------------

    def create_ingress(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        return self._add_rule("Ingress", properties)

    def create_egress(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        return self._add_rule("Egress", properties)

    def delete_ingress(self, _identity: str, properties: Json) -> None:
        self._drop_rule("Ingress", properties)

    def delete_egress(self, _identity: str, properties: Json) -> None:
        self._drop_rule("Egress", properties)

    def rule_updates(self, direction: str) -> Callable[..., Updated]:
        """The update of a rule: its description in place, anything else makes another rule."""

        def update(identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
            if changed(old, new) - {"Description"}:
                kind = f"AWS::EC2::SecurityGroup{direction}"
                return self._emulator.replace_resource(kind, identity, old, new, stack, logical_id)
            self._drop_rule(direction, old)
            self._add_rule(direction, new)
            return identity, {"Id": identity}

        return update

    def _add_rule(self, direction: str, properties: Json) -> Created:
        request = {"GroupId": properties["GroupId"], **_permission(properties, _PEERS[direction])}
        made = self._ec2.call(f"AuthorizeSecurityGroup{direction}", request)
        rules = made.items("securityGroupRuleSet")
        identity = (rules[0].text("securityGroupRuleId") if rules else "") or f"sgr-{uuid.uuid4().hex[:17]}"
        return identity, {"Id": identity}

    def _drop_rule(self, direction: str, properties: Json) -> None:
        request = {"GroupId": properties["GroupId"], **_permission(properties, _PEERS[direction])}
        self._ec2.call(f"RevokeSecurityGroup{direction}", request, missing_is_fine=True)

    # Flow logs and key pairs ----------------------------------------------------------------------------------------

    def create_flow_log(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        request = {k: v for k, v in properties.items() if k not in ("Tags", "ResourceId", "DestinationOptions")}
        made = self._ec2.call("CreateFlowLogs", {**request, "ResourceId": [properties["ResourceId"]]})
        identities = made.texts("flowLogIdSet")
        if not identities:
            raise ValueError("the flow log was not created")
        change_tags(self._ec2, identities[0], {}, properties)
        return identities[0], {"Id": identities[0]}

    def delete_flow_log(self, identity: str, _properties: Json) -> None:
        self._ec2.call("DeleteFlowLogs", {"FlowLogId": [identity]}, missing_is_fine=True)

    def create_key_pair(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        name = str(properties["KeyName"])
        if material := properties.get("PublicKeyMaterial"):
            made = self._ec2.call("ImportKeyPair", {"KeyName": name, "PublicKeyMaterial": material})
        else:
            made = self._ec2.call("CreateKeyPair", {"KeyName": name, "KeyType": properties.get("KeyType", "rsa")})
        return name, {"KeyPairId": made.text("keyPairId"), "KeyFingerprint": made.text("keyFingerprint")}

    def delete_key_pair(self, name: str, _properties: Json) -> None:
        self._ec2.call("DeleteKeyPair", {"KeyName": name}, missing_is_fine=True)


class ServiceLinkedRoles:
    """`AWS::IAM::ServiceLinkedRole`."""

    def __init__(self, emulator: Emulator) -> None:
        self._iam = QueryClient(emulator, "iam", "2010-05-08")

    def create(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        wanted = {k: properties[k] for k in ("AWSServiceName", "CustomSuffix", "Description") if k in properties}
        role = self._iam.call("CreateServiceLinkedRole", wanted).child("CreateServiceLinkedRoleResult").child("Role")
        return role.text("RoleName"), {"RoleName": role.text("RoleName"), "Arn": role.text("Arn")}

    def delete(self, name: str, _properties: Json) -> None:
        self._iam.call("DeleteServiceLinkedRole", {"RoleName": name}, missing_is_fine=True)


# Attributes (`Fn::GetAtt`) that equal a property and that the emulator leaves out.
_ATTRIBUTES = {
    "AWS::EC2::VPC": ("CidrBlock",),
    "AWS::EC2::Subnet": ("AvailabilityZone", "CidrBlock", "VpcId"),
    "AWS::EC2::SecurityGroup": ("VpcId",),
}


def _with_attributes(own: TypeHandlers, names: tuple[str, ...]) -> TypeHandlers:
    def completed(made: object, properties: Json) -> object:
        identity, attributes = cast("Created", made)
        more = {n: properties[n] for n in names if n in properties}
        return identity, {**more, **attributes}

    def create(logical_id: str, properties: Json, stack: str) -> object:
        return completed(own["create"](logical_id, properties, stack), properties)

    def update(identity: str, old: Json, new: Json, *rest: object) -> object:
        return completed(own["update"](identity, old, new, *rest), new)

    return {**own, "create": create, **({"update": update} if "update" in own else {})}


def network_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """The types by name."""
    completed = {t: _with_attributes(emulator.type_handlers(t), names) for t, names in _ATTRIBUTES.items()}
    types = NetworkTypes(emulator)
    roles = ServiceLinkedRoles(emulator)
    return {
        **completed,
        _ADDRESS: {
            "create": types.create_address,
            "update": types.updates(_ADDRESS),
            "delete": types.delete_address,
        },
        _NAT_GATEWAY: {
            "create": types.create_nat_gateway,
            "update": types.updates(_NAT_GATEWAY),
            "delete": types.delete_nat_gateway,
        },
        "AWS::EC2::SecurityGroupIngress": {
            "create": types.create_ingress,
            "update": types.rule_updates("Ingress"),
            "delete": types.delete_ingress,
        },
        "AWS::EC2::SecurityGroupEgress": {
            "create": types.create_egress,
            "update": types.rule_updates("Egress"),
            "delete": types.delete_egress,
        },
        _FLOW_LOG: {
            "create": types.create_flow_log,
            "update": types.updates(_FLOW_LOG),
            "delete": types.delete_flow_log,
        },
        "AWS::EC2::KeyPair": {"create": types.create_key_pair, "delete": types.delete_key_pair},
        "AWS::IAM::ServiceLinkedRole": {"create": roles.create, "delete": roles.delete},
    }


def _permission(properties: Mapping[str, object], peers: tuple[str, str]) -> dict[str, object]:
    """One rule as `IpPermissions` of the API."""
    given = {k: properties[k] for k in _RULE_FIELDS if properties.get(k) is not None}
    permission: dict[str, object] = {"IpProtocol": str(given.get("IpProtocol", "-1"))}
    for port in ("FromPort", "ToPort"):
        if port in given:
            permission[port] = given[port]
    about = {"Description": given["Description"]} if "Description" in given else {}
    if "CidrIp" in given:
        permission["IpRanges"] = [{"CidrIp": given["CidrIp"], **about}]
    if "CidrIpv6" in given:
        permission["Ipv6Ranges"] = [{"CidrIpv6": given["CidrIpv6"], **about}]
    group, prefix_list = (properties.get(p) for p in peers)
    if group:
        permission["Groups"] = [{"GroupId": cast("str", group), **about}]
    if prefix_list:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **about}]
    return {"IpPermissions": [permission]}
