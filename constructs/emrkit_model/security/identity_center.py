"""IAM Identity Center: jobs run with the identity of the person who sent them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from emrkit_facts import security as gates
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Flag, RoleLike, Text, read
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

__all__ = ["IdentityCenter"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-idc-start.html"


class IdentityCenter(Value):
    """Trusted identity propagation for Spark (releases from 6.15.0; with runtime roles from 7.8.0).

    It needs encryption in transit, and Lake Formation or S3 Access Grants to decide on what a person may read.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-idc-start.html

    >>> IdentityCenter(instance="arn:aws:sso:::instance/ssoins-1").document()["EnableIdentityCenter"]
    True
    """

    AREA: ClassVar[str] = "AUTH"

    instance: Text | None = None
    """ARN of the Identity Center instance. Default: the account's own."""
    role: RoleLike | None = None
    """The role of EMR's application at Identity Center, by its ARN. AWS's prose asks for it; its newest example, which
    has runtime roles, leaves it out."""
    assignment_required: Flag | None = None
    """Whether only people assigned to the application get in. Default: not stated, which is no."""
    assignment_key: Text | None = None
    """The member that carries `assignment_required`: `IdentityCenterApplicationAssigmentRequired` in AWS's example,
    `IdentityCenterApplicationAssignmentRequired` in AWS's prose; emrkit does not choose, so it has no default."""

    def problems(self) -> Iterator[Diagnostic]:
        """A setting whose key AWS spells in two ways needs the key spelled out."""
        if self.assignment_required is not None and self.assignment_key is None:
            yield error(
                "AUTH-020",
                "AWS spells the key of this setting in two ways: say which one",
                "assignment_key",
                allowed="IdentityCenterApplicationAssigmentRequired, IdentityCenterApplicationAssignmentRequired",
                reason=_PAGE,
                hint="the first is in AWS's example; check with aws emr describe-security-configuration",
            )
        if self.assignment_required is None and self.assignment_key is not None:
            yield error("AUTH-021", "assignment_key comes with assignment_required", "assignment_key", reason=_PAGE)

    def document(self) -> dict[str, Json]:
        """`IdentityCenterConfiguration`."""
        result: dict[str, Json] = {"EnableIdentityCenter": True}
        if self.instance is not None:
            result["IdentityCenterInstanceARN"] = self.instance
        if self.role is not None:
            result["IAMRoleForEMRIdentityCenterApplicationARN"] = read(self.role)
        if self.assignment_required is not None and self.assignment_key is not None:
            result[self.assignment_key] = self.assignment_required
        return result

    def release_problems(self, release: str, *, runtime_roles: bool, lake_formation: bool) -> Iterator[Diagnostic]:
        """What a release cannot do of this, beside runtime roles and Lake Formation."""
        yield from gate_problem("identity-center", release, "AUTH-022", hint="leave it out")
        if runtime_roles:
            yield from gate_problem("identity-center-runtime-roles", release, "AUTH-023")
        found = gates.gate("identity-center-lake-formation")
        if lake_formation and not is_token(release) and found.admits(release) is False:
            yield warning(
                "AUTH-024",
                f"with Identity Center, Lake Formation decides only on whole tables on '{release}'",
                reason=_PAGE,
                hint="rows, columns and cells need 7.2.0 or later",
            )
