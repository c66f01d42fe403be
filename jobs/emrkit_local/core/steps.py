"""The operations on steps."""

from __future__ import annotations

from collections.abc import Sequence

from .context import Core, Scope
from .errors import invalid_request, validation
from .identifiers import new_id
from .paging import page
from .reading import Document, present, record, records, text, word, words
from .records import STEP_ACTIVE, Cluster, Step
from .work import step_properties

CANCELLABLE = ("PENDING", "RUNNING", "CANCEL_PENDING")


def check_steps(steps: Sequence[Document], *, concurrency: int, active: int, limit: int) -> None:
    """Raises the `ValidationException` that EMR gives for steps that may not be added."""
    for step in steps:
        action = word(step, "ActionOnFailure", "CONTINUE")
        if concurrency > 1 and action != "CONTINUE":
            raise validation(
                f"ActionOnFailure {action} of step '{word(step, 'Name')}' is not valid: a cluster whose "
                f"StepConcurrencyLevel is greater than 1 supports only CONTINUE."
            )
        if not word(record(step, "HadoopJarStep"), "Jar"):
            raise validation(f"The Jar of step '{word(step, 'Name')}' must not be empty.")
    if active + len(steps) > limit:
        raise validation(
            f"Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for cluster "
            f"exceeded: {limit}."
        )


def append_steps(core: Core, cluster: Cluster, steps: Sequence[Document], now: float, role: str | None) -> list[str]:
    """Add checked steps. Called inside `changing()`."""
    ids: list[str] = []
    for request in steps:
        step = Step(
            id=new_id("s"),
            cluster_id=cluster.id,
            ordinal=len(cluster.steps),
            request=request,
            created=now,
            execution_role=role,
        )
        core.state.add_step(cluster, step)
        ids.append(step.id)
    return ids


def add_job_flow_steps(core: Core, scope: Scope, request: Document) -> Document:
    """AddJobFlowSteps."""
    steps = records(request, "Steps")
    with core.state.changing() as now:
        cluster = core.state.job_flow(word(request, "JobFlowId"), scope.account, scope.region)
        core.state.must_be_modifiable(cluster)
        active = sum(s.state in STEP_ACTIVE for s in cluster.steps)
        limit = core.state.settings.active_step_limit
        check_steps(steps, concurrency=cluster.step_concurrency, active=active, limit=limit)
        return {"StepIds": append_steps(core, cluster, steps, now, text(request, "ExecutionRoleArn"))}


def step_view(step: Step) -> Document:
    """The step as DescribeStep and ListSteps show it."""
    jar = record(step.request, "HadoopJarStep")
    reason: Document = {"Message": step.reason} if step.reason else {}
    return present(
        Id=step.id,
        Name=step.name,
        Config=present(
            Jar=word(jar, "Jar"),
            Properties=step_properties(step),
            MainClass=text(jar, "MainClass"),
            Args=words(jar, "Args"),
        ),
        ActionOnFailure=step.action_on_failure,
        Status=present(
            State=step.state,
            StateChangeReason=reason,
            FailureDetails=step.failure,
            Timeline=present(CreationDateTime=step.created, StartDateTime=step.started, EndDateTime=step.ended),
        ),
    )


def describe_step(core: Core, scope: Scope, request: Document) -> Document:
    """DescribeStep."""
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        step = _step(cluster, word(request, "StepId"))
        view = step_view(step)
        if step.execution_role:
            view["ExecutionRoleArn"] = step.execution_role
        return {"Step": view}


def list_steps(core: Core, scope: Scope, request: Document) -> Document:
    """ListSteps: newest first, 50 a page."""
    states, ids = words(request, "StepStates"), words(request, "StepIds")
    if len(ids) > 10:
        raise invalid_request("At most 10 step ids may be given.")
    with core.state.lock:
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        for step_id in ids:
            _step(cluster, step_id)
        found, marker = page(
            list(reversed(cluster.steps)),
            lambda s: s.id,
            text(request, "Marker"),
            core.state.settings.page_size,
            lambda s: (not states or s.state in states) and (not ids or s.id in ids),
        )
        return present(Steps=[step_view(s) for s in found], Marker=marker)


def cancel_steps(core: Core, scope: Scope, request: Document) -> Document:
    """CancelSteps: a pending step is CANCELLED at once, a running one when its process has ended."""
    option = word(request, "StepCancellationOption", "SEND_INTERRUPT")
    answers: list[Document] = []
    running: list[str] = []
    with core.state.changing():
        cluster = core.state.cluster(word(request, "ClusterId"), scope.account, scope.region)
        for step_id in words(request, "StepIds"):
            step = cluster.step(step_id)
            if step is None:
                answers.append({"StepId": step_id, "Status": "FAILED", "Reason": f"Step id '{step_id}' is not valid."})
            elif step.state not in CANCELLABLE:
                reason = f"Cannot cancel step in state {step.state}"
                answers.append({"StepId": step_id, "Status": "FAILED", "Reason": reason})
            else:
                if step.state == "PENDING":
                    step.reason = "Cancelled by user"
                    core.state.move_step(cluster, step, "CANCELLED")
                else:
                    step.cancel_option = option
                    core.state.move_step(cluster, step, "CANCEL_PENDING")
                    core.state.touch_step(cluster, step)
                    running.append(step_id)
                answers.append({"StepId": step_id, "Status": "SUBMITTED"})
    for step_id in running:
        core.runner.cancel(step_id, force=option == "TERMINATE_PROCESS")
    return {"CancelStepsInfoList": answers}


def _step(cluster: Cluster, step_id: str) -> Step:
    step = cluster.step(step_id)
    if step is None:
        raise invalid_request(f"Step id '{step_id}' is not valid.")
    return step
