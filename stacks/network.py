"""The network that clusters run in."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

import emrkit as emr


class NetworkStack(Stack):
    """Private subnets in two zones, endpoints, security groups, flow logs."""

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, env: Environment | None = None) -> None:  # noqa: A002
        super().__init__(scope, id, env=env)
        self.network = emr.Network(self, "Network", zones=2, key=key)
