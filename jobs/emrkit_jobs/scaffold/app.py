"""What is deployed: `cdk` and `emrkit deploy` run this file. The clusters are those of `emrkit.yaml`."""

from pathlib import Path

from aws_cdk import App, CfnParameter, Environment, Stack
from constructs import Construct

import emrkit as emr
from emrkit import guardrails
from emrkit_jobs.bundle.project import ResolvedProject, load
from emrkit_model.contract import Contract


class Main(Stack):
    """One stack: a key, buckets, a network, and every standing cluster of the project file."""

    def __init__(self, scope: App, name: str, project: ResolvedProject, **settings) -> None:
        super().__init__(scope, name, **settings)
        foundation = emr.Foundation(self, "Foundation", keep_data=project.target.mode == "production")
        key = foundation.key
        network = emr.Network(self, "Network", key=key)
        security = emr.SecurityConfiguration(
            self,
            "Security",
            encryption=emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=emr.InTransit.emr_managed()),
        )
        grants = [
            emr.DataGrant(foundation.data, key=key),
            emr.DataGrant(foundation.artifacts, "bundles/", "read", key=key),
        ]
        clusters: dict[str, emr.Cluster] = {}
        scope = Construct(self, "Clusters")  # beside the rest, so that a cluster may have any name
        for name, value in project.standing_clusters.items():
            # `emrkit deploy --replace` gives it another generation: another name, and so another cluster.
            generation = CfnParameter(self, f"{name}Generation", type="String", default="")
            clusters[name] = emr.Cluster.from_model(
                scope,
                name,
                value.replace(name=f"{value.name}{generation.value_as_string}"),
                network=network,
                security=security,
                logs=foundation.logs,
                key=key,
                data=grants,
            )
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project.name,
                environment=project.environment,
                stack="main",
                clusters={name: cluster.contract() for name, cluster in clusters.items()},
                buckets={name: bucket.bucket_name for name, bucket in foundation.buckets.items()},
                keys={"main": key.key_arn},
            ),
        )


app = App()
loaded = load(Path(__file__).parent)
target = loaded.choose_target(context=app.node.try_get_context("target"))
project = loaded.for_target(target)
place = Environment(account=target.account, region=target.region) if target.account and target.region else None
Main(app, f"{project.name}-{project.environment}", project, env=place)
# `EMRKIT_JUDGES=1 cdk synth` lets them sit, and so does every `emrkit deploy` to AWS.
guardrails.apply(app, project.judges.packs, project.judges.accept)
app.synth()
