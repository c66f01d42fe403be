"""What is deployed: one stack a file, wiring only."""

from __future__ import annotations

from aws_cdk import App, Environment, Tags

import emrkit as emr
from emrkit_jobs.bundle.declarations import Target
from emrkit_jobs.bundle.project import LoadedProject
from emrkit_model.ownership import ENVIRONMENT_TAG, PROJECT_TAG

from .cluster import ClusterStack
from .foundation import FoundationStack
from .network import NetworkStack
from .pipelines import PipelinesStack

__all__ = ["ClusterStack", "FoundationStack", "NetworkStack", "PipelinesStack", "define_stacks"]


def define_stacks(app: App, project: LoadedProject, target: Target, env: Environment | None = None) -> None:
    """The four stacks of one environment; what the project file says of deployed resources becomes references."""
    environment = target.environment_name
    prefix = f"{project.name}-{environment}"
    placed = {} if env is None else {"env": env}
    foundation = FoundationStack(
        app,
        f"{prefix}-foundation",
        project=project.name,
        environment=environment,
        keep_data=target.mode == "production",
        **placed,
    )
    network = NetworkStack(app, f"{prefix}-network", key=foundation.key, **placed).network
    resolved = project.for_target(target, resources=foundation.look_up)
    ClusterStack(app, f"{prefix}-cluster", project=resolved, foundation=foundation, network=network, **placed)
    PipelinesStack(app, f"{prefix}-pipelines", project=resolved, foundation=foundation, network=network, **placed)
    for key, value in {PROJECT_TAG: project.name, ENVIRONMENT_TAG: environment}.items():
        Tags.of(app).add(key, value)
    emr.tag_everything(app, resolved.ownership)
