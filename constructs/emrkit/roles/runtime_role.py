"""Runtime roles: the permissions of one step in place of those of the whole cluster."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from aws_cdk import Names
from aws_cdk import aws_iam as iam
from constructs import Construct

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.arguments import check_roles
from emrkit.pseudo_parameters import Aws
from emrkit_facts.iam import trust
from emrkit_model.security.key_arns import check_key
from emrkit_model.values import refuse

from .cluster_roles import Roles
from .granted_roles import MadeRole
from .grants import (
    CatalogGrant,
    DataGrant,
    accept_prefixes,
    catalog_statements,
    check_grants,
    data_statements,
    inline_policy,
    key_statement,
    secret_statement,
)
from .key_policies import admit_role

if TYPE_CHECKING:
    from emrkit_model.fields import KeyLike, SecretLike
    from emrkit_model.security.authorization import LakeFormation

__all__ = ["RuntimeRole"]

_PREFIXES = "objects below a granted prefix, tables by their patterns, and KMS's families of actions on one named key"
_LAKE_FORMATION = "GetDataAccess has no resource to name: Lake Formation's own grants decide what it gives"


class RuntimeRole(Construct):
    """What one kind of step may touch, on a cluster that many share.

    It trusts exactly the nodes' roles of the clusters named, with session tags, and these nodes may take on exactly the
    runtime roles that name them. The cluster's security configuration must switch runtime roles on
    (`runtime_roles=emr.RuntimeRoles()`); releases from 6.7.0.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html

    Args:
        roles: The roles of the clusters on which it may be used: one, or several.
        data: What its steps may read and write.
        catalog: What its steps may do in the Glue Data Catalog.
        key: The KMS key of its data.
        secrets: Secrets that its steps may read.
        lake_formation: Lake Formation decides what its steps may read: the role may ask it for credentials, and its
            sessions carry the tag by which Lake Formation knows EMR. Default: no.
        source_identity: Sessions carry the submitter's name (`PropagateSourceIdentity`). Default: no.
        permissions_boundary: ARN of a managed policy that bounds the role.
        path: The path of the role. Default: `/`.

    Example:
        ```python
        analysts = emr.RuntimeRole(self, "Analysts", roles=cluster.roles, data=[emr.DataGrant(bucket, "marts/")])
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        roles: Roles | Sequence[Roles],
        data: Sequence[DataGrant] = (),
        catalog: Sequence[CatalogGrant] = (),
        key: KeyLike | None = None,
        secrets: Sequence[SecretLike] = (),
        lake_formation: LakeFormation | None = None,
        source_identity: bool = False,
        permissions_boundary: str | None = None,
        path: str = "/",
    ) -> None:
        clusters = [roles] if isinstance(roles, (Roles, str)) else list(roles)
        strangers = [found for each in clusters for found in check_roles(each)]
        refuse([*strangers, *check_grants(data), *check_key(key, "key")])
        super().__init__(scope, id)
        statements = [*data_statements(data), *catalog_statements(catalog)]
        statements += [*key_statement(key), *secret_statement(secrets)]
        if lake_formation is not None:
            statements.append({"Effect": "Allow", "Action": ["lakeformation:GetDataAccess"], "Resource": "*"})
            finding = "AwsSolutions-IAM5[Resource::*]"
            acknowledge(self, Acknowledgement(Judge.AWS_SOLUTIONS, finding, _LAKE_FORMATION))
        self._path = path
        self._name = f"{Names.unique_resource_name(self, max_length=40, separator='-')}-{Aws.REGION}"
        nodes = [each.instance_role_arn for each in clusters]
        self._role = iam.CfnRole(
            self,
            "Resource",
            role_name=self._name,
            path=path,
            permissions_boundary=permissions_boundary,
            assume_role_policy_document=_trust(nodes, lake_formation, source_identity=source_identity),
            policies=inline_policy("data", statements),
        )
        self._grants = MadeRole(self._role, "data", statements, scope=self, reason=_PREFIXES)
        for each in clusters:
            each.allow_runtime_role(self.role_arn, source_identity=source_identity)
        for used in [key, *(grant.key for grant in data)]:
            admit_role(used, path, self._name)
        accept_prefixes(self, [s for s in statements if s["Resource"] != "*"], _PREFIXES)

    @cached_property
    def _arn(self) -> str:
        return self._role.attr_arn

    @property
    def role_arn(self) -> str:
        """ARN of the role: what a step's `execution_role` takes."""
        return self._arn

    @cached_property
    def role(self) -> iam.IRole:
        """The role for grants of the CDK: `queue.grant_send_messages(analysts.role)`."""
        return iam.Role.from_role_arn(self, "Role", self.role_arn)

    def grant_data(self, *grants: DataGrant) -> None:
        """Let its steps read or write more; the grants stay one document.

        Example: `analysts.grant_data(emr.DataGrant(bucket, "reports/", access="write"))`
        """
        self._grants.allow(data_statements(grants))
        for grant in grants:
            admit_role(grant.key, self._path, self._name)

    def grant_catalog(self, *grants: CatalogGrant) -> None:
        """Let its steps use databases of the Glue Data Catalog.

        Example: `analysts.grant_catalog(emr.CatalogGrant("marts"))`
        """
        self._grants.allow(catalog_statements(grants))


def _trust(nodes: Sequence[str], lake_formation: LakeFormation | None, *, source_identity: bool) -> dict[str, object]:
    """The nodes' roles may take on this one; with Lake Formation, only in sessions that are marked as EMR's."""
    document = trust("emr_runtime_role")
    assert document is not None, "the facts have the trust policy of runtime roles"
    (known,) = cast("list[dict[str, object]]", document["Statement"])
    allowed = [*cast("list[str]", known["Action"]), *(["sts:SetSourceIdentity"] if source_identity else [])]
    principal = {"AWS": nodes[0] if len(nodes) == 1 else list(nodes)}
    if lake_formation is None:
        return {**document, "Statement": [{**known, "Principal": principal, "Action": allowed}]}
    marked = {"StringEquals": {"aws:RequestTag/LakeFormationAuthorizedCaller": lake_formation.session_tag}}
    others = [action for action in allowed if action != "sts:TagSession"]
    tagged = {**known, "Principal": principal, "Action": ["sts:TagSession"], "Condition": marked}
    return {**document, "Statement": [{**known, "Principal": principal, "Action": others}, tagged]}
