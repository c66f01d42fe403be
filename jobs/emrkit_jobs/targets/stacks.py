"""AWS CloudFormation and AWS Step Functions through boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, cast

from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.errors import Refused
from emrkit_jobs.targets.protocol import ExecutionView, Json, StackView, StateView

__all__ = ["CloudFormationStacks", "StepFunctions"]


class CloudFormationStacks:
    """The `Stacks` of a target that speaks the CloudFormation API."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def describe(self, name: str) -> StackView | None:
        try:
            answer = self._caller.call("cloudformation", "describe_stacks", StackName=name)
        except Refused as error:
            if error.service_code == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        found = cast("list[dict[str, object]]", answer.get("Stacks") or [])
        if not found or found[0].get("StackStatus") == "DELETE_COMPLETE":
            return None
        raw = found[0]
        return StackView(
            name=str(raw["StackName"]),
            status=str(raw["StackStatus"]),
            reason=str(raw.get("StackStatusReason") or ""),
            outputs=_pairs(raw.get("Outputs"), "OutputKey", "OutputValue"),
            parameters=_pairs(raw.get("Parameters"), "ParameterKey", "ParameterValue"),
        )

    def template(self, name: str) -> str | None:
        try:
            answer = self._caller.call("cloudformation", "get_template", StackName=name, TemplateStage="Original")
        except Refused as error:
            if error.service_code == "ValidationError":
                return None
            raise
        body = answer.get("TemplateBody")
        return body if isinstance(body, str) else json.dumps(body, sort_keys=True)

    def failures(self, name: str) -> tuple[str, ...]:
        lines: list[str] = []
        try:
            for event in self._caller.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=name):
                status = str(event.get("ResourceStatus", ""))
                kind = str(event.get("ResourceType", ""))
                started = kind == "AWS::CloudFormation::Stack" and status in {
                    "CREATE_IN_PROGRESS",
                    "UPDATE_IN_PROGRESS",
                }
                if status.endswith("_FAILED") and "cancelled" not in str(event.get("ResourceStatusReason", "")).lower():
                    reason = " ".join(str(event.get("ResourceStatusReason", "")).split())
                    lines.append(f"{event.get('LogicalResourceId')} ({kind}): {reason}")
                if started:
                    break
        except Refused as error:
            if error.service_code != "ValidationError":
                raise
        return tuple(reversed(lines))

    def buckets(self, name: str) -> tuple[str, ...]:
        resources = self._caller.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name
        )
        return tuple(
            str(item["PhysicalResourceId"])
            for item in resources
            if item.get("ResourceType") == "AWS::S3::Bucket" and item.get("ResourceStatus") != "DELETE_COMPLETE"
        )

    def resources(self, name: str) -> Mapping[str, str]:
        try:
            rows = list(
                self._caller.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
            )
        except Refused as error:
            if error.service_code != "ValidationError":
                raise
            return {}
        return {
            str(row["LogicalResourceId"]): str(row["PhysicalResourceId"])
            for row in rows
            if row.get("PhysicalResourceId") and row.get("ResourceStatus") != "DELETE_COMPLETE"
        }

    def delete(self, name: str) -> None:
        self._caller.call("cloudformation", "delete_stack", StackName=name)


class StepFunctions:
    """The `Pipelines` of a target that speaks the Step Functions API."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def start(self, machine: str, name: str, payload: Json) -> str:
        body = json.dumps(payload, sort_keys=True)
        try:
            answer = self._caller.once(
                "stepfunctions", "start_execution", stateMachineArn=machine, name=name, input=body
            )
        except Refused as error:
            # The same name again is the same execution; once it has ended, the service says so with this code.
            if error.service_code != "ExecutionAlreadyExists":
                raise
            return self.execution_arn(machine, name)
        return str(answer["executionArn"])

    def execution_arn(self, machine: str, name: str) -> str:
        return f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"

    def describe(self, execution: str) -> ExecutionView | None:
        try:
            raw = self._caller.call("stepfunctions", "describe_execution", executionArn=execution)
        except Refused as error:
            if error.service_code == "ExecutionDoesNotExist":
                return None
            raise
        return ExecutionView(
            arn=str(raw["executionArn"]),
            name=str(raw.get("name", "")),
            status=str(raw["status"]),
            started=_time(raw.get("startDate")),
            ended=_time(raw.get("stopDate")),
            output=str(raw.get("output") or ""),
            error=str(raw.get("error") or ""),
            cause=str(raw.get("cause") or ""),
        )

    def states(self, execution: str) -> tuple[StateView, ...]:
        events = self._caller.pages("stepfunctions", "get_execution_history", "events", executionArn=execution)
        return read_history(events)

    def stop(self, execution: str, cause: str) -> None:
        self._caller.call("stepfunctions", "stop_execution", executionArn=execution, error="Cancelled", cause=cause)


def read_history(events: object) -> tuple[StateView, ...]:
    """The states an execution entered, from its events; branches that run side by side each keep their own."""
    found: list[StateView] = []
    for event in cast("list[Mapping[str, object]]", events):
        kind, at = str(event.get("type", "")), _time(event.get("timestamp"))
        if kind.endswith("StateEntered"):
            name = str(_dict(event.get("stateEnteredEventDetails")).get("name", "?"))
            found.append(StateView(name, "RUNNING", started=at))
        elif kind.endswith("StateExited"):
            name = str(_dict(event.get("stateExitedEventDetails")).get("name", "?"))
            _close(found, name, "SUCCEEDED", at, "")
        elif kind in {"TaskFailed", "TaskTimedOut", "TaskSubmitFailed", "LambdaFunctionFailed", "ActivityFailed"}:
            _close(found, None, "FAILED", at, _failure(event))
        elif kind in {"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}:
            end: Literal["FAILED", "ABORTED"] = "ABORTED" if kind == "ExecutionAborted" else "FAILED"
            while any(state.state == "RUNNING" for state in found):
                _close(found, None, end, at, _failure(event))
    return tuple(found)


def _close(
    found: list[StateView],
    name: str | None,
    state: Literal["SUCCEEDED", "FAILED", "ABORTED"],
    at: datetime | None,
    detail: str,
) -> None:
    for number in reversed(range(len(found))):
        if found[number].state == "RUNNING" and name in (None, found[number].name):
            found[number] = replace(found[number], state=state, ended=at, detail=detail)
            return


def _failure(event: Mapping[str, object]) -> str:
    for key, value in event.items():
        if key.endswith("EventDetails"):
            details = _dict(value)
            return ": ".join(str(details[k]) for k in ("error", "cause") if details.get(k))
    return ""


def _pairs(value: object, key: str, item: str) -> dict[str, str]:
    return {str(x[key]): str(x.get(item, "")) for x in cast("list[dict[str, object]]", value or [])}


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
