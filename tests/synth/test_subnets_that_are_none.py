"""A subnet whose id cannot be one is a warning of the cluster, whoever names it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match

import emrkit as emr

_GROUPS = ("sg-0123456789abcdef0", "sg-0123456789abcdef1", "sg-0123456789abcdef2")


def existing(stack: Stack, name: str, subnet: str) -> emr.Network:
    groups = emr.SecurityGroups.from_ids(*_GROUPS)
    return emr.Network.from_attributes(
        stack, name, vpc_id="vpc-0123456789abcdef0", subnet_ids=[subnet], security_groups=groups
    )


def test_warns_of_subnets_that_the_cluster_or_its_network_names(stack: Stack) -> None:
    security = emr.SecurityConfiguration(stack, "Security")
    asked: dict[str, dict[str, Any]] = {"Own": {"subnets": ["subnet-xyz"]}, "Networks": {}, "Good": {}}
    networks = {"Own": "subnet-0123456789abcdef0", "Networks": "sn-1", "Good": "subnet-0123456789abcdef0"}
    for name, given in asked.items():
        emr.Cluster(
            stack,
            name,
            network=existing(stack, f"{name}Network", networks[name]),
            security=security,
            release="emr-7.12.0",
            primary=emr.InstanceFleet.on_demand("m5.xlarge"),
            **given,
        )
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("does not look like a subnet"))
    said = {(warning.id.rpartition("/")[2], str(warning.entry.data).split("'")[1]) for warning in warnings}
    assert said == {("Own", "subnet-xyz"), ("Networks", "sn-1")}
