"""WAL workspaces in stacks: where there are any, what they may be called, and what takes their name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from emrkit_local.host.ministack import Emulator
from emrkit_local.host.stack_wal import workspace_types

TAKEN = (409, {}, b"<E><Error><Code>EntityAlreadyExists</Code><Message>there</Message></Error></E>")


class Account:
    """An account whose role exists and whose stacks hold workspaces."""

    def __init__(self, region: str = "eu-west-1", answer: tuple[int, dict[str, str], bytes] = TAKEN) -> None:
        self.place, self.answer = region, answer
        self.held: list[tuple[str, str, str]] = []  # Region, state of the stack, name

    def region(self) -> str:
        return self.place

    def account(self) -> str:
        return "1"

    def stacks(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for region, status, name in self.held:
            resource = {"ResourceType": "AWS::EMR::WALWorkspace", "PhysicalResourceId": name}
            yield "1", region, {"StackStatus": status, "_resources": {"W": resource}}

    def call_service(self, *_: object) -> tuple[int, dict[str, str], bytes]:
        return self.answer

    def create(self, name: str | None = None) -> str:
        handlers = cast("dict[str, Any]", workspace_types(cast("Emulator", self))["AWS::EMR::WALWorkspace"])
        return handlers["create"]("Logs", {"WALWorkspaceName": name} if name else {}, "my-stack")[0]


def test_there_are_workspaces_only_where_emr_has_the_log() -> None:
    with pytest.raises(ValueError, match=r"no write-ahead log in me-south-1, only in .*eu-west-1"):
        Account("me-south-1").create("orders")
    assert Account().create("orders") == "orders"


def test_a_name_is_taken_by_a_stack_that_still_stands_in_the_same_region() -> None:
    account = Account()
    account.held = [("us-east-1", "CREATE_COMPLETE", "orders"), ("eu-west-1", "DELETE_COMPLETE", "orders")]
    assert account.create("orders") == "orders"
    account.held.append(("eu-west-1", "UPDATE_COMPLETE", "orders"))
    with pytest.raises(ValueError, match="orders already exists"):
        account.create("orders")


def test_a_name_is_letters_and_digits_given_or_made() -> None:
    for wrong in ("with-hyphen", "x" * 33):
        with pytest.raises(ValueError, match="1 to 32 letters and digits"):
            Account().create(wrong)
    made = Account().create()
    assert made.startswith("mystackLogs")
    assert made.isalnum()
    assert len(made) <= 32
    assert made != Account().create()


def test_a_refusal_of_the_role_is_the_workspaces_own() -> None:
    denied = (403, {}, b"<E><Error><Code>AccessDenied</Code><Message>no</Message></Error></E>")
    with pytest.raises(ValueError, match="AccessDenied"):
        Account(answer=denied).create("orders")
