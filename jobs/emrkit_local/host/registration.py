"""Everything we teach the emulator. A service is taught when it is first used, so that an idle daemon stays small."""

from __future__ import annotations

from emrkit_local.core.control_plane import ControlPlane

from .emr_service import EmrService
from .iam_answers import take_linked_names, take_linked_role, take_simulation
from .instance_answers import take_free_addresses, take_instance_types
from .ministack import Emulator
from .network_answers import take_access_lists, take_dhcp_options
from .stack_access_lists import access_list_types
from .stack_buckets import bucket_types, cdk_types
from .stack_dhcp import dhcp_types
from .stack_emr import cluster_types
from .stack_network import network_types
from .stack_wal import workspace_types
from .tasks import PREFIX, SDK, cluster_tasks, follow_execution

__all__ = ["register"]

_TAGGED = (
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EMR::Cluster",
)
"""The types of ours that CloudFormation gives a stack's tags."""


def register(emulator: Emulator, control: ControlPlane, service: EmrService) -> None:
    """EMR's own API for callers inside the emulator, CloudFormation types, state machine tasks, IAM simulation."""

    async def emr(
        _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], bytes]:
        return await service.answer(headers.get("x-amz-target", ""), body, emulator.account(), emulator.region())

    def teach_stacks() -> None:
        emulator.add_types(
            {
                **cluster_types(emulator, control),
                **workspace_types(emulator),
                **network_types(emulator),
                **access_list_types(emulator),
                **dhcp_types(emulator),
                **bucket_types(emulator),
                **cdk_types(emulator),
            },
            tagged=_TAGGED,
        )

    def teach_identity(emulator: Emulator) -> None:
        take_simulation(emulator)
        take_linked_role(emulator)
        take_linked_names(emulator)

    def teach_instances(emulator: Emulator) -> None:
        take_instance_types(emulator)
        take_free_addresses(emulator)
        take_access_lists(emulator)
        take_dhcp_options(emulator)

    def teach_machines() -> None:
        emulator.add_tasks(PREFIX, cluster_tasks(emulator, control), SDK)
        emulator.around_tasks(follow_execution)

    emulator.take_service("elasticmapreduce", emr)
    emulator.when_used("cloudformation", teach_stacks)
    emulator.when_used("stepfunctions", teach_machines)
    emulator.when_used("iam", lambda: teach_identity(emulator))
    emulator.when_used("ec2", lambda: teach_instances(emulator))
