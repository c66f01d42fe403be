"""Everything we teach the emulator, said the first time a service needs it."""

from __future__ import annotations

from ..core.control_plane import ControlPlane
from .emr_service import EmrService
from .ministack import Emulator

__all__ = ["register"]


def register(emulator: Emulator, control: ControlPlane, service: EmrService) -> None:
    """EMR's own API for callers inside the emulator, CloudFormation types, state machine tasks, IAM simulation."""

    async def emr(
        _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, list[str]]
    ) -> tuple[int, dict[str, str], bytes]:
        return await service.answer(headers.get("x-amz-target", ""), body, emulator.account(), emulator.region())

    emulator.take_service("elasticmapreduce", emr)
