"""The contract document: what a deployed stack tells those who run jobs on it.

It is stored in Parameter Store under `/emrkit/<project>/<environment>/<stack>`; versioned, small, without secrets.
Documents of every version before are read, for ever (`contract_versions`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self, cast

from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel
from pydantic.config import ConfigDict

from .contract_versions import SCHEMA_VERSION, lift, refuse_version
from .diagnostics import Diagnostic, FieldPath
from .fields import NO_SETTINGS, Count
from .findings import error, warning
from .values import InvalidModel, Json, Value

if TYPE_CHECKING:
    from .cluster import Cluster
    from .overrides import Override

__all__ = [
    "SCHEMA_VERSION",
    "Contract",
    "ContractCluster",
    "ContractOverride",
    "ContractPipeline",
    "SecurityGroups",
    "declare_overrides",
    "parameter_name",
]


def parameter_name(project: str, environment: str, stack: str) -> str:
    """The Parameter Store name of a stack's contract.

    >>> parameter_name("shop", "dev", "emr")
    '/emrkit/shop/dev/emr'
    """
    return f"/emrkit/{project}/{environment}/{stack}"


class _Part(Value):
    """A part of the contract: camelCase in JSON, and keys that a newer minor version added are skipped."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore")
    AREA: ClassVar[str] = "CTR"


class SecurityGroups(_Part):
    """The security groups of a cluster's nodes."""

    primary: str | None = None
    """Of the primary node."""
    core: str | None = None
    """Of core and task nodes."""
    service_access: str | None = None
    """Of EMR's access to a private subnet."""
    additional_primary: tuple[str, ...] = ()
    """More groups for the primary nodes."""
    additional_core: tuple[str, ...] = ()
    """More groups for core and task nodes."""


class ContractCluster(_Part):
    """A cluster of the stack; a transient one has no id."""

    name: str
    """Its name at EMR."""
    release: str
    """Its release label."""
    id: str | None = None
    """Its id; none for a cluster that runs launch."""
    log_uri: str | None = None
    """Where its logs go."""
    service_role: str | None = None
    """The service role's ARN or name."""
    instance_profile: str | None = None
    """The instance profile's name."""
    auto_scaling_role: str | None = None
    """The auto scaling role's ARN or name; only instance groups with custom automatic scaling have one."""
    security_configuration: str | None = None
    """The security configuration's name."""
    subnets: tuple[str, ...] = ()
    """Subnets to choose from."""
    security_groups: SecurityGroups = Field(default_factory=SecurityGroups)
    """The groups of its nodes."""
    kerberos_secret: str | None = None
    """The ARN of the secret with the KDC administrator's password; after `#` the field in it, if it holds JSON."""
    kerberos_secrets: Mapping[str, str] = NO_SETTINGS
    """The other secrets of its `KerberosAttributes` (of a trust, of joining a domain), by attribute."""


class ContractOverride(_Part):
    """A number that an execution of a pipeline may choose."""

    default: Count
    """What holds when it does not."""
    minimum: Count | None = None
    """The least."""
    maximum: Count | None = None
    """The most."""
    allowed: tuple[Count, ...] = ()
    """The only values, in place of a minimum and a maximum."""


class ContractPipeline(_Part):
    """A job's state machine."""

    state_machine_arn: str
    """Its ARN."""
    name: str
    """Its name."""
    overrides: Mapping[str, ContractOverride] = Field(default_factory=dict[str, ContractOverride])
    """The numbers that an execution may choose, by name."""


def declare_overrides(overrides: Mapping[str, Override], cluster: Cluster) -> dict[str, ContractOverride]:
    """What a contract says of a pipeline's overrides: bounds, and the default that holds on its cluster."""
    from .overrides import defaults_of

    defaults = defaults_of(overrides, cluster)
    return {
        name: ContractOverride(
            default=defaults[name], minimum=item.minimum, maximum=item.maximum, allowed=tuple(item.allowed)
        )
        for name, item in overrides.items()
    }


class Contract(_Part):
    """The whole document.

    >>> Contract.parse(Contract(project="shop", environment="dev", stack="emr").render()).stack
    'emr'
    """

    schema_version: int = Field(default=SCHEMA_VERSION, alias="schema")
    """The version of this form; a reader refuses a newer one."""
    project: str
    """The project's name."""
    environment: str
    """The environment: dev, test, prod, …"""
    stack: str
    """The stack that wrote it."""
    clusters: Mapping[str, ContractCluster] = Field(default_factory=dict[str, ContractCluster])
    """Clusters by their name in the project file."""
    buckets: Mapping[str, str] = NO_SETTINGS
    """Bucket names by purpose: logs, artifacts, data, …"""
    keys: Mapping[str, str] = NO_SETTINGS
    """KMS key ARNs by purpose."""
    roles: Mapping[str, str] = NO_SETTINGS
    """Role ARNs by purpose."""
    pipelines: Mapping[str, ContractPipeline] = Field(default_factory=dict[str, ContractPipeline])
    """State machines by job."""
    policies: Mapping[str, str] = NO_SETTINGS
    """ARNs of access policies by who they are for: deployer, submitter, operator, …"""

    @classmethod
    def parse(cls, data: str | Mapping[str, object], **more: object) -> Self:
        """Read a document of this version or of any before it, as text or as parsed JSON.

        Raises `InvalidModel`: not JSON, a newer schema, or something missing.
        """
        return cls.read(data, **more)[0]

    @classmethod
    def read(cls, data: str | Mapping[str, object], **more: object) -> tuple[Self, tuple[Diagnostic, ...]]:
        """The same with warnings: keys that this emrkit does not know are skipped, and named.

        >>> text = '{"schema": 2, "project": "shop", "environment": "dev", "stack": "emr", "novelty": 1}'
        >>> [found.code for found in Contract.read(text)[1]]
        ['W-CTR-013']
        """
        document = _document(data) if isinstance(data, str) else data
        if (found := refuse_version(document)) is not None:
            raise InvalidModel(found)
        lifted = lift(document)
        return super().parse(lifted, **more), tuple(_strangers(cls, lifted, ()))

    def render(self) -> str:
        """The document as compact JSON, keys in a fixed order, what is not set left out."""
        return json.dumps(self.content(), separators=(",", ":"))

    def content(self) -> dict[str, Json]:
        """The document as plain data, for a construct that still has to put tokens into JSON."""
        return cast("dict[str, Json]", _tidy(self.model_dump(by_alias=True, exclude_none=True, mode="python")))


_DEPLOY = "deploy the stack again: emrkit deploy"


def _document(text: str) -> Mapping[str, object]:
    try:
        data: object = json.loads(text)
    except ValueError as problem:
        raise InvalidModel(error("CTR-010", f"the contract is not JSON: {problem}", hint=_DEPLOY)) from None
    if not isinstance(data, dict):
        raise InvalidModel(error("CTR-010", "the contract is not a JSON object", hint=_DEPLOY))
    return cast("dict[str, object]", data)


def _strangers(part: type[BaseModel], document: object, path: FieldPath) -> Iterator[Diagnostic]:
    """Keys of the document, at any depth, that no field reads."""
    if not isinstance(document, Mapping):
        return
    rows = cast("Mapping[str, object]", document)
    fields = {str(field.alias or name): field for name, field in part.model_fields.items()}
    known = {*fields, *part.model_fields}
    for key, value in rows.items():
        if key not in known:
            yield warning(
                "CTR-013",
                f"the contract says '{key}', which this emrkit does not know",
                *path,
                key,
                reason="a newer emrkit may have deployed the stack; what is skipped changes nothing that this one does",
                hint="upgrade emrkit if you miss something: pip install --upgrade emrkit",
            )
            continue
        inner, many = _PARTS.get((part.__name__, key), (None, False))
        if inner is not None and many and isinstance(value, Mapping):
            for name, item in cast("Mapping[str, object]", value).items():
                yield from _strangers(inner, item, (*path, key, name))
        elif inner is not None:
            yield from _strangers(inner, value, (*path, key))


_PARTS: Mapping[tuple[str, str], tuple[type[BaseModel], bool]] = {
    ("Contract", "clusters"): (ContractCluster, True),
    ("Contract", "pipelines"): (ContractPipeline, True),
    ("ContractPipeline", "overrides"): (ContractOverride, True),
    ("ContractCluster", "securityGroups"): (SecurityGroups, False),
}
"""Which field of which part holds parts itself: one, or many by name."""


def _tidy(value: object) -> object:
    if isinstance(value, Mapping):
        rows = cast("Mapping[str, object]", value)
        kept = {key: _tidy(item) for key, item in rows.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [])}
    if isinstance(value, (list, tuple)):
        return [_tidy(item) for item in cast("list[object]", value)]
    return value
