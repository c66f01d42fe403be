"""Questions about who the cluster is: its roles, its instance profile, its key pair, its security configuration."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.targets.account import Account
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning

__all__ = ["check_linked_role", "check_names_of_parts", "check_profile", "check_roles"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_ROLES = _GUIDE + "emr-iam-roles.html"
_PROFILE = _GUIDE + "emr-iam-role-for-ec2.html"
_LINKED = _GUIDE + "using-service-linked-roles-cleanup.html"
_LINKED_ROLE = "AWSServiceRoleForEMRCleanup"


def check_roles(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """The service role and the role of automatic scaling exist."""
    for what, name in (("service role", needs.service_role), ("automatic scaling role", needs.scaling_role)):
        if name is not None and not account.role(name):
            yield error(
                "PRE-030",
                f"the {what} does not exist",
                got=name,
                reason=f"EMR cannot act for you without it ({_ROLES})",
                hint="leave the role to the stack, or name one of this account",
            )


def check_profile(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """The instance profile exists, holds a role, and has the name of that role."""
    if needs.profile is None:
        return
    found = account.profile(needs.profile)
    if found is None or found.role is None:
        what = "does not exist" if found is None else "holds no role"
        yield error(
            "PRE-031",
            f"the instance profile {what}",
            got=needs.profile,
            reason=f"nodes start with the profile's role ({_PROFILE})",
            hint="leave the profile to the stack, or add a role to it: `aws iam add-role-to-instance-profile`",
        )
    elif found.role != needs.profile:
        yield error(
            "PRE-032",
            "the instance profile and its role have different names",
            got=f"profile {needs.profile}, role {found.role}",
            reason=f"EMR takes the one name for both and fails with 'Invalid InstanceProfile' ({_PROFILE})",
            hint="make the profile anew with the role's name",
        )


def check_linked_role(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:  # noqa: ARG001 - of the account
    """EMR's service-linked role exists; EMR makes it, if the first caller may."""
    if not account.role(_LINKED_ROLE):
        yield warning(
            "PRE-033",
            f"the account has no service-linked role {_LINKED_ROLE} yet",
            reason=f"EMR makes it with the first cluster if the caller may; without it nothing cleans up ({_LINKED})",
            hint="`aws iam create-service-linked-role --aws-service-name elasticmapreduce.amazonaws.com`",
        )


def check_names_of_parts(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """The key pair and the security configuration exist."""
    if needs.key_pair is not None and not account.has_key_pair(needs.key_pair):
        yield error(
            "PRE-034",
            f"key pair '{needs.key_pair}' does not exist in {needs.region}",
            "key_pair",
            got=needs.key_pair,
            reason=f"EMR fails with INVALID_SSH_KEY_NAME ({_GUIDE}emr-plan-access-ssh.html)",
            hint="leave it out and use Session Manager, or name a key pair of this Region",
        )
    name = needs.security_configuration
    if name is not None and account.security_configuration(name) is None:
        yield error(
            "PRE-035",
            f"security configuration '{needs.security_configuration}' does not exist in {needs.region}",
            "security_configuration",
            got=needs.security_configuration,
            reason=f"EMR refuses the cluster ({_GUIDE}emr-security-configurations.html)",
            hint="deploy the stack that makes it, or leave it to the cluster's own stack",
        )
