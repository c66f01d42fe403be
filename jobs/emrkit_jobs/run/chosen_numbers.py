"""`run --set NAME=VALUE`: numbers of a pipeline's cluster, held against their bounds before anything is started."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from emrkit_model.cluster import Cluster
from emrkit_model.contract import ContractOverride, ContractPipeline
from emrkit_model.diagnostics import Diagnostic, EmrkitError, FieldPath
from emrkit_model.job import Job
from emrkit_model.overrides import Override, with_numbers
from emrkit_model.values import InvalidModel

__all__ = ["choose_numbers", "read_numbers"]

_WHOLE = re.compile(r"^[+-]?\d{1,9}$")


def read_numbers(given: Sequence[str]) -> dict[str, int]:
    """The numbers of `NAME=VALUE` texts. Raises `EmrkitError` for a text that is none.

    >>> read_numbers(["core_on_demand=12"])
    {'core_on_demand': 12}
    """
    numbers: dict[str, int] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name or not _WHOLE.match(value.strip()):
            raise EmrkitError(
                Diagnostic(
                    "E-RUN-032",
                    "a number of the pipeline's cluster is set as NAME=NUMBER",
                    got=repr(text),
                    allowed="a whole number",
                    hint="--set core_on_demand=12",
                )
            )
        numbers[name.strip()] = int(value)
    return numbers


def choose_numbers(
    given: Sequence[str], job: Job, deployed: ContractPipeline, clusters: Mapping[str, Cluster]
) -> dict[str, int]:
    """The numbers to start a pipeline with: what its state machine would refuse is refused here.

    What is deployed decides, for a state machine of before an override was declared would not look at it. Where the
    project still declares the same, the cluster with these numbers is held to every rule as well.
    """
    numbers = read_numbers(given)
    declared = job.pipeline.overrides if job.pipeline is not None else {}
    found: list[Diagnostic] = []
    for name, number in numbers.items():
        bounds = deployed.overrides.get(name)
        if bounds is None:
            found.append(_unknown(name, job.name, deployed.overrides, declared))
        elif not (override := _override(bounds)).admits(number):
            found.append(
                Diagnostic(
                    "E-RUN-034",
                    f"override '{name}' of the pipeline of job '{job.name}' is out of bounds",
                    got=str(number),
                    allowed=override.bounds,
                    hint="choose within the bounds, or change them in the project file and deploy",
                )
            )
    if found:
        raise EmrkitError(found)
    _hold_to_rules(numbers, job, clusters)
    return numbers


def _override(bounds: ContractOverride) -> Override:
    return Override(path="", minimum=bounds.minimum, maximum=bounds.maximum, allowed=bounds.allowed)


def _unknown(
    name: str, job: str, deployed: Mapping[str, ContractOverride], declared: Mapping[str, Override]
) -> Diagnostic:
    close = get_close_matches(name, deployed, n=1)
    if name in declared:
        hint = "the deployed state machine does not know it yet: emrkit deploy"
    elif close:
        hint = f"did you mean `{close[0]}`?"
    else:
        hint = f"declare it under jobs.{job}.pipeline.overrides, and deploy"
    return Diagnostic(
        "E-RUN-033",
        f"the pipeline of job '{job}' has no override '{name}'",
        got=name,
        allowed=", ".join(deployed) or "none is declared",
        hint=hint,
    )


def _hold_to_rules(numbers: Mapping[str, int], job: Job, clusters: Mapping[str, Cluster]) -> None:
    pipeline = job.pipeline
    if not numbers or pipeline is None or not set(numbers) <= set(pipeline.overrides):
        return
    cluster = clusters.get(pipeline.cluster)
    if cluster is None:
        return
    try:
        with_numbers(cluster, pipeline.overrides, numbers)
    except InvalidModel as problem:
        where: FieldPath = ("clusters", pipeline.cluster)
        raise EmrkitError([found.within(*where) for found in problem.diagnostics]) from None
