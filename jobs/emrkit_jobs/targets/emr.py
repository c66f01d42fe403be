"""Amazon EMR through boto3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.errors import Refused
from emrkit_jobs.targets.protocol import RUN_TAG, ClusterView, Json, StepView

__all__ = ["EmrClusters"]

_CANCEL_AT_ONCE = 256  # the API's own limit of ids in one request


class EmrClusters:
    """The `Clusters` of a target that speaks the EMR API."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def describe(self, cluster_id: str) -> ClusterView | None:
        try:
            answer = self._caller.call("emr", "describe_cluster", ClusterId=cluster_id)
        except Refused as error:
            if _is_unknown_cluster(error):
                return None
            raise
        return _cluster(_dict(answer["Cluster"]))

    def find_by_run(self, run: str, since: datetime) -> tuple[ClusterView, ...]:
        # An hour of slack: the service's clock decides what CreatedAfter means, ours may be wrong.
        after = since.astimezone(UTC) - timedelta(hours=1)
        found: list[ClusterView] = []
        for summary in self._caller.pages("emr", "list_clusters", "Clusters", CreatedAfter=after):
            cluster = self.describe(str(summary["Id"]))
            if cluster is not None and cluster.tags.get(RUN_TAG) == run:
                found.append(cluster)
        return tuple(found)

    def steps(self, cluster_id: str) -> tuple[StepView, ...]:
        newest_first = self._caller.pages("emr", "list_steps", "Steps", ClusterId=cluster_id)
        seen = {step.id: step for step in map(_step, newest_first)}
        return tuple(reversed(seen.values()))

    def submit(self, request: Json) -> tuple[str, ...]:
        answer = self._caller.once("emr", "add_job_flow_steps", **request)
        return tuple(str(step) for step in cast("list[object]", answer["StepIds"]))

    def launch(self, request: Json) -> str:
        return str(self._caller.once("emr", "run_job_flow", **request)["JobFlowId"])

    def cancel(self, cluster_id: str, step_ids: Sequence[str], *, kill: bool = False) -> Mapping[str, str]:
        option = "TERMINATE_PROCESS" if kill else "SEND_INTERRUPT"
        refused: dict[str, str] = {}
        for start in range(0, len(step_ids), _CANCEL_AT_ONCE):
            answer = self._caller.call(
                "emr",
                "cancel_steps",
                ClusterId=cluster_id,
                StepIds=list(step_ids[start : start + _CANCEL_AT_ONCE]),
                StepCancellationOption=option,
            )
            for info in cast("list[dict[str, object]]", answer.get("CancelStepsInfoList") or []):
                if info.get("Status") == "FAILED":
                    refused[str(info["StepId"])] = str(info.get("Reason", ""))
        return refused

    def terminate(self, cluster_id: str) -> None:
        self._caller.call("emr", "terminate_job_flows", JobFlowIds=[cluster_id])


def _is_unknown_cluster(error: Refused) -> bool:
    words = str(error).lower()
    return "cluster id" in words and ("not valid" in words or "invalid" in words or "not found" in words)


def _cluster(raw: Mapping[str, object]) -> ClusterView:
    status = _dict(raw.get("Status"))
    change = _dict(status.get("StateChangeReason"))
    tags = cast("list[dict[str, str]]", raw.get("Tags") or [])
    return ClusterView(
        id=str(raw["Id"]),
        name=str(raw.get("Name", "")),
        state=str(status.get("State", "")),
        reason_code=str(change.get("Code", "")),
        reason=str(change.get("Message", "")),
        log_uri=str(raw.get("LogUri") or "").replace("s3n://", "s3://", 1),
        step_concurrency=int(cast("int", raw.get("StepConcurrencyLevel") or 1)),
        tags={tag["Key"]: tag.get("Value", "") for tag in tags},
    )


def _step(raw: Mapping[str, object]) -> StepView:
    status = _dict(raw.get("Status"))
    timeline = _dict(status.get("Timeline"))
    failure = _dict(status.get("FailureDetails"))
    change = _dict(status.get("StateChangeReason"))
    return StepView(
        id=str(raw["Id"]),
        name=str(raw.get("Name", "")),
        state=str(status.get("State", "")),
        created=_time(timeline.get("CreationDateTime")),
        started=_time(timeline.get("StartDateTime")),
        ended=_time(timeline.get("EndDateTime")),
        reason=str(failure.get("Reason") or change.get("Code") or ""),
        message=str(failure.get("Message") or change.get("Message") or ""),
        log_file=str(failure.get("LogFile") or ""),
    )


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
