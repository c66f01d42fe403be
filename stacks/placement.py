"""What standing and transient clusters are given alike: encryption, and access to the data of the jobs they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from aws_cdk import aws_kms as kms
from constructs import Construct

import emrkit as emr
from emrkit_facts import security as gates
from emrkit_jobs.bundle.project import ResolvedProject
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.security import SecurityConfiguration

from .foundation import FoundationStack

Access = Literal["read", "read-write"]
_PLACE = re.compile(r"s3[an]?://([^/]+)/(.*)")


def define_security(scope: Construct, value: ClusterValue, key: kms.IKey) -> emr.SecurityConfiguration:
    """The cluster's own security configuration, or the safe one: everything encrypted that its release can encrypt."""
    given = value.security_configuration
    own = given if isinstance(given, SecurityConfiguration) else SecurityConfiguration()
    managed = gates.gate("emr-managed-tls").admits(value.release) is not False
    in_transit = emr.InTransit.emr_managed() if managed else None
    safe = emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=in_transit)
    whole = own.replace(encryption=own.encryption or safe, kerberos=value.realm)
    return emr.SecurityConfiguration.from_model(scope, "Security", whole)


def data_grants(project: ResolvedProject, cluster: str, foundation: FoundationStack) -> tuple[emr.DataGrant, ...]:
    """What the nodes of a cluster may touch: the project's data, its bundles, and what its jobs declare."""
    return (
        emr.DataGrant(foundation.buckets["data"], key=foundation.key),
        emr.DataGrant(foundation.buckets["artifacts"], "bundles/", "read", foundation.key),
        *_declared(project, cluster),
    )


def _declared(project: ResolvedProject, cluster: str) -> Iterator[emr.DataGrant]:
    for bundled in project.jobs.values():
        job = bundled.job
        if cluster not in (job.run_on, job.pipeline.cluster if job.pipeline else None):
            continue
        declared: tuple[tuple[Sequence[str], Access], ...] = ((job.inputs, "read"), (job.outputs, "read-write"))
        for places, access in declared:
            for found in filter(None, map(_PLACE.match, places)):
                # A place in a bucket of the project's own is granted above, by its resource.
                if not found[1].startswith("${"):
                    yield emr.DataGrant(found[1], found[2], access)
