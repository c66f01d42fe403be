"""A cluster of a run's own: launched with its steps, ends by itself with the last of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emrkit_jobs.run.preflights import place_cluster
from emrkit_jobs.run.records import RunRecord
from emrkit_jobs.run.submitting import Submitter
from emrkit_jobs.run.workspace import Workspace
from emrkit_jobs.targets.protocol import RUN_TAG, Json
from emrkit_model.contract import ContractCluster
from emrkit_model.fields import SecretLike
from emrkit_model.render.request import add_job_flow_steps, run_job_flow
from emrkit_model.secret_references import open_secret, secret_address
from emrkit_model.security.kerberos import Kerberos
from emrkit_model.values import Json as Plain

if TYPE_CHECKING:
    from emrkit_jobs.run.execution import Prepared

__all__ = ["launch_request", "make_room"]


def launch_request(
    workspace: Workspace,
    prepared: Prepared,
    contract: ContractCluster,
    name: str,
    submitter: Submitter,
    attempt: int,
) -> Json:
    """RunJobFlow for a job: the cluster of the project file in the place that the stacks made for it.

    The steps are part of it and the cluster ends after the last one, so that no kill of ours leaves a cluster behind.
    The tag finds it again when the answer is lost.
    """
    declared = workspace.resolved.clusters[name]
    record = submitter.record
    tags = {**declared.tags, "for-use-with-amazon-emr-managed-policies": "true"}
    tags |= {RUN_TAG: record.id, "emrkit:attempt": str(attempt), "emrkit:job": prepared.job.name}
    cluster = place_cluster(
        declared,
        contract,
        tags=tags,
        keep_alive=False,
        termination_protected=False,
        step_concurrency=1,
    )

    def resolve(secret: SecretLike) -> str:
        return _opened(workspace, secret_address(secret))

    bare = cluster.replace(kerberos=None)
    request = dict(run_job_flow(bare, region=workspace.target.region, resolve_secret=resolve))
    if cluster.realm is not None:
        request["KerberosAttributes"] = _attributes(workspace, contract, cluster.realm)
    steps = add_job_flow_steps(
        "-",
        submitter.steps,
        names=[record.label(step.name) for step in submitter.steps],
        default_action=prepared.job.job.action_on_failure,
        region=workspace.target.region,
    )
    request["Steps"] = steps["Steps"]
    return request


def _attributes(workspace: Workspace, contract: ContractCluster, realm: Kerberos) -> Plain:
    """`KerberosAttributes` with the passwords in them, for a request that is made now; never kept, never printed.

    The stack may have made the administrator's secret itself: what it deployed is what holds.
    """
    named = {name: secret_address(secret) for name, secret in realm.secrets().items()}
    named |= contract.kerberos_secrets
    if contract.kerberos_secret is not None:
        named["KdcAdminPassword"] = contract.kerberos_secret
    found: dict[str, str] = {name: _opened(workspace, address) for name, address in named.items()}
    if realm.plain_join_user is not None:
        found["ADDomainJoinUser"] = realm.plain_join_user
    return {"Realm": realm.realm, **found}


def _opened(workspace: Workspace, address: str) -> str:
    return open_secret(address, workspace.target.secret(address.partition("#")[0]))


def make_room(workspace: Workspace, record: RunRecord, attempt: int) -> None:
    """Before another attempt: the cluster of the one before must be on its way out."""
    if attempt > 1 and record.cluster:
        cluster = workspace.target.clusters.describe(record.cluster)
        if cluster is not None and cluster.alive:
            workspace.target.clusters.terminate(record.cluster)
