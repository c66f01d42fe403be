"""The standing clusters of a project, each with its security configuration and roles."""

from __future__ import annotations

from aws_cdk import CfnParameter, Environment, Stack
from constructs import Construct

import emrkit as emr
from emrkit_jobs.bundle.project import ResolvedProject
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.contract import Contract

from .foundation import FoundationStack
from .placement import data_grants, define_security


class ClusterStack(Stack):
    """Every cluster of the project file that is not transient."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        project: ResolvedProject,
        foundation: FoundationStack,
        network: emr.Network,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env)
        clusters = {
            name: self._define(name, value, project, foundation, network)
            for name, value in project.standing_clusters.items()
        }
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project.name,
                environment=project.environment,
                stack="cluster",
                clusters={name: cluster.contract() for name, cluster in clusters.items()},
            ),
        )

    def _define(
        self,
        name: str,
        value: ClusterValue,
        project: ResolvedProject,
        foundation: FoundationStack,
        network: emr.Network,
    ) -> emr.Cluster:
        # Another generation is another name, and another name is another cluster: how an ended one is replaced without
        # a change of the template. CloudFormation keeps the last value.
        generation = CfnParameter(self, f"{_title(name)}Generation", type="String", default="")
        scope = Construct(self, _title(name))
        return emr.Cluster.from_model(
            scope,
            "Cluster",
            value.replace(name=f"{value.name}{generation.value_as_string}"),
            network=network,
            security=define_security(scope, value, foundation.key),
            logs=foundation.buckets["logs"],
            key=foundation.key,
            data=data_grants(project, name, foundation),
        )


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))
