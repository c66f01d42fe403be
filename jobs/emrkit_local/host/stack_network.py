"""CloudFormation types that the emulator's API has and its CloudFormation lacks: addresses, gateways, rules, flow logs.

They call the emulator's own EC2 and IAM, so that the result is the same object an API client would have made.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import cast

from .ministack import Emulator, Json, TypeHandlers
from .query_protocol import QueryClient

__all__ = ["network_types"]

Created = tuple[str, dict[str, object]]
_RULE_FIELDS = ("CidrIp", "CidrIpv6", "FromPort", "ToPort", "IpProtocol", "Description")
_PEER_INGRESS = ("SourceSecurityGroupId", "SourcePrefixListId")
_PEER_EGRESS = ("DestinationSecurityGroupId", "DestinationPrefixListId")


class NetworkTypes:
    """Handlers of the EC2 types; they run on worker threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._ec2 = QueryClient(emulator, "ec2", "2016-11-15")

    # Addresses and gateways -----------------------------------------------------------------------------------------

    def create_address(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        made = self._ec2.call("AllocateAddress", {"Domain": properties.get("Domain", "vpc")})
        address, allocation = made.text("publicIp"), made.text("allocationId")
        self._tag(allocation, properties)
        return address, {"PublicIp": address, "AllocationId": allocation}

    def delete_address(self, address: str, _properties: Json) -> None:
        for found in self._ec2.call("DescribeAddresses", {}).items("addressesSet"):
            if found.text("publicIp") == address:
                self._ec2.call("ReleaseAddress", {"AllocationId": found.text("allocationId")})

    def create_nat_gateway(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        wanted = ("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress")
        made = self._ec2.call("CreateNatGateway", {k: properties[k] for k in wanted if k in properties})
        identity = made.child("natGateway").text("natGatewayId")
        self._tag(identity, properties)
        return identity, {"NatGatewayId": identity}

    def delete_nat_gateway(self, identity: str, _properties: Json) -> None:
        self._ec2.call("DeleteNatGateway", {"NatGatewayId": identity}, missing_is_fine=True)

    # Rules ----------------------------------------------------------------------------------------------------------

    def create_ingress(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        return self._add_rule("Ingress", properties, _PEER_INGRESS)

    def create_egress(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        return self._add_rule("Egress", properties, _PEER_EGRESS)

    def delete_ingress(self, identity: str, properties: Json) -> None:
        self._drop_rule("Ingress", identity, properties, _PEER_INGRESS)

    def delete_egress(self, identity: str, properties: Json) -> None:
        self._drop_rule("Egress", identity, properties, _PEER_EGRESS)

    def _add_rule(self, direction: str, properties: Json, peers: tuple[str, str]) -> Created:
        request = {"GroupId": properties["GroupId"], **_permission(properties, peers)}
        made = self._ec2.call(f"AuthorizeSecurityGroup{direction}", request)
        rules = made.items("securityGroupRuleSet")
        identity = rules[0].text("securityGroupRuleId") if rules else ""
        return identity or f"sgr-{uuid.uuid4().hex[:17]}", {}

    def _drop_rule(self, direction: str, _identity: str, properties: Json, peers: tuple[str, str]) -> None:
        request = {"GroupId": properties["GroupId"], **_permission(properties, peers)}
        self._ec2.call(f"RevokeSecurityGroup{direction}", request, missing_is_fine=True)

    # Flow logs and key pairs ----------------------------------------------------------------------------------------

    def create_flow_log(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        request = {k: v for k, v in properties.items() if k not in ("Tags", "ResourceId", "DestinationOptions")}
        made = self._ec2.call("CreateFlowLogs", {**request, "ResourceId": [properties["ResourceId"]]})
        identities = made.texts("flowLogIdSet")
        if not identities:
            raise ValueError("the flow log was not created")
        self._tag(identities[0], properties)
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

    def _tag(self, identity: str, properties: Mapping[str, object]) -> None:
        if tags := properties.get("Tags"):
            self._ec2.call("CreateTags", {"ResourceId": [identity], "Tag": tags})


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
        "AWS::EC2::EIP": {"create": types.create_address, "delete": types.delete_address},
        "AWS::EC2::NatGateway": {"create": types.create_nat_gateway, "delete": types.delete_nat_gateway},
        "AWS::EC2::SecurityGroupIngress": {"create": types.create_ingress, "delete": types.delete_ingress},
        "AWS::EC2::SecurityGroupEgress": {"create": types.create_egress, "delete": types.delete_egress},
        "AWS::EC2::FlowLog": {"create": types.create_flow_log, "delete": types.delete_flow_log},
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
