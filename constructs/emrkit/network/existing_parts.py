"""What `Network.from_vpc` and `Network.from_attributes` are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

    from emrkit_model.network import FlowLogs, GroupRules, InterfaceEndpoint

    from .checks import Groups

__all__ = ["ExistingParts"]


class ExistingParts(TypedDict, total=False):
    """What is known of subnets that exist, and what is made beside them; `Network.from_vpc` says what each means."""

    vpc_cidr: str | None
    public: bool
    way_out: bool | None
    releases: Sequence[str]
    security_groups: Groups | None
    rules: GroupRules | None
    interface_endpoints: Sequence[str | InterfaceEndpoint]
    existing_endpoints: Sequence[str]
    s3_endpoint: bool
    s3_policy: Mapping[str, object] | None
    dynamodb: bool
    access_lists: bool
    dhcp_options: bool | str
    flow_logs: bool | FlowLogs
    key: kms.IKey | None
