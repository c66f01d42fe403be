"""What a cluster's parts need of IAM: statements for the nodes' role and for the service role, as plain documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .tokens import is_token

if TYPE_CHECKING:
    from .cluster import Cluster
    from .configurations import Configuration

__all__ = ["Permissions", "Place", "Statement", "needed_permissions"]

_SECRET = "EMR.secret@"  # noqa: S105 - how a key says that its value is the ARN of a secret

Statement = dict[str, object]
"""One statement of a policy document."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster runs, for the ARNs in its policies; a construct gives CDK's pseudo parameters.

    >>> Place().region
    '*'
    """

    partition: str = "aws"
    region: str = "*"
    account: str = "*"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Statements beyond what every cluster needs: for the role of its nodes, and for EMR's service role."""

    nodes: tuple[Statement, ...] = ()
    service: tuple[Statement, ...] = field(default=())


def needed_permissions(cluster: Cluster, place: Place) -> Permissions:
    """What metastore, storage and typed settings of a cluster need.

    The Glue Data Catalog is asked by the nodes, a secret in a classification is read by the service role, EMR's
    write-ahead log and the table of consistent view are used by the nodes.
    """
    nodes: list[Statement] = []
    service: list[Statement] = []
    if cluster.metastore is not None:
        from .metastores import GlueCatalog

        if isinstance(cluster.metastore, GlueCatalog):
            nodes += cluster.metastore.node_statements(place)
        else:
            service += cluster.metastore.service_statements()
    if cluster.hbase is not None:
        nodes += cluster.hbase.node_statements(place)
    if cluster.consistent_view is not None:
        nodes += cluster.consistent_view.node_statements(place)
    if cluster.settings is not None:
        service += cluster.settings.service_statements()
    service += secret_statements(cluster)
    service += reservation_statements(cluster, place)
    return Permissions(tuple(nodes), tuple(service))


def secret_statements(cluster: Cluster) -> list[Statement]:
    """What the service role needs to read the secrets that free classifications name (`EMR.secret@<key>`).

    A secret under a KMS key of yours also needs `kms:Decrypt` with that key, which an ARN does not tell.
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/storing-sensitive-data.html
    """
    places = [cluster.configurations]
    places += [kind.configurations for _, fleet in cluster.fleets() for kind in fleet.instance_types()]
    places += [group.configurations for _, group in cluster.groups()]
    secrets = sorted({secret for configurations in places for secret in _named_secrets(configurations)})
    if not secrets:
        return []
    from emrkit_facts import storage

    actions = list(storage.texts("secrets", "service_role_actions"))
    return [{"Effect": "Allow", "Action": actions, "Resource": secrets}]


def _named_secrets(configurations: Sequence[Configuration]) -> Iterator[str]:
    if is_token(configurations):
        return
    for configuration in configurations:
        for key, value in configuration.properties.items():
            if key.startswith(_SECRET) and (is_token(value) or value.startswith("arn:")):
                yield value
        yield from _named_secrets(configuration.configurations)


def reservation_statements(cluster: Cluster, place: Place) -> list[Statement]:
    """What the service role needs to use capacity reservations; EC2 knows no resources for what only looks.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/on-demand-capacity-reservations.html
    """
    used = [r for _, fleet in cluster.fleets() for r in (fleet.reservation, fleet.resize_reservation) if r is not None]
    if not used:
        return []
    look = ["ec2:DescribeCapacityReservations", "ec2:DescribeLaunchTemplateVersions"]
    templates = f"arn:{place.partition}:ec2:{place.region}:{place.account}:launch-template/*"
    statements: list[Statement] = [
        {"Effect": "Allow", "Action": look, "Resource": "*"},
        {"Effect": "Allow", "Action": "ec2:DeleteLaunchTemplateVersions", "Resource": templates},
    ]
    groups = sorted({r.resource_group for r in used if r.resource_group is not None}, key=str)
    if groups:
        statements.append({"Effect": "Allow", "Action": "resource-groups:ListGroupResources", "Resource": groups})
    return statements
