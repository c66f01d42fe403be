"""The security configuration: encryption, Kerberos and instance metadata in one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from .diagnostics import Diagnostic
from .encryption import Encryption, gate_problem
from .fields import Count, Text
from .findings import error
from .kerberos import Kerberos
from .tokens import is_token
from .values import Json, Value

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

    The default is IMDSv2 alone; give `encryption` for the rest.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
    """

    AREA: ClassVar[str] = "SEC"

    encryption: Encryption | None = None
    """Encryption at rest and in transit."""
    kerberos: Kerberos | None = None
    """The KDC."""
    imds: Imds | None = Field(default_factory=Imds)
    """Instance metadata; null leaves the service's default, which lets version 1 answer."""
    name: Text | None = None
    """Its name in the account. Default: made from the stack and construct."""

    def document(self) -> dict[str, Json]:
        """The JSON document that EMR takes."""
        result: dict[str, Json] = {}
        if self.encryption is not None:
            result["EncryptionConfiguration"] = self.encryption.document()
        if self.kerberos is not None:
            result["AuthenticationConfiguration"] = self.kerberos.document()
        if self.imds is not None:
            result["InstanceMetadataServiceConfiguration"] = self.imds.document()
        return result

    def release_problems(self, release: str) -> Iterator[Diagnostic]:
        """What a release cannot do of this; paths start at this object."""
        if self.encryption is not None:
            for found in self.encryption.release_problems(release):
                yield found.within("encryption")
        if self.kerberos is not None:
            gate = "external-kdc" if self.kerberos.kind == "external" else "kerberos"
            yield from gate_problem(gate, release, "KRB-020", "kerberos")
        if self.imds is not None and self.imds.version == 2:
            yield from gate_problem("imds-v2", release, "SEC-020", "imds", "version", hint="set version: 1")
