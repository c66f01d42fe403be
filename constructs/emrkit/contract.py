"""The contract of a stack: what those who run jobs on it need to know, in Parameter Store."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from emrkit_model import contract as model

from .json_text import json_text

__all__ = ["Contract"]


class Contract(Construct):
    """One small versioned JSON document under `/emrkit/<project>/<environment>/<stack>`, without secrets.

    Nothing about a deployment is guessed from names, and no cluster id is exported across stacks: this is what `emrkit
    run` reads. Parameter Store holds 4 KB in its free tier, some ten clusters a stack.

    Args:
        value: The document; tokens are welcome.

    Example:
        ```python
        emr.Contract(self, "Contract", value=Contract(project="shop", environment="dev", stack="cluster", clusters=...))
        ```
    """

    def __init__(self, scope: Construct, id: str, *, value: model.Contract) -> None:  # noqa: A002  # CDK's own word
        super().__init__(scope, id)
        self.parameter_name: str = model.parameter_name(value.project, value.environment, value.stack)
        """Where it is stored."""
        ssm.CfnParameter(
            self,
            "Resource",
            type="String",
            name=self.parameter_name,
            description="What emrkit knows of this stack",
            value=json_text(self, value.content()),
        )
