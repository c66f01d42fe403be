"""The security configuration: encryption, authentication, authorization and instance metadata in one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Items, Text
from emrkit_model.findings import error
from emrkit_model.gating import gate_problem
from emrkit_model.later import later
from emrkit_model.tokens import is_token
from emrkit_model.values import Json, Value

from .documents import NO_DOCUMENT, Document, documents, laid_over
from .encryption import Encryption
from .rules import check_extra, check_parts

if TYPE_CHECKING:
    from .authorization import LakeFormation, RoleMapping, RuntimeRoles
    from .identity_center import IdentityCenter
    from .kerberos import Kerberos
    from .ldap import Ldap
    from .ranger import Ranger
else:  # what a security configuration does not have is not loaded
    LakeFormation = later("security.authorization", "LakeFormation")
    RoleMapping = later("security.authorization", "RoleMapping")
    RuntimeRoles = later("security.authorization", "RuntimeRoles")
    IdentityCenter = later("security.identity_center", "IdentityCenter")
    Kerberos = later("security.kerberos", "Kerberos")
    Ldap = later("security.ldap", "Ldap")
    Ranger = later("security.ranger", "Ranger")

__all__ = ["Imds", "SecurityConfiguration"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html"


class Imds(Value):
    """Access of programs on the nodes to the instance metadata service.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html

    >>> Imds.v2_only().version
    2
    """

    AREA: ClassVar[str] = "SEC"

    version: Count = 2
    """The oldest version that answers: 2 refuses the calls of version 1."""
    hop_limit: Count = 1
    """Network hops a response may take, 1 to 64; containers need 2."""

    @classmethod
    def v2_only(cls, hop_limit: int = 1) -> Imds:
        """Only version 2 answers."""
        return cls(version=2, hop_limit=hop_limit)

    def problems(self) -> Iterator[Diagnostic]:
        """Version 1 or 2, hop limit 1 to 64."""
        if not is_token(self.version) and self.version not in (1, 2):
            yield error("SEC-010", "version must be 1 or 2", "version", got=self.version, allowed="1, 2", reason=_PAGE)
        if not is_token(self.hop_limit) and not 1 <= self.hop_limit <= 64:
            yield error(
                "SEC-011",
                "hop_limit is outside 1 to 64",
                "hop_limit",
                got=self.hop_limit,
                allowed="1 to 64",
                reason=_PAGE,
            )

    def document(self) -> dict[str, Json]:
        """`InstanceMetadataServiceConfiguration`."""
        return {
            "MinimumInstanceMetadataServiceVersion": self.version,
            "HttpPutResponseHopLimit": self.hop_limit,
        }


class SecurityConfiguration(Value):
    """What `AWS::EMR::SecurityConfiguration` holds. It cannot be changed once made: a change replaces it.

    The default is IMDSv2 alone; give `encryption` for the rest. Kerberos and LDAP exclude each other; LDAP excludes
    runtime roles and Lake Formation; Lake Formation needs runtime roles; Ranger needs Kerberos or LDAP; LDAP and
    Identity Center need encryption in transit.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html

    >>> SecurityConfiguration.parse({"imds": {"hop_limit": 2}}).imds
    Imds(version=2, hop_limit=2)
    """

    AREA: ClassVar[str] = "SEC"

    encryption: Encryption | None = None
    """Encryption at rest and in transit."""
    kerberos: Kerberos | None = None
    """The KDC."""
    ldap: Ldap | None = None
    """Users sign in with a directory's accounts."""
    identity_center: IdentityCenter | None = None
    """Jobs run with the identity of the person who sent them."""
    role_mappings: Items[RoleMapping] = ()
    """Roles for EMRFS by user, group or place in S3; the first that fits decides."""
    runtime_roles: RuntimeRoles | None = None
    """Each step runs with a role of its own."""
    lake_formation: LakeFormation | None = None
    """Lake Formation decides what runtime roles may read."""
    ranger: Ranger | None = None
    """A Ranger server decides what users may read."""
    imds: Imds | None = Field(default_factory=Imds)
    """Instance metadata; null leaves the service's default, which lets version 1 answer."""
    extra: Document = NO_DOCUMENT
    """Members that EMR's document has and emrkit does not, in EMR's own nesting, laid over the rest at the end. A
    member that a field above sets is refused here, and so is a literal that looks like a secret."""
    name: Text | None = None
    """Its name in the account. Default: made from the stack and construct."""

    def problems(self) -> Iterator[Diagnostic]:
        """What the parts need of each other and forbid each other; the escape hatch against the fields."""
        yield from check_parts(self)
        yield from check_extra(self.extra)

    def document(self) -> dict[str, Json]:
        """The JSON document that EMR takes."""
        result: dict[str, Json] = {}
        if self.encryption is not None:
            result["EncryptionConfiguration"] = self.encryption.document()
        if authentication := self._authentication():
            result["AuthenticationConfiguration"] = authentication
        if authorization := self._authorization():
            result["AuthorizationConfiguration"] = authorization
        if self.imds is not None:
            result["InstanceMetadataServiceConfiguration"] = self.imds.document()
        return laid_over(result, self.extra)

    def _authentication(self) -> dict[str, Json]:
        result: dict[str, Json] = {} if self.kerberos is None else self.kerberos.document()
        if self.ldap is not None:
            result["LDAPConfiguration"] = self.ldap.document()
        if self.identity_center is not None:
            result["IdentityCenterConfiguration"] = self.identity_center.document()
        return result

    def _authorization(self) -> dict[str, Json]:
        result: dict[str, Json] = {}
        if self.role_mappings:
            result["EmrFsConfiguration"] = {"RoleMappings": documents(self.role_mappings)}
        if self.runtime_roles is not None:
            result["IAMConfiguration"] = self.runtime_roles.document()
        if self.lake_formation is not None:
            result["LakeFormationConfiguration"] = self.lake_formation.document()
        if self.ranger is not None:
            result["RangerConfiguration"] = self.ranger.document()
        return result

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this; paths start at this object."""
        parts = {
            "encryption": self.encryption,
            "kerberos": self.kerberos,
            "runtime_roles": self.runtime_roles,
            "lake_formation": self.lake_formation,
        }
        for name, part in parts.items():
            for found in () if part is None else part.release_problems(release):
                yield found.within(name)
        if self.identity_center is not None:
            runtime, lake = self.runtime_roles is not None, self.lake_formation is not None
            center = self.identity_center.release_problems(release, runtime_roles=runtime, lake_formation=lake)
            for found in center:
                yield found.within("identity_center")
        if self.role_mappings:
            yield from gate_problem("role-mappings", release, "AUTH-034", "role_mappings")
        if self.imds is not None and self.imds.version == 2:
            yield from gate_problem("imds-v2", release, "SEC-020", "imds", "version", hint="set version: 1")
