"""EC2's answers about instance types and free addresses, in place of the emulator's samples.

The types are those of the data that EMR's own rules use; a subnet has the addresses that its range has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from xml.sax.saxutils import escape

from emrkit_facts import instance_types

from .ministack import Emulator, Response
from .query_answers import Form, ec2_answer, ec2_error, matches, read_filters, read_list, read_text

__all__ = ["take_free_addresses", "take_instance_types"]

_ZONES = "abc"
"""The zones that the emulator gives each Region."""
_RESERVED = 5
"""Addresses of each subnet that AWS keeps."""


def take_free_addresses(emulator: Emulator) -> None:
    """`DescribeSubnets` counts the addresses of the range; nodes here take none."""
    own = emulator.ec2_action("DescribeSubnets")

    def subnets(form: Form) -> Response:
        for record in list(emulator.ec2_records("subnets").values()):
            network = ipaddress.ip_network(str(record["CidrBlock"]))
            record["AvailableIpAddressCount"] = max(0, network.num_addresses - _RESERVED)
        return own(form)

    emulator.take_ec2_action("DescribeSubnets", subnets)


def take_instance_types(emulator: Emulator) -> None:
    """Answer `DescribeInstanceTypeOfferings` and `DescribeInstanceTypes` ourselves."""

    def offerings(form: Form) -> Response:
        region = emulator.region()
        kind = read_text(form, "LocationType") or "region"
        filters = read_filters(form)
        places = [region] if kind == "region" else [f"{region}{zone}" for zone in _ZONES]
        rows = [
            f"<item><instanceType>{name}</instanceType><locationType>{escape(kind)}</locationType>"
            f"<location>{place}</location></item>"
            for name in instance_types.names()
            if matches(name, filters.get("instance-type")) and _is_offered(name, region)
            for place in places
            if matches(place, filters.get("location"))
        ]
        inside = f"<instanceTypeOfferingSet>{_join(rows)}</instanceTypeOfferingSet>"
        return ec2_answer("DescribeInstanceTypeOfferings", inside)

    def types(form: Form) -> Response:
        wanted = read_list(form, "InstanceType")
        unknown = [name for name in wanted if name not in instance_types.names()]
        if unknown:
            message = f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
            return ec2_error("InvalidInstanceType", message)
        region = emulator.region()
        filters = read_filters(form)
        rows = [
            _type(name)
            for name in wanted or instance_types.names()
            if _is_offered(name, region) and matches(name, filters.get("instance-type"))
        ]
        return ec2_answer("DescribeInstanceTypes", f"<instanceTypeSet>{_join(rows)}</instanceTypeSet>")

    emulator.take_ec2_action("DescribeInstanceTypeOfferings", offerings)
    emulator.take_ec2_action("DescribeInstanceTypes", types)


def _is_offered(name: str, region: str) -> bool:
    found = instance_types.find(name)
    if not isinstance(found, instance_types.InstanceTypeFacts):
        return False
    # Types without a list of Regions are newer than the list.
    return not found.regions or region in found.regions


def _type(name: str) -> str:
    found = instance_types.find(name)
    if not isinstance(found, instance_types.InstanceTypeFacts):
        return ""
    vcpu = found.ec2_vcpu or found.vcpu
    memory = round((found.ec2_memory_gib or found.memory_gb) * 1024)
    disks = "true" if found.disks else "false"
    return (
        f"<item><instanceType>{name}</instanceType><currentGeneration>true</currentGeneration>"
        "<supportedUsageClasses><item>on-demand</item><item>spot</item></supportedUsageClasses>"
        "<supportedRootDeviceTypes><item>ebs</item></supportedRootDeviceTypes>"
        f"<processorInfo><supportedArchitectures><item>{found.arch}</item></supportedArchitectures></processorInfo>"
        f"<vCpuInfo><defaultVCpus>{vcpu}</defaultVCpus></vCpuInfo>"
        f"<memoryInfo><sizeInMiB>{memory}</sizeInMiB></memoryInfo>"
        f"<instanceStorageSupported>{disks}</instanceStorageSupported></item>"
    )


def _join(rows: Iterable[str]) -> str:
    return "".join(rows)
