"""What every other stack stands on: the key and the buckets."""

from __future__ import annotations

from aws_cdk import Environment, Stack
from constructs import Construct

import emrkit as emr
from emrkit_model.contract import Contract


class FoundationStack(Stack):
    """One KMS key; buckets for data, for bundles and for logs, and one for the access logs of these."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        project: str,
        environment: str,
        keep_data: bool,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env)
        # `Default` is no part of a logical id.
        foundation = emr.Foundation(
            self, "Default", keep_data=keep_data, description=f"emrkit: {project} {environment}"
        )
        self.key = foundation.key
        """The KMS key of data, bundles, logs and disks."""
        self.buckets = foundation.buckets
        """The buckets `data`, `artifacts` and `logs`."""
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project,
                environment=environment,
                stack="foundation",
                buckets={name: bucket.bucket_name for name, bucket in self.buckets.items()},
                keys={"data": self.key.key_arn},
            ),
        )

    def look_up(self, name: str, attribute: str) -> str:
        """What `${resource.<name>.<attribute>}` of the project file stands for in a template.

        Raises KeyError for a resource that this stack does not have.
        """
        if attribute == "bucket":
            return self.buckets[name].bucket_name
        if (name, attribute) == ("data", "key_arn"):
            return self.key.key_arn
        raise KeyError(f"{name}.{attribute}")
