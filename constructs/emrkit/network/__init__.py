"""The network of EMR clusters: subnets with a way out or none, endpoints, security groups, flow logs.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
"""

from __future__ import annotations

from emrkit_model.network import INTERFACE_ENDPOINTS

from .network import Network
from .security_groups import ExistingGroups, SecurityGroups

__all__ = ["INTERFACE_ENDPOINTS", "ExistingGroups", "Network", "SecurityGroups"]
