"""Interface endpoints: which services nodes call without a way out, and what an endpoint is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from emrkit_facts import networking as facts
from emrkit_facts.applications import UnknownApplication, window
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Flag, Text
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, Value

if TYPE_CHECKING:
    from emrkit_model.applications import Application
    from emrkit_model.cluster import Cluster

__all__ = [
    "INTERFACE_ENDPOINTS",
    "InterfaceEndpoint",
    "check_endpoints",
    "interface_endpoints_for",
    "needs_of",
]

INTERFACE_ENDPOINTS = ("elasticmapreduce", "kms", "secretsmanager", "sts")
"""Services that an encrypted cluster talks to besides S3; each endpoint costs by the hour and zone."""

_SERVICE = re.compile(r"^[a-z][a-z0-9.-]*$")
_PAGE = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"


def _document(value: object) -> object:
    if value is None or isinstance(value, Mapping):
        return value
    raise ValueError("must be a policy document")


def _by_name(value: object) -> object:
    return {"service": value} if isinstance(value, str) else value


class InterfaceEndpoint(Value):
    """The endpoint of one service; the service's name alone stands for one with private DNS and no policy.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html

    >>> InterfaceEndpoint(service="glue").private_dns
    True
    """

    AREA: ClassVar[str] = "NET"

    service: Text
    """Short name (`glue`, `kms`), or the full one of an endpoint service (`com.amazonaws.vpce.…`, `aws.api.…`)."""
    private_dns: Flag = True
    """Whether the service's public name leads to the endpoint. An API Gateway endpoint must not."""
    policy: Annotated[
        Mapping[str, Any] | None, PlainValidator(_document), WithJsonSchema({"type": ["object", "null"]})
    ] = None
    """Who may do what through it. Default: everything, which the callers' own policies limit."""

    @property
    def full_name(self) -> str | None:
        """The name of the endpoint service where `service` says it in full."""
        return self.service if self.service.startswith(("com.amazonaws.", "cn.com.amazonaws.", "aws.")) else None

    def problems(self) -> Iterator[Diagnostic]:
        """The name can be a service's, and EMR survives the endpoint."""
        if is_token(self.service):
            return
        if not _SERVICE.match(self.service):
            yield error(
                "NET-040",
                "this is no service's name",
                "service",
                got=self.service,
                allowed="a short name such as glue, kms, ecr.api, or the full name of an endpoint service",
                reason=_PAGE,
            )
        elif self.full_name is None and not facts.has_interface_endpoint(self.service):
            close = get_close_matches(self.service, facts.interface_services(), n=1)
            yield warning(
                "NET-043",
                f"no service is known whose interface endpoint is called '{self.service}'",
                "service",
                got=self.service,
                reason=f"a service that does not exist fails the deployment ({_PAGE})",
                hint=f"did you mean '{close[0]}'?" if close else "a service newer than emrkit stays as it is",
            )
        if self.private_dns and facts.needs_private_dns_off(self.service.rsplit(".", 1)[-1]):
            yield error(
                "NET-041",
                "an API Gateway endpoint with private DNS stops managed scaling and idle termination",
                "private_dns",
                got=self.service,
                reason=f"EMR's metrics collector calls a public API Gateway address ({facts.page('scaling')})",
                hint=f'InterfaceEndpoint(service="{self.service}", private_dns=False)',
            )


EndpointLike = Annotated[InterfaceEndpoint, BeforeValidator(_by_name)]
"""An endpoint, or the short name of its service."""


def check_endpoints(endpoints: Sequence[InterfaceEndpoint]) -> Iterator[Diagnostic]:
    """A service has one endpoint."""
    names = [endpoint.service for endpoint in endpoints]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield error(
            "NET-042",
            "a service has one endpoint in a network",
            "interface_endpoints",
            got=f"{name} {names.count(name)} times",
            reason="two endpoints cannot share a private name (" + _PAGE + ")",
        )


def interface_endpoints_for(
    applications: Sequence[Application | str] = (),
    *,
    encryption: bool = True,
    secrets: bool = True,
    glue_catalog: bool = False,
    lake_formation: bool = False,
    cloudwatch_logs: bool = False,
    cloudwatch_metrics: bool = False,
    session_manager: bool = False,
    containers: bool = False,
    hbase_wal: bool = False,
    kinesis: bool = False,
) -> tuple[str, ...]:
    """The services whose interface endpoints clusters with these applications need, in a stable order.

    A need that none of the applications can have (the Glue catalog without a query engine) adds nothing. API Gateway is
    never among them: with private DNS its endpoint stops managed scaling and idle termination.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html

    Args:
        applications: What EMR installs. Default: not said, so that every need counts.
        encryption: Keys of KMS are used.
        secrets: Passwords or certificates are secrets.
        glue_catalog: Tables are known by the Glue Data Catalog.
        lake_formation: Lake Formation governs the tables.
        cloudwatch_logs: Logs go to CloudWatch.
        cloudwatch_metrics: Nodes publish metrics; the CloudWatch agent does.
        session_manager: People open shells and tunnels with Session Manager.
        containers: YARN runs Docker containers from ECR.
        hbase_wal: HBase writes EMR's write-ahead log.
        kinesis: Jobs read Kinesis streams.

    Raises:
        InvalidModel: `applications` is no list (E-NET-044). A name that no release has is a Python warning (W-NET-045),
            with the close ones.

    >>> interface_endpoints_for(["Spark", "Hive"], glue_catalog=True)
    ('elasticmapreduce', 'sts', 'kms', 'secretsmanager', 'glue')
    >>> interface_endpoints_for(["HBase"], secrets=False, glue_catalog=True, hbase_wal=True)
    ('elasticmapreduce', 'sts', 'kms', 'emrwal.prod')
    """
    given = cast("object", applications)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidModel(
            error(
                "NET-044",
                "applications must be a list of names",
                "applications",
                got=given,
                allowed='["Spark", "Hive"]',
                reason=_PAGE,
                hint=f'["{given}"]' if isinstance(given, str) else None,
            )
        )
    names = [str(getattr(a, "name", a)) for a in applications]
    for found in _unknown(names):
        warnings.warn(str(found), stacklevel=2)
    return _services(
        names,
        encryption=encryption,
        secrets=secrets,
        glue_catalog=glue_catalog,
        lake_formation=lake_formation,
        cloudwatch_logs=cloudwatch_logs,
        cloudwatch_metrics=cloudwatch_metrics,
        session_manager=session_manager,
        containers=containers,
        hbase_wal=hbase_wal,
        kinesis=kinesis,
    )


def _unknown(names: Sequence[str]) -> Iterator[Diagnostic]:
    for number, name in enumerate(names):
        found = window(name)
        if not is_token(name) and isinstance(found, UnknownApplication):
            yield warning(
                "NET-045",
                f"application '{name}' is not known: no endpoint is added for it",
                "applications",
                number,
                got=name,
                hint=f"did you mean {' or '.join(found.suggestions)}?" if found.suggestions else None,
            )


def _services(names: Sequence[str], **asked: bool) -> tuple[str, ...]:
    """What is not asked for is not needed."""
    wanted = {"always", *(need for need, on in asked.items() if on)}
    installed = {name.lower() for name in names}
    return tuple(
        need.service
        for need in facts.endpoint_needs()
        if (need.application is not None and need.application.lower() in installed)
        or (
            need.when in wanted
            and (
                not installed or not need.applications or not installed.isdisjoint(a.lower() for a in need.applications)
            )
        )
    )


def needs_of(cluster: Cluster) -> tuple[str, ...]:
    """The services that one cluster calls, read off its declaration: encryption, metastore, HBase's log.

    What its jobs call by themselves (a stream, a registry) nobody can see here.
    """
    from emrkit_model.metastores import ExternalMetastore, GlueCatalog
    from emrkit_model.security import SecurityConfiguration
    from emrkit_model.security.in_transit import InTransit

    security = cluster.security_configuration
    known = security if isinstance(security, SecurityConfiguration) else None
    encryption = None if known is None else known.encryption
    transit = None if encryption is None else encryption.in_transit
    # Of an application that is not known the cluster itself warns.
    return _services(
        sorted(cluster.application_names() or ()),
        encryption=(encryption is not None and encryption.at_rest is not None) or cluster.log_key is not None,
        secrets=isinstance(cluster.metastore, ExternalMetastore)
        or (isinstance(transit, InTransit) and transit.kind == "emr-managed"),
        glue_catalog=isinstance(cluster.metastore, GlueCatalog),
        lake_formation=known is not None and known.lake_formation is not None,
        hbase_wal=cluster.hbase is not None and cluster.hbase.wal is not None,
    )
