"""What EMR needs of a network: ports, the buckets that nodes install from, endpoints, DHCP options.

Pages: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html, emr-man-sec-groups.html,
private-subnet-iampolicy.html, emr-vpc-host-job-flows.html and emr-web-interfaces.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .tables import load
from .versions import parse

__all__ = [
    "NODE_TO_SERVICE",
    "SERVICE_TO_NODE",
    "UI_PORTS",
    "BucketGrant",
    "EndpointNeed",
    "bucket_grants",
    "dhcp_domain",
    "endpoint_needs",
    "endpoint_service",
    "needs_private_dns_off",
    "page",
    "private_ranges",
    "service_endpoint",
    "uses_service_endpoint",
]

# From the service-access security group to primary, core and task nodes in a private subnet.
SERVICE_TO_NODE = 8443
# From the primary node to the service-access security group (5.30.0 and later); with custom groups you add it yourself.
NODE_TO_SERVICE = 9443
# Interfaces on the primary node; none of them is meant to be open to the world.
UI_PORTS = {
    "hdfs-namenode": 9870,
    "yarn-resource-manager": 8088,
    "yarn-node-manager": 8042,
    "spark-history-server": 18080,
    "mapreduce-history-server": 19888,
    "hive-server": 10000,
    "hive-metastore": 9083,
    "hbase": 16010,
    "livy": 8998,
    "hue": 8888,
    "jupyterhub": 9443,
    "zeppelin": 8890,
    "tez": 8080,
    "flink": 8082,
    "trino": 8889,
}


@dataclass(frozen=True, slots=True)
class BucketGrant:
    """Buckets of AWS that nodes need through an S3 endpoint, and what they do there."""

    kind: str
    """`repositories`, `logs` or `history`."""
    buckets: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndpointNeed:
    """A service that nodes call, when they do, and why."""

    service: str
    when: str
    """`always`, or the need that asks for it (`encryption`, `glue_catalog`, …)."""
    why: str
    page: str
    applications: tuple[str, ...]
    """Applications that can have the need; empty where any cluster can."""
    application: str | None
    """An application that has the need by being installed."""


def page(topic: str) -> str:
    """The AWS page on a topic: `ports`, `buckets`, `dhcp`, `idle`, `scaling`, `public_access`, `vpc`, `tags`, …"""
    return load("networking")["pages"][topic]


def uses_service_endpoint(release: str) -> bool | None:
    """Whether nodes of a release call EMR through an interface endpoint instead of 8443 and 9443; None if unreadable.

    >>> uses_service_endpoint("emr-7.14.0"), uses_service_endpoint("emr-spark-8.1.0"), uses_service_endpoint("latest")
    (False, True, None)
    """
    version = parse(release)
    return None if version is None else version >= _version(load("networking")["ports"]["endpoint_since"])


def service_endpoint(region: str) -> tuple[str, str]:
    """The name of the endpoint service that release 8.0.0 and later call, and the `Name` tag that EMR looks for.

    >>> service_endpoint("eu-west-1")
    ('aws.api.eu-west-1.emr-service-cell01', 'emr-service-vpce')
    """
    row = load("networking")["service_endpoint"]
    return row["name"].format(region=region), row["tag_name"]


def endpoint_service(service: str, region: str) -> str:
    """The full name of a service's endpoint in a Region; a Region that is not known is taken for one outside China.

    >>> [endpoint_service(*of) for of in (("sts", "eu-west-1"), ("sts", "cn-north-1"), ("kms", "cn-north-1"))]
    ['com.amazonaws.eu-west-1.sts', 'cn.com.amazonaws.cn-north-1.sts', 'com.amazonaws.cn-north-1.kms']
    """
    rows = load("networking")["endpoints"]
    own = rows["prefix_of_region"].get(region) if service in rows["prefixed_in_china"] else None
    return f"{own or rows['prefix']}.{region}.{service}"


def has_interface_endpoint(service: str) -> bool:
    """Whether a service is known to have an interface endpoint; newer services are not known yet.

    >>> has_interface_endpoint("kms"), has_interface_endpoint("kms-fips"), has_interface_endpoint("kmss")
    (True, True, False)
    """
    return service.removesuffix("-fips") in load("networking")["endpoints"]["services"]


def interface_services() -> tuple[str, ...]:
    """The services that are known to have an interface endpoint, by their short names."""
    return tuple(load("networking")["endpoints"]["services"])


def needs_private_dns_off(service: str) -> bool:
    """Whether an endpoint with private DNS for the service breaks EMR: the metrics collector calls API Gateway."""
    return service in load("networking")["endpoints"]["never_private_dns"]


def endpoint_needs() -> tuple[EndpointNeed, ...]:
    """Every interface endpoint that EMR's nodes may need, and why."""
    return tuple(
        EndpointNeed(
            row["service"],
            row["when"],
            row["why"],
            row["page"],
            tuple(row.get("applications", ())),
            row.get("application"),
        )
        for row in load("networking")["endpoints"]["needs"]
    )


def bucket_grants(region: str, *, releases: Sequence[str] = (), known_region: bool = True) -> tuple[BucketGrant, ...]:
    """The buckets of AWS that nodes of these releases need, by what they do there.

    Args:
        region: The Region, or a token that stands for it.
        releases: Release labels. Default: every release up to 7.x; what cannot be read as a label counts as any.
        known_region: False for a token: then the names that some Regions have instead are in it too.

    >>> repositories, logs, history = bucket_grants("us-east-1", releases=["emr-7.14.0"])
    >>> repositories.buckets
    ('al2023-repos-us-east-1-de612dc2', 'repo.us-east-1.emr.amazonaws.com', 'us-east-1.elasticmapreduce')
    >>> logs.buckets, history.actions[0]
    (('aws157-logs-prod',), 's3:Put*')
    """
    table: Mapping[str, Any] = load("networking")["buckets"]
    grants: list[BucketGrant] = []
    for kind in ("repositories", "logs", "history"):
        names = [
            name
            for row in table[kind]
            if _wanted(row, releases)
            for name in _names(row, region, known_region=known_region, china=table["in_china"])
        ]
        if names:
            grants.append(BucketGrant(kind, tuple(names), tuple(table["actions"][kind])))
    return tuple(grants)


def _wanted(row: Mapping[str, Any], releases: Sequence[str]) -> bool:
    since = None if row["since"] is None else _version(row["since"])
    until = None if row["until"] is None else _version(row["until"])
    if not releases:
        return since is None or since < _version(load("networking")["ports"]["endpoint_since"])
    versions = [parse(release) for release in releases]
    return any(v is None or ((since is None or v >= since) and (until is None or v < until)) for v in versions)


def _names(row: Mapping[str, Any], region: str, *, known_region: bool, china: Sequence[str]) -> Iterator[str]:
    elsewhere: Mapping[str, Sequence[str]] = row.get("elsewhere", {})
    if known_region and region in elsewhere:
        yield from elsewhere[region]
        return
    for pattern in row["names"]:
        name = pattern.format(region=region)
        yield name
        if region.startswith("cn-") and name.endswith(china[0]):
            yield name.removesuffix(china[0]) + china[1]
    if not known_region:
        for names in elsewhere.values():
            yield from names


def dhcp_domain(region: str) -> str:
    """The domain name that a VPC's DHCP options give nodes, so that Hadoop finds them by name.

    >>> dhcp_domain("us-east-1"), dhcp_domain("eu-west-1"), dhcp_domain("us-gov-west-1")
    ('ec2.internal', 'eu-west-1.compute.internal', 'us-gov-west-1.compute.internal')
    """
    row = load("networking")["dhcp"]
    return row["domain_of_region"].get(region) or row["domain"].format(region=region)


def private_ranges() -> tuple[str, ...]:
    """The address ranges that a VPC for EMR takes its own from."""
    return tuple(load("networking")["private_ranges"])


def _version(text: str) -> tuple[int, ...]:
    version = parse(text)
    assert version is not None, text
    return version
