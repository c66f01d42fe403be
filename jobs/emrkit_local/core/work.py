"""From a cluster and its step to the `StepWork` that an engine understands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from .ports import Classification, StepWork
from .reading import Document, record, records, text, word, words
from .records import Cluster, Step
from .settings import Settings

STATE_MARKER = "EMRKIT_LOCAL_STATE"
"""Environment variable that every process of ours carries, with the state folder as its value."""


def classifications(configurations: Sequence[Document]) -> tuple[Classification, ...]:
    """EMR's `Configurations`, normalised."""
    return tuple(
        Classification(
            name=word(c, "Classification"),
            properties={k: str(v) for k, v in record(c, "Properties").items()},
            nested=classifications(records(c, "Configurations")),
        )
        for c in configurations
    )


def step_work(cluster: Cluster, step: Step, folder: Path, settings: Settings, state: Path) -> StepWork:
    """The work of a step."""
    jar = record(step.request, "HadoopJarStep")
    return StepWork(
        cluster_id=cluster.id,
        step_id=step.id,
        name=step.name,
        release=cluster.release,
        jar=word(jar, "Jar"),
        args=tuple(words(jar, "Args")),
        folder=folder,
        main_class=text(jar, "MainClass"),
        properties=step_properties(step),
        classifications=classifications(records(cluster.request, "Configurations")),
        environment=_environment(cluster, step.id, settings, state),
    )


def bootstrap_work(
    cluster: Cluster, action: Document, work_id: str, role: str, folder: Path, settings: Settings, state: Path
) -> StepWork:
    """The work of a bootstrap action on one node role: EMR downloads the script and runs it with its arguments."""
    script = record(action, "ScriptBootstrapAction")
    environment = _environment(cluster, work_id, settings, state)
    environment["EMRKIT_NODE_ROLE"] = {"MASTER": "primary"}.get(role, role.lower())
    return StepWork(
        cluster_id=cluster.id,
        step_id=work_id,
        name=word(action, "Name"),
        release=cluster.release,
        jar="script-runner.jar",
        args=(word(script, "Path"), *words(script, "Args")),
        folder=folder,
        classifications=classifications(records(cluster.request, "Configurations")),
        environment=environment,
    )


def step_properties(step: Step) -> dict[str, str]:
    """The step's Java properties: a list of pairs in requests, a map in answers."""
    pairs = cast("list[dict[str, str]]", record(step.request, "HadoopJarStep").get("Properties") or [])
    return {str(p.get("Key", "")): str(p.get("Value", "")) for p in pairs}


def _environment(cluster: Cluster, work_id: str, settings: Settings, state: Path) -> dict[str, str]:
    return {
        **settings.environment,
        "AWS_REGION": cluster.region,
        "AWS_DEFAULT_REGION": cluster.region,
        "EMR_CLUSTER_ID": cluster.id,
        "EMR_STEP_ID": work_id,
        "EMR_RELEASE_LABEL": cluster.release,
        STATE_MARKER: str(state),
    }
