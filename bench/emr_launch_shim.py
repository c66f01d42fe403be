"""Lets aws-emr-launch 2.0.1 be imported today; nothing that it builds in a template is changed but its Lambda layer.

It asks `pkg_resources` for its own version, which setuptools no longer ships, and it bundles its Lambda layer in a
container while the app is synthesized. The layer becomes one from a plain folder: no container, and less work for it.
Its tasks render themselves by a method that has since got an argument, which they now take and leave alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import distribution
from types import ModuleType
from typing import Any

__all__ = ["install"]


def install(folder: str) -> None:
    """Make `aws_emr_launch` below a folder importable in this process."""
    from aws_cdk import aws_lambda

    class PythonLayerVersion(aws_lambda.LayerVersion):
        """The layer from its folder as it stands, without its packages."""

        def __init__(self, scope: Any, id: str, *, entry: str, **rest: Any) -> None:  # noqa: A002 - CDK's own word
            super().__init__(scope, id, code=aws_lambda.Code.from_asset(entry), **rest)

    sys.path.append(folder)
    resources = ModuleType("pkg_resources")
    resources.get_distribution = distribution  # type: ignore[attr-defined]
    alpha = ModuleType("aws_cdk.aws_lambda_python_alpha")
    alpha.PythonLayerVersion = PythonLayerVersion  # type: ignore[attr-defined]
    sys.modules |= {resources.__name__: resources, alpha.__name__: alpha}
    tasks: Any = import_module("aws_emr_launch.constructs.step_functions.emr_tasks")
    for task in (tasks.StartExecutionTask, tasks.EmrCreateClusterTask, tasks.EmrAddStepTask):
        task.to_state_json = _taking_a_language(task.to_state_json)


def _taking_a_language(render: Callable[[Any], Any]) -> Callable[..., Any]:
    def to_state_json(self: Any, top_level_query_language: Any = None) -> Any:  # noqa: ARG001 - its caller's
        return render(self)

    return to_state_json
