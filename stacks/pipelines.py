"""The jobs that are state machines, each on a transient cluster of its own."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from constructs import Construct

import emrkit as emr
from emrkit.cluster import allow_needs, describe_cluster, place_cluster
from emrkit.orchestration import BUNDLE
from emrkit_jobs.bundle.project import ResolvedProject
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.contract import Contract

from .foundation import FoundationStack
from .placement import data_grants, define_security


class PipelinesStack(Stack):
    """Every transient cluster's roles and security configuration, and a state machine for every job with a pipeline."""

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
        logs = foundation.buckets["logs"]
        roles: dict[str, emr.Roles] = {}
        placed: dict[str, ClusterValue] = {}
        for name, value in project.transient_clusters.items():
            home = Construct(self, name)
            roles[name] = emr.Roles(
                home,
                "Roles",
                data=data_grants(project, name, foundation),
                logs=emr.DataGrant(logs, "logs/", "write"),
                key=foundation.key,
            )
            allow_needs(value, roles[name])
            placed[name] = place_cluster(
                value,
                network=network,
                security=define_security(home, value, foundation.key),
                roles=roles[name],
                log_uri=f"s3://{logs.bucket_name}/logs/",
                log_key=foundation.key,
            )
        pipelines = {
            name: emr.Pipeline(
                self,
                f"Job-{name}",
                job=bundled.job,
                steps=bundled.steps_at(BUNDLE),
                cluster=placed[declared.cluster],
                roles=roles[declared.cluster],
                key=foundation.key,
                notifications=declared.notifications,
                overrides=declared.overrides,
                when_running="refuse" if declared.when_running == "refuse" else "launch",
            )
            for name, bundled in project.jobs.items()
            if (declared := bundled.job.pipeline) is not None
        }
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project.name,
                environment=project.environment,
                stack="pipelines",
                clusters={name: describe_cluster(value, None) for name, value in placed.items()},
                pipelines={name: pipeline.contract() for name, pipeline in pipelines.items()},
            ),
        )
