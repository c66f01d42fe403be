"""The CloudFormation types of DHCP options, on EC2's own actions."""

from __future__ import annotations

from collections.abc import Mapping

from .ministack import Emulator, Json, TypeHandlers
from .query_protocol import QueryClient
from .resource_tags import change_tags
from .stack_documents import changed

__all__ = ["dhcp_types"]

Created = tuple[str, dict[str, object]]
Updated = tuple[str, Mapping[str, object]]
_OPTIONS, _ASSOCIATION = "AWS::EC2::DHCPOptions", "AWS::EC2::VPCDHCPOptionsAssociation"
# Names of the API by those of templates.
_KEYS = {
    "DomainName": "domain-name",
    "DomainNameServers": "domain-name-servers",
    "NtpServers": "ntp-servers",
    "NetbiosNameServers": "netbios-name-servers",
    "NetbiosNodeType": "netbios-node-type",
    "Ipv6AddressPreferredLeaseTime": "ipv6-address-preferred-lease-time",
}
_NONE = "default"


class _DhcpTypes:
    """Handlers of both types; they run on worker threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ec2 = QueryClient(emulator, "ec2", "2016-11-15")

    def create(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        given = {key: properties[name] for name, key in _KEYS.items() if properties.get(name) is not None}
        pairs = [{"Key": key, "Value": v if isinstance(v, list) else [v]} for key, v in given.items()]
        made = self._ec2.call("CreateDhcpOptions", {"DhcpConfiguration": pairs})
        identity = made.child("dhcpOptions").text("dhcpOptionsId")
        change_tags(self._ec2, identity, {}, properties)
        return identity, {"DhcpOptionsId": identity}

    def update(self, identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
        if changed(old, new) - {"Tags"}:
            return self._emulator.replace_resource(_OPTIONS, identity, old, new, stack, logical_id)
        change_tags(self._ec2, identity, old, new)
        return identity, {"DhcpOptionsId": identity}

    def delete(self, identity: str, _properties: Json) -> None:
        self._ec2.call("DeleteDhcpOptions", {"DhcpOptionsId": identity}, missing_is_fine=True)

    def create_association(self, _logical_id: str, properties: Json, _stack: str) -> Created:
        wanted = {name: properties[name] for name in ("DhcpOptionsId", "VpcId")}
        self._ec2.call("AssociateDhcpOptions", wanted)
        return f"{wanted['DhcpOptionsId']}|{wanted['VpcId']}", {}

    def update_association(
        self, identity: str, old: Json, new: Json, stack: str, logical_id: str | None = None
    ) -> Updated:
        return self._emulator.replace_resource(_ASSOCIATION, identity, old, new, stack, logical_id)

    def delete_association(self, _identity: str, properties: Json) -> None:
        """The VPC has no options of its own then, unless another association gave it others."""
        filters = [{"Name": "vpc-id", "Value": [properties["VpcId"]]}]
        for vpc in self._ec2.call("DescribeVpcs", {"Filter": filters}).items("vpcSet"):
            if vpc.text("dhcpOptionsId") == properties["DhcpOptionsId"]:
                self._ec2.call("AssociateDhcpOptions", {"DhcpOptionsId": _NONE, "VpcId": properties["VpcId"]})


def dhcp_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """`AWS::EC2::DHCPOptions`, and what gives them to a VPC."""
    types = _DhcpTypes(emulator)
    return {
        _OPTIONS: {"create": types.create, "update": types.update, "delete": types.delete},
        _ASSOCIATION: {
            "create": types.create_association,
            "update": types.update_association,
            "delete": types.delete_association,
        },
    }
