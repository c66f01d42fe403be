"""Rules on how long a cluster may live."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_facts import security

from .catalogue import Problem, Rule
from .template import Template

__all__ = ["IDLE_TERMINATION"]


def _ends_when_idle(template: Template) -> Iterator[Problem]:
    gate = security.gate("auto-termination")
    for cluster in template.of_type("AWS::EMR::Cluster"):
        # Unless it says that it ends with its last step, a cluster counts as one that stays.
        stays = any(
            found.value not in (False, "false")
            for found in template.at(cluster.properties, "Instances", "KeepJobFlowAliveWhenNoSteps")
        )
        releases = [found.value for found in template.at(cluster.properties, "ReleaseLabel")]
        if not stays or any(isinstance(release, str) and gate.admits(release) is False for release in releases):
            continue
        for found in template.at(cluster.properties, "AutoTerminationPolicy", "IdleTimeout"):
            if found.is_absent:
                yield Problem(
                    cluster.id,
                    found.path,
                    "the cluster runs until somebody remembers it",
                    "set AutoTerminationPolicy.IdleTimeout (seconds; `idle_timeout` in the project file)",
                )


IDLE_TERMINATION = Rule(
    "E-RULE-006",
    "a long-running cluster ends when it is idle",
    "an idle cluster costs as much as a busy one and widens what can be attacked",
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html",
    _ends_when_idle,
    "G08",
)
