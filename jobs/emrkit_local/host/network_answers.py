"""EC2's answers about network ACLs and DHCP options, where the emulator's lose what they were given.

An entry keeps its ports and its ICMP type, every subnet has exactly one ACL (its VPC's default one, until another takes
its place), what is in use cannot be deleted, and filters choose.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import cast
from xml.sax.saxutils import escape

from .ministack import Emulator, Json, Response
from .query_answers import Form, ec2_answer, ec2_error, matches, read_filters, read_list, read_text

__all__ = ["take_access_lists", "take_dhcp_options"]

_LAST_RULE = 32767
"""The number of the entry that denies what no other lets pass."""
_DEFAULT_OPTIONS = "dopt-00000001"
"""The name that the emulator gives the DHCP options of a new VPC."""


def take_access_lists(emulator: Emulator) -> None:
    """Answer the actions on network ACLs ourselves, on the emulator's own records."""
    lists = _AccessLists(emulator)
    actions = {
        "CreateNetworkAcl": lists.create,
        "DeleteNetworkAcl": lists.delete,
        "DescribeNetworkAcls": lists.describe,
        "CreateNetworkAclEntry": lists.create_entry,
        "ReplaceNetworkAclEntry": lists.replace_entry,
        "DeleteNetworkAclEntry": lists.delete_entry,
        "ReplaceNetworkAclAssociation": lists.associate,
    }
    # Stacks call from threads of their own, and each action reads before it writes.
    one_at_a_time = threading.Lock()

    def alone(action: Callable[[Form], Response]) -> Callable[[Form], Response]:
        def answer(form: Form) -> Response:
            with one_at_a_time:
                return action(form)

        return answer

    for name, action in actions.items():
        emulator.take_ec2_action(name, alone(action))


def take_dhcp_options(emulator: Emulator) -> None:
    """`DescribeDhcpOptions` filters, and a set that a VPC uses cannot be deleted."""
    own = emulator.ec2_action("DeleteDhcpOptions")

    def describe(form: Form) -> Response:
        wanted, filters = read_list(form, "DhcpOptionsId"), read_filters(form)
        known = {**_default_options(emulator), **emulator.ec2_records("dhcp_options")}
        if unknown := sorted(set(wanted) - known.keys()):
            return ec2_error("InvalidDhcpOptionID.NotFound", f"The dhcpOption ID '{unknown[0]}' does not exist")
        rows = [
            _dhcp_xml(emulator, identity, record)
            for identity, record in known.items()
            if (not wanted or identity in wanted) and _all_match(filters, _dhcp_values(emulator, identity, record))
        ]
        return ec2_answer("DescribeDhcpOptions", f"<dhcpOptionsSet>{''.join(rows)}</dhcpOptionsSet>")

    def delete(form: Form) -> Response:
        identity = read_text(form, "DhcpOptionsId")
        if any(vpc.get("DhcpOptionsId") == identity for vpc in emulator.ec2_records("vpcs").values()):
            return _in_use("dhcpOptions", identity)
        return own(form)

    emulator.take_ec2_action("DescribeDhcpOptions", describe)
    emulator.take_ec2_action("DeleteDhcpOptions", delete)


class _AccessLists:
    """The actions on network ACLs, by what they do."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._own_create = emulator.ec2_action("CreateNetworkAcl")
        self._own_delete = emulator.ec2_action("DeleteNetworkAcl")

    def _records(self) -> dict[str, Json]:
        return dict(self._emulator.ec2_records("network_acls"))

    # Lists ----------------------------------------------------------------------------------------------------------

    def create(self, form: Form) -> Response:
        vpc = read_text(form, "VpcId")
        if vpc not in self._emulator.ec2_records("vpcs"):
            return ec2_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
        before = self._records().keys()
        answer = self._own_create(form)
        for identity, record in self._records().items():
            if identity not in before and record["VpcId"] == vpc and not record["Entries"]:
                denied: Json = {"RuleNumber": _LAST_RULE, "Protocol": "-1", "RuleAction": "deny"}
                everywhere: Json = {**denied, "CidrBlock": "0.0.0.0/0"}
                record["Entries"] = [{**everywhere, "Egress": False}, {**everywhere, "Egress": True}]
                status, headers, body = answer
                entries = f"<entrySet>{_entries_xml(record)}</entrySet>"
                answer = status, headers, body.replace(b"<entrySet/>", entries.encode())
        return answer

    def delete(self, form: Form) -> Response:
        identity = read_text(form, "NetworkAclId")
        record = self._records().get(identity)
        if record is not None and record["IsDefault"]:
            return ec2_error("InvalidParameterValue", f"Cannot delete the default network ACL {identity}")
        if any(found["NetworkAclId"] == identity for found in self._associations()):
            return _in_use("networkAcl", identity)
        return self._own_delete(form)

    def describe(self, form: Form) -> Response:
        wanted, filters = read_list(form, "NetworkAclId"), read_filters(form)
        known = self._records()
        if unknown := sorted(set(wanted) - known.keys()):
            return _no_list(unknown[0])
        held = list(self._associations())
        rows: list[str] = []
        for identity, record in known.items():
            associations = [a for a in held if a["NetworkAclId"] == identity]
            if (wanted and identity not in wanted) or not _all_match(filters, self._values(record, associations)):
                continue
            rows.append(
                f"<item><networkAclId>{identity}</networkAclId><vpcId>{record['VpcId']}</vpcId>"
                f"<default>{_flag(record['IsDefault'])}</default><entrySet>{_entries_xml(record)}</entrySet>"
                f"<associationSet>{''.join(map(_association_xml, associations))}</associationSet>"
                f"{_tags_xml(self._emulator, identity)}<ownerId>{record['OwnerId']}</ownerId></item>"
            )
        return ec2_answer("DescribeNetworkAcls", f"<networkAclSet>{''.join(rows)}</networkAclSet>")

    def _values(self, record: Json, associations: list[Mapping[str, str]]) -> dict[str, list[str]]:
        """What filters look at."""
        return {
            "network-acl-id": [str(record["NetworkAclId"])],
            "vpc-id": [str(record["VpcId"])],
            "default": [_flag(record["IsDefault"])],
            "owner-id": [str(record["OwnerId"])],
            "association.association-id": [a["NetworkAclAssociationId"] for a in associations],
            "association.network-acl-id": [a["NetworkAclId"] for a in associations],
            "association.subnet-id": [a["SubnetId"] for a in associations],
            "entry.cidr": [str(e["CidrBlock"]) for e in _entries(record) if "CidrBlock" in e],
            "entry.egress": [_flag(e["Egress"]) for e in _entries(record)],
            "entry.protocol": [str(e["Protocol"]) for e in _entries(record)],
            "entry.rule-action": [str(e["RuleAction"]) for e in _entries(record)],
            "entry.rule-number": [str(e["RuleNumber"]) for e in _entries(record)],
            **_tag_values(self._emulator, str(record["NetworkAclId"])),
        }

    # Entries --------------------------------------------------------------------------------------------------------

    def create_entry(self, form: Form) -> Response:
        return self._put("CreateNetworkAclEntry", form, new=True)

    def replace_entry(self, form: Form) -> Response:
        return self._put("ReplaceNetworkAclEntry", form, new=False)

    def _put(self, action: str, form: Form, *, new: bool) -> Response:
        identity, number, egress = _place(form)
        record = self._records().get(identity)
        if record is None:
            return _no_list(identity)
        others = [e for e in _entries(record) if (e["RuleNumber"], e["Egress"]) != (number, egress)]
        known = len(others) < len(_entries(record))
        if new and known:
            message = f"The network acl entry identified by {number} already exists."
            return ec2_error("NetworkAclEntryAlreadyExists", message)
        if not new and not known:
            return _no_entry(identity, number, egress=egress)
        # Assigned, never changed: the saved state is copied while others write.
        record["Entries"] = [*others, _entry(form, number, egress=egress)]
        return ec2_answer(action, "<return>true</return>")

    def delete_entry(self, form: Form) -> Response:
        identity, number, egress = _place(form)
        record = self._records().get(identity)
        if record is None:
            return _no_list(identity)
        left = [e for e in _entries(record) if (e["RuleNumber"], e["Egress"]) != (number, egress)]
        if len(left) == len(_entries(record)):
            return _no_entry(identity, number, egress=egress)
        record["Entries"] = left
        return ec2_answer("DeleteNetworkAclEntry", "<return>true</return>")

    # Associations ---------------------------------------------------------------------------------------------------

    def _associations(self) -> Iterator[Mapping[str, str]]:
        """Of every subnet, the one it has: written down, or with the default ACL of its VPC."""
        records = self._records()
        written: dict[str, Mapping[str, str]] = {}
        for identity, record in records.items():
            for one in cast("list[dict[str, str]]", record["Associations"]):
                written[one["SubnetId"]] = {**one, "NetworkAclId": identity}
        default = {str(r["VpcId"]): identity for identity, r in records.items() if r["IsDefault"]}
        for subnet, record in dict(self._emulator.ec2_records("subnets")).items():
            if subnet in written:
                yield written[subnet]
            elif acl := default.get(str(record["VpcId"])):
                identity = f"aclassoc-{subnet.removeprefix('subnet-')}"
                yield {"NetworkAclAssociationId": identity, "NetworkAclId": acl, "SubnetId": subnet}

    def associate(self, form: Form) -> Response:
        identity, target = read_text(form, "AssociationId"), read_text(form, "NetworkAclId")
        records = self._records()
        if target not in records:
            return _no_list(target)
        held = next((a for a in self._associations() if a["NetworkAclAssociationId"] == identity), None)
        if held is None:
            message = f"The association ID '{identity}' does not exist"
            return ec2_error("InvalidAssociationID.NotFound", message)
        subnet = held["SubnetId"]
        if self._emulator.ec2_records("subnets")[subnet]["VpcId"] != records[target]["VpcId"]:
            return ec2_error("InvalidParameterValue", f"{target} and {subnet} belong to different networks")
        for record in records.values():
            kept = cast("list[dict[str, str]]", record["Associations"])
            record["Associations"] = [a for a in kept if a["SubnetId"] != subnet]
        made = f"aclassoc-{uuid.uuid4().hex[:17]}"
        kept = cast("list[dict[str, str]]", records[target]["Associations"])
        records[target]["Associations"] = [*kept, {"NetworkAclAssociationId": made, "SubnetId": subnet}]
        return ec2_answer("ReplaceNetworkAclAssociation", f"<newAssociationId>{made}</newAssociationId>")


def _entries(record: Json) -> list[Json]:
    return cast("list[Json]", record["Entries"])


def _place(form: Form) -> tuple[str, int, bool]:
    """The ACL, and which of its entries."""
    number = int(read_text(form, "RuleNumber") or 0)
    return read_text(form, "NetworkAclId"), number, read_text(form, "Egress").lower() == "true"


def _entry(form: Form, number: int, *, egress: bool) -> Json:
    made: Json = {"RuleNumber": number, "Egress": egress}
    made |= {"Protocol": read_text(form, "Protocol") or "-1", "RuleAction": read_text(form, "RuleAction") or "allow"}
    if block := read_text(form, "Ipv6CidrBlock"):
        made["Ipv6CidrBlock"] = block
    else:
        made["CidrBlock"] = read_text(form, "CidrBlock") or "0.0.0.0/0"
    for name, wire, fields in (("PortRange", "PortRange", ("From", "To")), ("IcmpTypeCode", "Icmp", ("Code", "Type"))):
        given = {field: int(text) for field in fields if (text := read_text(form, f"{wire}.{field}"))}
        if given:
            made[name] = given
    return made


def _entries_xml(record: Json) -> str:
    rows: list[str] = []
    for entry in sorted(_entries(record), key=lambda e: (bool(e["Egress"]), int(str(e["RuleNumber"])))):
        parts = [("ruleNumber", entry["RuleNumber"]), ("protocol", entry["Protocol"])]
        parts += [("ruleAction", entry["RuleAction"]), ("egress", _flag(entry["Egress"]))]
        parts += [(n[0].lower() + n[1:], entry[n]) for n in ("CidrBlock", "Ipv6CidrBlock") if n in entry]
        text = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in parts)
        for name in ("PortRange", "IcmpTypeCode"):
            if given := cast("dict[str, int]", entry.get(name) or {}):
                inside = "".join(f"<{field.lower()}>{value}</{field.lower()}>" for field, value in given.items())
                text += f"<{name[0].lower()}{name[1:]}>{inside}</{name[0].lower()}{name[1:]}>"
        rows.append(f"<item>{text}</item>")
    return "".join(rows)


def _association_xml(association: Mapping[str, str]) -> str:
    fields = ("NetworkAclAssociationId", "NetworkAclId", "SubnetId")
    return f"<item>{''.join(f'<{f[0].lower()}{f[1:]}>{association[f]}</{f[0].lower()}{f[1:]}>' for f in fields)}</item>"


def _default_options(emulator: Emulator) -> dict[str, Json]:
    """The set of a VPC that nobody gave another; the emulator names it and has no record of it."""
    region = emulator.region()
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    pairs = [
        {"Key": "domain-name", "Values": [domain]},
        {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]},
    ]
    return {_DEFAULT_OPTIONS: {"DhcpConfigurations": pairs, "OwnerId": emulator.account()}}


def _dhcp_values(emulator: Emulator, identity: str, record: Json) -> dict[str, list[str]]:
    pairs = cast("list[Json]", record["DhcpConfigurations"])
    return {
        "dhcp-options-id": [identity],
        "owner-id": [str(record["OwnerId"])],
        "key": [str(pair["Key"]) for pair in pairs],
        "value": [value for pair in pairs for value in cast("list[str]", pair["Values"])],
        **_tag_values(emulator, identity),
    }


def _dhcp_xml(emulator: Emulator, identity: str, record: Json) -> str:
    pairs = ""
    for pair in cast("list[Json]", record["DhcpConfigurations"]):
        values = "".join(f"<item><value>{escape(v)}</value></item>" for v in cast("list[str]", pair["Values"]))
        pairs += f"<item><key>{escape(str(pair['Key']))}</key><valueSet>{values}</valueSet></item>"
    return (
        f"<item><dhcpOptionsId>{identity}</dhcpOptionsId><dhcpConfigurationSet>{pairs}</dhcpConfigurationSet>"
        f"<ownerId>{record['OwnerId']}</ownerId>{_tags_xml(emulator, identity)}</item>"
    )


def _tag_values(emulator: Emulator, identity: str) -> dict[str, list[str]]:
    tags = emulator.ec2_tags(identity)
    return {"tag-key": list(tags), **{f"tag:{key}": [value] for key, value in tags.items()}}


def _tags_xml(emulator: Emulator, identity: str) -> str:
    tags = emulator.ec2_tags(identity).items()
    rows = "".join(f"<item><key>{escape(k)}</key><value>{escape(v)}</value></item>" for k, v in tags)
    return f"<tagSet>{rows}</tagSet>"


def _all_match(filters: Mapping[str, list[str]], values: Mapping[str, list[str]]) -> bool:
    """Whether every filter finds one of its patterns; a filter nobody knows finds nothing."""
    return all(any(matches(v, patterns) for v in values.get(name, ())) for name, patterns in filters.items())


def _flag(value: object) -> str:
    return "true" if value else "false"


def _no_list(identity: str) -> Response:
    return ec2_error("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{identity}' does not exist")


def _no_entry(identity: str, number: int, *, egress: bool) -> Response:
    way = "egress" if egress else "ingress"
    message = f"The {way} network acl entry identified by {number} in {identity} does not exist"
    return ec2_error("InvalidNetworkAclEntry.NotFound", message)


def _in_use(what: str, identity: str) -> Response:
    return ec2_error("DependencyViolation", f"The {what} '{identity}' has dependencies and cannot be deleted.")
