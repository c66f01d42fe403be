"""A cluster by its id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from constructs import Construct

from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel

from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from aws_cdk import Duration
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_iam as iam

__all__ = ["ClusterReference"]

_ID = re.compile(r"j-[A-Z0-9]+")
_SUBMIT = ["AddJobFlowSteps", "CancelSteps", "DescribeCluster", "DescribeStep", "ListSteps"]


class ClusterReference(Construct):
    """A cluster by its id: what can be granted on it and measured of it, whoever made it.

    Args:
        cluster_id: The id, j-…; a token is welcome, for instance of a parameter.

    Raises:
        InvalidModel: The id is none (E-CLUS-111).

    Example: `emr.Cluster.from_cluster_id(self, "Etl", "j-3KVTXXXXXX7UG").metric("AppsPending")`
    """

    def __init__(self, scope: Construct, id: str, *, cluster_id: str) -> None:  # noqa: A002  # CDK's own word
        if not is_token(cluster_id) and not _ID.fullmatch(cluster_id):
            raise InvalidModel(
                error(
                    "CLUS-111",
                    "this is not the id of a cluster",
                    "cluster_id",
                    got=cluster_id,
                    allowed="j- and capital letters and digits, such as j-3KVTXXXXXX7UG",
                    reason="https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeCluster.html",
                    hint="aws emr list-clusters --active",
                )
            )
        super().__init__(scope, id)
        self._cluster_id = cluster_id

    @property
    def cluster_id(self) -> str:
        """The cluster's id, j-…"""
        return self._cluster_id

    def grant_submit(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody add, follow and cancel steps of this cluster, and of no other.

        Example: `cluster.grant_submit(submitter)`
        """
        from aws_cdk import aws_iam

        return aws_iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[f"elasticmapreduce:{action}" for action in _SUBMIT],
            resource_arns=[
                f"arn:{Aws.PARTITION}:elasticmapreduce:{Aws.REGION}:{Aws.ACCOUNT_ID}:cluster/{self.cluster_id}"
            ],
        )

    def metric(self, name: str, *, statistic: str = "Average", period: Duration | None = None) -> cloudwatch.Metric:
        """One of EMR's metrics of this cluster, for an alarm or a dashboard.

        Args:
            name: For example `YARNMemoryAvailablePercentage`, `AppsPending`, `HDFSUtilization`, `IsIdle`.
            statistic: How samples are put together. Default: their average.
            period: Default: five minutes, EMR's own.

        Example: `cluster.metric("YARNMemoryAvailablePercentage").create_alarm(...)`
        """
        from aws_cdk import aws_cloudwatch

        return aws_cloudwatch.Metric(
            namespace="AWS/ElasticMapReduce",
            metric_name=name,
            dimensions_map={"JobFlowId": self.cluster_id},
            statistic=statistic,
            period=period,
        )
