"""What a network for clusters IS: its layout, its rules of access, endpoints and flow logs, and who fits into it.

Pure values; the construct `emrkit.Network` builds them.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
"""

from __future__ import annotations

from .access import Egress, GroupRules, InboundRule
from .endpoints import INTERFACE_ENDPOINTS, InterfaceEndpoint, interface_endpoints_for, needs_of
from .fitness import check_cluster
from .flow_logs import FlowLogs
from .layout import NetworkLayout, NetworkParts

__all__ = [
    "INTERFACE_ENDPOINTS",
    "Egress",
    "FlowLogs",
    "GroupRules",
    "InboundRule",
    "InterfaceEndpoint",
    "NetworkLayout",
    "NetworkParts",
    "check_cluster",
    "interface_endpoints_for",
    "needs_of",
]
