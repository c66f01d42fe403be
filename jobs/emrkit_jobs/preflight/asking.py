"""All questions of a preflight at once, within a deadline; what could not be asked is said, never passed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from emrkit_jobs.preflight.capacity import check_addresses, check_cluster_quota, check_offerings, check_vcpu_quotas
from emrkit_jobs.preflight.identity import check_linked_role, check_names_of_parts, check_profile, check_roles
from emrkit_jobs.preflight.material import check_images, check_keys
from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.preflight.network import (
    check_groups,
    check_names,
    check_public_access,
    check_subnets,
    check_tags,
)
from emrkit_jobs.preflight.storage import check_buckets, check_objects
from emrkit_jobs.targets.account import Account
from emrkit_jobs.targets.errors import Denied, TargetError
from emrkit_model.diagnostics import Diagnostic, Severity
from emrkit_model.findings import warning

__all__ = ["DEADLINE_SECONDS", "QUESTIONS", "Inquiry", "Question", "check"]

DEADLINE_SECONDS = 20.0
"""How long a preflight may take, whatever the services do."""
_WORKERS = 8
_PERMISSIONS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it is about, and the check that puts it; places of findings are those within the cluster."""

    about: str
    check: Callable[[ClusterNeeds, Account], Iterable[Diagnostic]]


QUESTIONS: tuple[Question, ...] = (
    Question("buckets", check_buckets),
    Question("scripts and archives", check_objects),
    Question("instance types in the zones", check_offerings),
    Question("free addresses", check_addresses),
    Question("vCPU quotas", check_vcpu_quotas),
    Question("the quota of active clusters", check_cluster_quota),
    Question("subnets", check_subnets),
    Question("security groups", check_groups),
    Question("tags for the service policy", check_tags),
    Question("name resolution", check_names),
    Question("block public access", check_public_access),
    Question("roles", check_roles),
    Question("the instance profile", check_profile),
    Question("the service-linked role", check_linked_role),
    Question("key pair and security configuration", check_names_of_parts),
    Question("KMS keys", check_keys),
    Question("AMIs", check_images),
)
"""Everything that is asked, in the order of the findings."""


@dataclass(frozen=True)
class Inquiry:
    """What a preflight found."""

    clusters: tuple[str, ...]
    findings: tuple[Diagnostic, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What EMR would refuse."""
        return tuple(d for d in self.findings if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What may go wrong, and what could not be asked."""
        return tuple(d for d in self.findings if d.severity is Severity.WARNING)


def check(
    clusters: Sequence[ClusterNeeds],
    account: Account,
    *,
    questions: Sequence[Question] = QUESTIONS,
    deadline: float = DEADLINE_SECONDS,
) -> Inquiry:
    """Put every question for every cluster; findings come in the order of the questions.

    Raises nothing for what the account answers: a question that is denied, or that has no answer in time, is a
    warning that says so.
    """
    began = time.monotonic()
    wanted = [(question, needs) for question in questions for needs in clusters]
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, tuple[Diagnostic, ...] | BaseException]] = SimpleQueue()
    for number in range(len(wanted)):
        waiting.put(number)

    def work() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except Empty:
                return
            question, needs = wanted[number]
            try:
                done.put((number, _put(question, needs, account)))
            except BaseException as error:
                done.put((number, error))

    # Daemons: a call that hangs must not keep the program from ending.
    for _ in range(min(_WORKERS, len(wanted))):
        threading.Thread(target=work, name="preflight", daemon=True).start()
    answers: dict[int, tuple[Diagnostic, ...]] = {}
    while len(answers) < len(wanted):
        left = began + deadline - time.monotonic()
        try:
            number, answer = done.get(timeout=max(0.0, left))
        except Empty:
            break
        if isinstance(answer, BaseException):
            raise answer
        answers[number] = answer
    found: list[Diagnostic] = []
    for number, (question, needs) in enumerate(wanted):
        found += answers.get(number, (_unanswered(question, needs, deadline),))
    findings = tuple(dict.fromkeys(found))
    return Inquiry(tuple(needs.name for needs in clusters), findings, round(time.monotonic() - began, 2))


def _put(question: Question, needs: ClusterNeeds, account: Account) -> tuple[Diagnostic, ...]:
    found: list[Diagnostic] = []
    try:
        found += (finding.within("clusters", needs.name) for finding in question.check(needs, account))
    except TargetError as error:
        found.append(_unasked(question, error))
    return tuple(found)


def _unasked(question: Question, error: TargetError) -> Diagnostic:
    said = error.diagnostics[0]
    if isinstance(error, Denied):
        return warning(
            "PRE-090",
            f"could not ask about {question.about}: {error.action} is not allowed",
            got=said.got,
            reason=f"a preflight only reads, with the permissions of who deploys ({_PERMISSIONS})",
            hint=f"allow {error.action}, or go on without an answer",
        )
    return warning(
        "PRE-091",
        f"could not ask about {question.about}: {error.operation or said.code} has no answer",
        got=said.summary if said.got is None else f"{said.summary} ({said.got})",
        hint="go on without an answer, or run it again",
    )


def _unanswered(question: Question, needs: ClusterNeeds, deadline: float) -> Diagnostic:
    return warning(
        "PRE-092",
        f"no answer about {question.about} within {deadline:g} seconds",
        "clusters",
        needs.name,
        hint="go on without an answer, or run it again",
    )
