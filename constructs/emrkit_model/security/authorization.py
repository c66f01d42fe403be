"""Authorization: whose permissions a job has on its data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from emrkit_facts import security as gates
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Flag, Items, RoleLike, Text, listed, read, words
from emrkit_model.findings import error, warning
from emrkit_model.gating import gate_problem
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

__all__ = ["LakeFormation", "RoleMapping", "RuntimeRoles", "check_mappings"]

_EMRFS = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-emrfs-iam-roles.html"
_LAKE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-lf-enable.html"


class RoleMapping(Value):
    """Whose requests to S3, or which places in S3, EMRFS reaches as another role (releases from 5.10.0).

    The first mapping that fits decides; without one the nodes' own role does. The role must trust the nodes' role. It
    acts in EMRFS: from 7.10.0 S3A is behind s3://.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-emrfs-iam-roles.html

    >>> RoleMapping.users("arn:aws:iam::111122223333:role/analysts", "ana", "ben").kind
    'User'
    """

    AREA: ClassVar[str] = "AUTH"

    role: RoleLike
    """The role, by its ARN."""
    kind: Annotated[str, words("User", "Group", "Prefix")]
    """What the identifiers are: users and groups of the cluster, or places in S3."""
    identifiers: Items[Text]
    """Names, or `s3://bucket/prefix`."""

    @classmethod
    def users(cls, role: RoleLike, *names: str) -> RoleMapping:
        """For the requests of these users."""
        return cls(role=role, kind="User", identifiers=names)

    @classmethod
    def groups(cls, role: RoleLike, *names: str) -> RoleMapping:
        """For the requests of the members of these groups."""
        return cls(role=role, kind="Group", identifiers=names)

    @classmethod
    def prefixes(cls, role: RoleLike, *places: str) -> RoleMapping:
        """For requests to these places in S3."""
        return cls(role=role, kind="Prefix", identifiers=places)

    def problems(self) -> Iterator[Diagnostic]:
        """Somebody is meant; the role has an ARN; places are in S3."""
        if not is_token(self.identifiers) and not self.identifiers:
            yield error("AUTH-030", "a role mapping names at least one identifier", "identifiers", reason=_EMRFS)
        if isinstance(self.role, str) and not is_token(self.role) and not self.role.startswith("arn:"):
            hint = "arn:aws:iam::<account>:role/<name>"
            yield error("AUTH-031", "a mapped role is named by its ARN", "role", got=self.role, hint=hint)
        if self.kind != "Prefix" or is_token(self.identifiers):
            return
        for i, place in enumerate(self.identifiers):
            if not is_token(place) and not place.startswith("s3://"):
                hint = "s3://bucket/prefix"
                yield error("AUTH-032", "a prefix is a place in S3", "identifiers", i, got=place, hint=hint)

    def document(self) -> dict[str, Json]:
        """One entry of `RoleMappings`."""
        return {"Role": read(self.role), "IdentifierType": self.kind, "Identifiers": listed(self.identifiers)}


def check_mappings(mappings: Sequence[RoleMapping]) -> Iterator[Diagnostic]:
    """A warning for an identifier that an earlier mapping has already: the first one wins."""
    seen: dict[tuple[str, str], int] = {}
    for i, mapping in enumerate(mappings):
        for name in () if is_token(mapping.identifiers) else mapping.identifiers:
            first = seen.setdefault((mapping.kind, name), i)
            if first != i:
                yield warning(
                    "AUTH-033",
                    f"'{name}' is decided by role_mappings[{first}] already",
                    i,
                    "identifiers",
                    reason=f"the first mapping that fits wins. {_EMRFS}",
                    hint="leave it out here, or put this mapping first",
                )


class RuntimeRoles(Value):
    """Each step runs with a role of its own in place of the nodes' (releases from 6.7.0); `execution_role` names it.

    Not with three primary nodes, and not with LDAP. The nodes' role must be allowed to take the runtime roles on:
    `emr.RuntimeRole` and `Roles.allow_runtime_role` do it.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-steps-runtime-roles.html

    >>> RuntimeRoles().document()
    {'EnableApplicationScopedIAMRole': True}
    """

    AREA: ClassVar[str] = "AUTH"

    propagate_source_identity: Flag | None = None
    """Who sent the step is in CloudTrail as the session's source identity. Default: not stated, which is no."""

    def document(self) -> dict[str, Json]:
        """`IAMConfiguration`."""
        result: dict[str, Json] = {"EnableApplicationScopedIAMRole": True}
        if self.propagate_source_identity is not None:
            inner: dict[str, Json] = {"PropagateSourceIdentity": self.propagate_source_identity}
            result["ApplicationScopedIAMRoleConfiguration"] = inner
        return result

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this."""
        yield from gate_problem("runtime-roles", release, "AUTH-040", hint="leave runtime_roles out")


class LakeFormation(Value):
    """Lake Formation decides what a runtime role may read of the Glue catalog; it needs `runtime_roles`.

    With Identity Center it decides what a person may read; there runtime roles come with 7.8.0 only.
    Rows, columns and cells with Spark need 6.15.0.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-lf-enable.html

    >>> LakeFormation().document()
    {'AuthorizedSessionTagValue': 'Amazon EMR'}
    """

    AREA: ClassVar[str] = "AUTH"

    session_tag: Text = "Amazon EMR"
    """The session tag's value that Lake Formation was told to trust."""
    enabled: Flag | None = None
    """`EnableLakeFormation`, which AWS mentions in prose beside Identity Center, and shows in no example. Default: not
    stated."""

    def problems(self) -> Iterator[Diagnostic]:
        """The tag has a value."""
        if not self.session_tag:
            yield error("AUTH-041", "the session tag is empty", "session_tag", reason=_LAKE, hint="Amazon EMR")

    def document(self) -> dict[str, Json]:
        """`LakeFormationConfiguration`."""
        result: dict[str, Json] = {"AuthorizedSessionTagValue": self.session_tag}
        return result if self.enabled is None else {**result, "EnableLakeFormation": self.enabled}

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this."""
        if not is_token(release) and gates.gate("lake-formation-fine-grained").admits(release) is False:
            yield warning(
                "AUTH-042",
                f"Lake Formation decides on no rows, columns or cells on '{release}'",
                reason=_LAKE,
                hint="choose 6.15.0 or later",
            )
