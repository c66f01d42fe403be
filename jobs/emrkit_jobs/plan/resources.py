"""What `${resource.<name>.<attribute>}` stands for, read from the contracts of the deployed stacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from emrkit_jobs.bundle.expressions import Lookup
from emrkit_model.contract import Contract
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["lookup_in"]


def lookup_in(contracts: Iterable[Contract]) -> Lookup:
    """A look-up for `LoadedProject.for_target(resources=…)`.

    It raises `EmrkitError` (exit 3) for a name that no deployed stack tells, with those that are told.

    Example: `project.for_target("dev", resources=lookup_in(contracts))`
    """
    known = {(name, attribute): value for c in contracts for name, attribute, value in _told(c)}

    def look(name: str, attribute: str) -> str:
        if (value := known.get((name, attribute))) is not None:
            return value
        told = sorted({f"{n}.{a}" for n, a in known})
        close = get_close_matches(f"{name}.{attribute}", told, 1)
        raise EmrkitError(
            Diagnostic(
                "E-PLAN-010",
                f"no deployed stack tells '{name}.{attribute}'",
                got=f"${{resource.{name}.{attribute}}}",
                allowed=", ".join(told) or "no stack of this environment is deployed",
                hint=f"did you mean `{close[0]}`?" if close else "deploy the stacks first: `emrkit deploy`",
            ),
            ExitCode.TARGET_REFUSED,
        )

    return look


def _told(contract: Contract) -> Iterator[tuple[str, str, str]]:
    single: Mapping[str, Mapping[str, str]] = {
        "bucket": contract.buckets,
        "key_arn": contract.keys,
        "role_arn": contract.roles,
    }
    for attribute, values in single.items():
        for name, value in values.items():
            yield name, attribute, value
    for name, cluster in contract.clusters.items():
        if cluster.id is not None:
            yield name, "id", cluster.id
        if cluster.log_uri is not None:
            yield name, "log_uri", cluster.log_uri
    for name, pipeline in contract.pipelines.items():
        yield name, "state_machine_arn", pipeline.state_machine_arn
