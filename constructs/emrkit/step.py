"""A step that CloudFormation adds to a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_model.clear_secrets import find_clear_secrets
from emrkit_model.fields import read
from emrkit_model.findings import error
from emrkit_model.render import cloudformation
from emrkit_model.steps import ActionOnFailure
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, refuse

from .annotations import warn
from .arguments import check_cluster, check_value
from .cluster import Cluster
from .pseudo_parameters import Aws
from .resources import make
from .scripts import place_step

if TYPE_CHECKING:
    from emrkit_model.fields import KeyLike
    from emrkit_model.steps import Step as StepValue

    from .cluster import ClusterReference
    from .roles.grants import Statement

__all__ = ["Step"]

_CONCURRENT = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-concurrent-steps.html"


class Step(Construct):
    """A step of a standing cluster, run once when the stack is deployed: to set something up, not to run jobs.

    Any change runs it again as a new step; deleting it takes nothing back. A local file that it names (the program,
    Python files, jars) becomes an asset which the cluster's nodes may read; a path that is no file here is one on the
    cluster. Jobs that run again and again are better off as jobs of the project file or as an `emr.Pipeline`.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-emr-step.html

    Args:
        cluster: The cluster, of this app or by its id.
        step: What it runs: `emr.SparkStep`, `emr.SparkSqlStep`, `emr.CommandStep`, `emr.ScriptStep`, `emr.JarStep`.
        log_uri: Where its logs go. Default: as the cluster's.
        encryption_key: The KMS key that encrypts them there; needs `log_uri`. Default: as the cluster's.

    Raises:
        InvalidModel: The step ends its cluster (E-STEP-050), has a runtime role (E-STEP-051), has local files for a
            cluster whose roles are not known here (E-STEP-052), or stops a cluster that runs steps side by side
            (E-STEP-053).

    Example: `emr.Step(self, "Databases", cluster=etl, step=emr.SparkSqlStep(name="databases", query="show databases"))`
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        cluster: ClusterReference,
        step: StepValue,
        log_uri: str | None = None,
        encryption_key: KeyLike | None = None,
    ) -> None:
        allowed = 'emr.SparkStep(name="etl", entry_point="s3://bucket/job.py") and its like'
        refuse([*check_cluster(cluster), *check_value("step", step, "Step", allowed=allowed)])
        super().__init__(scope, id)
        statements: list[Statement] = []
        self.value: StepValue = place_step(self, step, statements)
        """The step with its files where the nodes can read them."""
        if isinstance(cluster, Cluster):
            _check_concurrency(step, cluster)
            cluster.roles.allow(nodes=statements)
        elif statements:
            raise InvalidModel(
                error(
                    "STEP-052",
                    f"step '{step.name}' has local files, and the roles of its cluster are not known here",
                    "cluster",
                    hint="upload them to a bucket that the cluster may read, and name their s3:// addresses",
                )
            )
        key = None if encryption_key is None else read(encryption_key)
        properties = cloudformation.step_properties(
            cluster.cluster_id, self.value, region=Aws.REGION, log_uri=log_uri, encryption_key=key
        )
        warn(self, find_clear_secrets(cloudformation.STEP, properties))
        arguments = cloudformation.to_l1(cloudformation.STEP, properties)
        self._resource = make(emr.CfnStep, self, "Resource", arguments)

    @property
    def step_id(self) -> str:
        """The step's id, s-…"""
        return self._resource.ref

    def after(self, *steps: Step) -> None:
        """Run only when these have run.

        Example: `tables.after(databases)`
        """
        for step in steps:
            self._resource.node.add_dependency(step._resource)


def _check_concurrency(step: StepValue, cluster: Cluster) -> None:
    level, action = cluster.value.step_concurrency, step.action_on_failure()
    if is_token(level) or level == 1 or action is ActionOnFailure.CONTINUE:
        return
    raise InvalidModel(
        error(
            "STEP-053",
            f"the cluster runs {level} steps side by side and refuses step '{step.name}'",
            "on_failure",
            got=str(action),
            allowed=str(ActionOnFailure.CONTINUE),
            reason=_CONCURRENT,
            hint="set on_failure: continue, or step_concurrency 1 at the cluster",
        )
    )
