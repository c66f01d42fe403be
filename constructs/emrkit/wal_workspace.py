"""A workspace for HBase's write-ahead logs, kept by EMR's own service."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnTag, Names, Stack
from aws_cdk import aws_emr as emr
from constructs import Construct

from emrkit_facts import storage as facts
from emrkit_model.findings import error
from emrkit_model.storage import WriteAheadLog
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel

__all__ = ["WalWorkspace"]


class WalWorkspace(Construct):
    """A container of write-ahead logs of HBase, which outlive the cluster by up to 30 days.

    Making it also makes the service-linked role AWSServiceRoleForEMRWAL, if there is none: who deploys needs
    `iam:CreateServiceLinkedRole` for emrwal.amazonaws.com. Twenty workspaces in an account and Region.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hbase-wal-workspaces.html

    Args:
        name: 1 to 32 letters and digits. Default: made of the construct's path.
        tags: Its tags, also for policies that ask for them.

    Raises:
        InvalidModel: EMR has no write-ahead log in the stack's Region, or no workspace can have that name.

    Example:
        ```python
        workspace = emr.WalWorkspace(self, "Logs")
        storage = emr.HBaseStorage(root="s3://lake/hbase/", wal=emr.WriteAheadLog(workspace=workspace.name))
        emr.Cluster(self, "HBase", hbase=storage, network=network, **rest)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, id)
        region = Stack.of(self).region
        allowed = facts.wal_regions("emr-99.0.0")
        if not is_token(region) and region not in allowed:
            raise InvalidModel(
                error(
                    "STORE-050",
                    f"EMR has no write-ahead log in {region}",
                    "region",
                    got=region,
                    allowed=", ".join(allowed),
                    reason=facts.fact("hbase", "wal", "page"),
                    hint="leave the log in HDFS, or choose another Region",
                )
            )
        chosen = WriteAheadLog(workspace=name or Names.unique_resource_name(self, max_length=32))
        resource = emr.CfnWALWorkspace(
            self,
            "Resource",
            wal_workspace_name=chosen.workspace,
            tags=[CfnTag(key=key, value=value) for key, value in (tags or {}).items()] or None,
        )
        self.name: str = resource.ref
        """Its name, for `HBaseStorage(wal=…)`."""
