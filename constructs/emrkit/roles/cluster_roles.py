"""The roles of a cluster: what EMR may do, what the nodes may do, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aws_cdk import Names
from aws_cdk import aws_iam as iam
from constructs import Construct

from emrkit.acknowledgements import Acknowledgement, Judge, acknowledge
from emrkit.pseudo_parameters import Aws
from emrkit.resources import make
from emrkit_facts.iam import SERVICE_POLICY, SESSION_MANAGER_ACTIONS, trust
from emrkit_model.security.key_arns import check_key
from emrkit_model.values import InvalidModel, refuse

from .auto_scaling_role import make_auto_scaling_role, place
from .granted_roles import PREFIXES, GivenRole, MadeRole
from .grants import (
    CatalogGrant,
    DataGrant,
    Statement,
    accept_prefixes,
    assume_runtime_roles,
    catalog_statements,
    check_grants,
    data_statements,
    disk_key_statements,
    inline_policy,
    key_statement,
    pass_role,
    secret_statement,
)
from .key_policies import admit_disks, admit_role
from .named_roles import NamedRole
from .references import cannot_grant, check_policies, lacks_profile, name_of, principal_of, role_arn_of

if TYPE_CHECKING:
    from emrkit_model.fields import KeyLike, ProfileLike, RoleLike, SecretLike

__all__ = ["DataGrant", "Roles"]

_SHELLS = "Session Manager's channels and the agent's report on its instance know no resource to name"
# The one role that AmazonEMRServicePolicy_v2 lets a service role pass to EC2.
_PASSED_ROLE = "EMR_EC2_DefaultRole"
_SERVICE_FINDING = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/{SERVICE_POLICY}]"
_SERVICE_REASON = "AWS's own scoped policy: it acts only on what carries EMR's tag, and AWS keeps it up to date"


class Roles(Construct):
    """The service role and the instance profile of clusters, least privilege from the start.

    The service role has AmazonEMRServicePolicy_v2, which acts only on what carries EMR's tag, and may pass exactly the
    nodes' role to EC2. The instance profile is named as its role (EMR refuses another). Grants are one document.
    Certificates that EMR manages need nothing here: EMR makes and keeps them, and puts its authority's certificate into
    Secrets Manager for clients to trust; tagging that secret needs a permission of who deploys, not of the nodes.
    Each role may be one that exists. One given as an object of the CDK is granted on as the CDK does it; one given by
    name or ARN alone is left as it is, and asking to grant on it is an error.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-roles.html

    Args:
        data: What the nodes may read and write.
        catalog: What the nodes may do in the Glue Data Catalog. Default: nothing.
        logs: Where the cluster's logs are written.
        key: The KMS key of disks, logs and data. The policy of a key that this app makes admits the roles too.
        secrets: Secrets, or their ARNs, that the nodes may read.
        permissions_boundary: ARN of a managed policy that bounds every role made here.
        path: The path of the roles. Default: `/`.
        session_manager: The nodes may be reached by shells and tunnels of Session Manager, without SSH. Default: no.
            In an isolated network it needs its endpoints too: `interface_endpoints_for(..., session_manager=True)`.
            https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
        managed_policies: ARNs of managed policies that the nodes' role has beside what is granted here. Default: none.
        auto_scaling: Makes the role of custom automatic scaling too, which instance groups may have. Default: when a
            cluster first needs it.
        service_role: A service role that exists: name, ARN or role. Default: one is made.
        instance_profile: An instance profile that exists: name, ARN or profile. Default: one is made.
        instance_role: The role of that profile: name, ARN or role. Default: the one named as the profile.
        auto_scaling_role: An auto scaling role that exists: name, ARN or role.

    Raises:
        InvalidModel: Something is to be granted to a role that is known by its name or ARN alone (E-ROLE-001), or an
            instance role comes without its profile (E-ROLE-002) or with managed policies (E-ROLE-025).

    Example:
        ```python
        roles = emr.Roles(self, "Roles", data=[emr.DataGrant(bucket, "raw/", access="read")], key=key)
        ```
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        data: Sequence[DataGrant] = (),
        logs: DataGrant | None = None,
        key: KeyLike | None = None,
        secrets: Sequence[SecretLike] = (),
        permissions_boundary: str | None = None,
        path: str = "/",
        catalog: Sequence[CatalogGrant] = (),
        session_manager: bool = False,
        managed_policies: Sequence[str] = (),
        auto_scaling: bool = False,
        service_role: RoleLike | None = None,
        instance_profile: ProfileLike | None = None,
        instance_role: RoleLike | None = None,
        auto_scaling_role: RoleLike | None = None,
    ) -> None:
        found = [*check_grants(data), *check_key(key, "key")]
        if instance_role is not None and instance_profile is None:
            found.append(lacks_profile())
        found += check_policies(managed_policies, given=instance_profile is not None)
        refuse(found)
        super().__init__(scope, id)
        self._path = path
        self._boundary = permissions_boundary
        # None: known by its name alone.
        self._nodes: MadeRole | GivenRole | None = None
        self._nodes_name: str | None = None
        self._service: MadeRole | GivenRole | None = None
        self._runtime: dict[str, bool] = {}
        self._assumed: list[str] = []
        self._attached: dict[str, iam.CfnPolicy] = {}
        self._auto_scaling_arn: str | None = None
        grants = [*data, *_logs(logs)]
        statements = [*data_statements(grants), *catalog_statements(catalog)]
        statements += [*key_statement(key), *secret_statement(secrets)]
        shells: list[Statement] = []
        if session_manager:
            shells.append({"Effect": "Allow", "Action": list(SESSION_MANAGER_ACTIONS), "Resource": "*"})
            acknowledge(self, Acknowledgement(Judge.AWS_SOLUTIONS, "AwsSolutions-IAM5[Resource::*]", _SHELLS))
        if instance_profile is None:
            self._make_nodes([*statements, *shells], managed_policies)
        else:
            self.instance_profile_name = name_of(instance_profile)
            role = instance_role if instance_role is not None else self.instance_profile_name
            self.instance_role_arn: str = role_arn_of(role)
            """ARN of the nodes' role."""
            self.instance_role_name: str = name_of(role)
            """Name of the nodes' role, and of its profile."""
            self._nodes = GivenRole.of(principal_of(role))
            if statements or shells:
                self._allow_nodes([*statements, *shells])
        disks = disk_key_statements(key)
        if service_role is None:
            self._make_service([pass_role(self.instance_role_arn, "ec2"), *disks])
        else:
            self.service_role_arn: str = role_arn_of(service_role)
            """ARN of the service role."""
            self._service = GivenRole.of(principal_of(service_role))
            # Two roles that exist were made for each other, unless neither can be looked at.
            if instance_profile is None or (self._service is None and self.instance_role_name != _PASSED_ROLE):
                self._allow_service([pass_role(self.instance_role_arn, "ec2"), *disks])
        self._admit([key, *(grant.key for grant in grants)])
        if service_role is None:
            admit_disks(key)
        made = [*(statements if instance_profile is None else []), *(disks if service_role is None else [])]
        accept_prefixes(self, made, PREFIXES)
        if auto_scaling_role is not None:
            self._auto_scaling_arn = role_arn_of(auto_scaling_role)
            self._allow_service([pass_role(self._auto_scaling_arn, "application-autoscaling")])
        elif auto_scaling:
            self.require_auto_scaling_role()

    @classmethod
    def from_names(
        cls,
        scope: Construct,
        id: str,  # noqa: A002  # CDK's own word
        *,
        service_role: RoleLike,
        instance_profile: ProfileLike,
        instance_role: RoleLike | None = None,
        auto_scaling_role: RoleLike | None = None,
    ) -> Roles:
        """Roles that somebody else made and keeps: names, ARNs or objects of the CDK; nothing is made or changed here.

        A service role with AmazonEMRServicePolicy_v2 passes only a role named EMR_EC2_DefaultRole: for any other, its
        owner must allow `iam:PassRole` on it. What clusters need of roles that are known by their names alone is a
        warning (W-ROLE-003) with the statements, actions and resources, for their owners to add.

        Example: `Roles.from_names(self, "Roles", service_role="emr-service", instance_profile="emr-nodes")`
        """
        return cls(
            scope,
            id,
            service_role=service_role,
            instance_profile=instance_profile,
            instance_role=instance_role,
            auto_scaling_role=auto_scaling_role,
        )

    @property
    def role_arn(self) -> str:
        """The service role: what a cluster's `service_role` takes."""
        return self.service_role_arn

    @property
    def auto_scaling_role_arn(self) -> str | None:
        """ARN of the auto scaling role; None while nobody needed one."""
        return self._auto_scaling_arn

    @cached_property
    def instance_role(self) -> iam.IRole:
        """The nodes' role for grants of the CDK: `queue.grant_send_messages(roles.instance_role)`."""
        return iam.Role.from_role_arn(self, "InstanceRole", self.instance_role_arn)

    def require_auto_scaling_role(self) -> str:
        """The ARN of the auto scaling role, which is made when it is first asked for; the service role may pass it.

        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-automatic-scaling.html
        """
        if self._auto_scaling_arn is not None:
            return self._auto_scaling_arn
        arn = make_auto_scaling_role(self, self._path, self._boundary).attr_arn
        self._auto_scaling_arn = arn
        self._allow_service([pass_role(arn, "application-autoscaling")])
        return arn

    def passing(self) -> tuple[Statement, ...]:
        """What somebody needs who launches clusters with these roles: passing each to its service, and no other."""
        scaling = self._auto_scaling_arn
        return (
            pass_role(self.service_role_arn, "elasticmapreduce"),
            pass_role(self.instance_role_arn, "ec2"),
            *(() if scaling is None else (pass_role(scaling, "application-autoscaling"),)),
        )

    def grant_data(self, *grants: DataGrant) -> None:
        """Let the nodes read or write more; the grants stay one document.

        Example: `roles.grant_data(emr.DataGrant(bucket, "reports/", access="write"))`
        """
        self._allow_nodes(data_statements(grants))
        self._admit(grant.key for grant in grants)

    def grant_catalog(self, *grants: CatalogGrant) -> None:
        """Let the nodes use databases of the Glue Data Catalog.

        Example: `roles.grant_catalog(emr.CatalogGrant("sales", access="read-write"))`
        """
        self._allow_nodes(catalog_statements(grants))

    def grant_secrets(self, *secrets: SecretLike, key: KeyLike | None = None) -> None:
        """Let the nodes read secrets; `key` is the customer's key that encrypts them.

        Example: `roles.grant_secrets(metastore_password)`
        """
        self._allow_nodes([*secret_statement(secrets), *key_statement(key)])
        self._admit([key])

    def allow(self, *, nodes: Sequence[Statement] = (), service: Sequence[Statement] = ()) -> None:
        """Give statements to the nodes' role and to the service role; a cluster does so for its metastore and storage.

        Of a role that is known by its name alone, a warning of the synthesis says what its owner must allow.

        Example: `roles.allow(nodes=glue_catalog.node_statements(place))`
        """
        if nodes and self._nodes is None:
            self._owner_of_nodes.tell(nodes)
        elif nodes:
            self._allow_nodes(nodes)
        if service:
            self._allow_service(service)

    @cached_property
    def _owner_of_nodes(self) -> NamedRole:
        return NamedRole(self, "instance_role", self.instance_role_name)

    @cached_property
    def _owner_of_service(self) -> NamedRole:
        return NamedRole(self, "service_role", name_of(self.service_role_arn))

    def serve(
        self, *, data: Sequence[DataGrant] = (), logs: DataGrant | None = None, key: KeyLike | None = None
    ) -> None:
        """Give these roles, made before, what one more cluster needs of them; what they have already stays once.

        Example: `roles.serve(data=[emr.DataGrant(bucket)], key=key)`
        """
        refuse([*check_grants(data), *check_key(key, "key")])
        grants = [*data, *_logs(logs)]
        self.allow(nodes=[*data_statements(grants), *key_statement(key)], service=disk_key_statements(key))
        self._admit([key, *(grant.key for grant in grants)])
        if isinstance(self._service, MadeRole):
            admit_disks(key)

    def allow_runtime_role(self, role: RoleLike, *, source_identity: bool = False) -> None:
        """Let the nodes take on a runtime role for steps, with session tags; `emr.RuntimeRole` does it by itself.

        A role that exists must trust `instance_role_arn` with `sts:AssumeRole` and `sts:TagSession`.

        Args:
            role: The runtime role: name, ARN or role.
            source_identity: The submitter's name goes with the session, as the cluster's security configuration says.
        """
        self._runtime[role_arn_of(role)] = source_identity
        plain = [arn for arn, named in self._runtime.items() if not named]
        named = [arn for arn, named in self._runtime.items() if named]
        statements = [assume_runtime_roles(plain, source_identity=False)] if plain else []
        statements += [assume_runtime_roles(named, source_identity=True)] if named else []
        if isinstance(self._nodes, MadeRole):
            # Apart: the runtime role trusts the nodes' role, so the nodes' role cannot wait for its ARN.
            self._attach("RuntimeRoles", "runtime-roles", statements)
        else:
            self._allow_nodes(statements[-1:])

    def allow_roles(self, *roles: RoleLike) -> None:
        """Let the nodes act as other roles, as the role mappings of EMRFS ask; a cluster does so for its own.

        Each of them must trust `instance_role_arn` with `sts:AssumeRole`.
        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-emrfs-iam-roles.html

        Example: `roles.allow_roles("arn:aws:iam::111122223333:role/analysts")`
        """
        self._assumed = list(dict.fromkeys([*self._assumed, *map(role_arn_of, roles)]))
        statement: Statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": self._assumed}
        if isinstance(self._nodes, MadeRole):
            # Apart for the same reason as runtime roles.
            self._attach("RoleMappings", "role-mappings", [statement])
        else:
            self.allow(nodes=[{**statement, "Resource": [role_arn_of(role) for role in roles]}])

    def _attach(self, id: str, name: str, statements: Sequence[Statement]) -> None:  # noqa: A002
        """A policy of its own for the nodes' role, with these statements and no others."""
        document = {"Version": "2012-10-17", "Statement": statements}
        if id in self._attached:
            self._attached[id].policy_document = document
            return
        self._attached[id] = iam.CfnPolicy(
            self, id, roles=[self.instance_role_name], policy_name=name, policy_document=document
        )

    def _make_nodes(self, statements: list[Statement], managed_policies: Sequence[str]) -> None:
        # Roles are global in an account: the region keeps two deployments of one app apart.
        name = f"{Names.unique_resource_name(self, max_length=40, separator='-')}-{Aws.REGION}"
        nodes = make(
            iam.CfnRole,
            self,
            "Nodes",
            {
                "roleName": name,
                "path": self._path,
                "permissionsBoundary": self._boundary,
                "assumeRolePolicyDocument": trust("emr_ec2_instance_profile_role"),
                "managedPolicyArns": list(managed_policies) or None,
                "policies": inline_policy("data", statements),
            },
        )
        self.instance_role_arn = nodes.attr_arn
        self.instance_role_name = nodes.ref
        properties = {"instanceProfileName": name, "path": self._path, "roles": [self.instance_role_name]}
        profile = make(iam.CfnInstanceProfile, self, "Profile", properties)
        self.instance_profile_name: str = profile.ref
        """Name of the instance profile."""
        self._nodes, self._nodes_name = MadeRole(nodes, "data", statements, scope=self), name

    def _make_service(self, statements: list[Statement]) -> None:
        service = make(
            iam.CfnRole,
            self,
            "Service",
            {
                "path": self._path,
                "permissionsBoundary": self._boundary,
                "assumeRolePolicyDocument": trust("emr_service_role", place()),
                "managedPolicyArns": [f"arn:{Aws.PARTITION}:iam::aws:policy/service-role/{SERVICE_POLICY}"],
                "policies": inline_policy("cluster", statements),
            },
        )
        self.service_role_arn = service.attr_arn
        self._service = MadeRole(service, "cluster", statements)
        acknowledge(self, Acknowledgement(Judge.AWS_SOLUTIONS, _SERVICE_FINDING, _SERVICE_REASON))

    def _allow_nodes(self, statements: Sequence[Statement]) -> None:
        if self._nodes is None:
            raise InvalidModel(cannot_grant("instance_role", self.instance_role_name))
        self._nodes.allow(statements)

    def _allow_service(self, statements: Sequence[Statement]) -> None:
        """A service role by name keeps what its owner gave it, and the owner is told what clusters need of it."""
        if self._service is not None:
            self._service.allow(statements)
        else:
            self._owner_of_service.tell(statements)

    def _admit(self, keys: Iterable[KeyLike | None]) -> None:
        if self._nodes_name is not None:
            for key in keys:
                admit_role(key, self._path, self._nodes_name)


def _logs(logs: DataGrant | None) -> list[DataGrant]:
    """Logs are written and never read."""
    return [] if logs is None else [DataGrant(logs.bucket, logs.prefix, "write", logs.key)]
