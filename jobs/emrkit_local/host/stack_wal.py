"""`AWS::EMR::WALWorkspace`: a name and its tags, which the stack keeps; nothing here writes a log to it.

EMR's service for write-ahead logs has no API in the SDKs: a workspace shows in its stack and in the clusters that name
it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import cast

from emrkit_facts import storage as facts

from .ministack import Emulator, Json, TypeHandlers
from .query_protocol import QueryClient, QueryError
from .stack_documents import changed

__all__ = ["workspace_types"]

Created = tuple[str, dict[str, object]]
Updated = tuple[str, Mapping[str, object]]
_TYPE = "AWS::EMR::WALWorkspace"
_NAME = "WALWorkspaceName"
_LONGEST = 32
_MADE_LENGTH = 8
_ANY_RELEASE = "emr-99.0.0"
"""Regions are counted by release, and a workspace has none."""


class _WorkspaceTypes:
    """Handlers of the type; they run on worker threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._iam = QueryClient(emulator, "iam", "2010-05-08")

    def create(self, logical_id: str, properties: Json, stack: str) -> Created:
        region = self._emulator.region()
        if region not in (regions := facts.wal_regions(_ANY_RELEASE)):
            raise ValueError(f"EMR has no write-ahead log in {region}, only in {', '.join(regions)}")
        name = str(properties.get(_NAME) or _make_name(stack, logical_id))
        if not re.fullmatch(r"[A-Za-z0-9]{1,32}", name):
            raise ValueError(f"{_NAME} must be 1 to {_LONGEST} letters and digits, not {name!r}")
        if name in self._taken():
            raise ValueError(f"the workspace {name} already exists")
        self._make_role()
        return name, {}

    def update(self, name: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Updated:
        if changed(old, new) - {"Tags"}:
            return self._emulator.replace_resource(_TYPE, name, old, new, stack, logical_id)
        return name, {}

    def delete(self, _name: str, _properties: Json) -> None:
        """Nothing is left of it but the stack's own record."""

    def _taken(self) -> set[str]:
        """The workspaces of this account and Region, which are those that stacks hold."""
        here = self._emulator.account(), self._emulator.region()
        return {
            str(resource.get("PhysicalResourceId"))
            for account, region, record in self._emulator.stacks()
            if (account, region) == here and record.get("StackStatus") != "DELETE_COMPLETE"
            for resource in list(cast("dict[str, Json]", record.get("_resources") or {}).values())
            if resource.get("ResourceType") == _TYPE
        }

    def _make_role(self) -> None:
        """EMR makes its role with the first workspace of an account."""
        try:
            self._iam.call("CreateServiceLinkedRole", {"AWSServiceName": facts.fact("hbase", "wal", "service")})
        except QueryError as error:
            if error.code != "EntityAlreadyExists":
                raise


def _make_name(stack: str, logical_id: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]", "", f"{stack}{logical_id}")
    return words[: _LONGEST - _MADE_LENGTH] + uuid.uuid4().hex[:_MADE_LENGTH]


def workspace_types(emulator: Emulator) -> dict[str, TypeHandlers]:
    """`AWS::EMR::WALWorkspace` by its name."""
    types = _WorkspaceTypes(emulator)
    return {_TYPE: {"create": types.create, "update": types.update, "delete": types.delete}}
