"""What is deployed: `cdk` and `emrkit deploy` run this file. The clusters are those of `emrkit.yaml`."""

from pathlib import Path

from aws_cdk import App, Environment, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

import emrkit as emr
from emrkit_jobs.bundle.project import ResolvedProject, load
from emrkit_model.contract import Contract


class Main(Stack):
    """One stack: a key, three buckets, a network, and every standing cluster of the project file."""

    def __init__(self, scope: App, name: str, project: ResolvedProject, **settings) -> None:
        super().__init__(scope, name, **settings)
        production = project.target.mode == "production"
        keep = RemovalPolicy.RETAIN if production else RemovalPolicy.DESTROY
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=keep)

        def bucket(purpose: str, bucket_name: str | None = None) -> s3.Bucket:
            return s3.Bucket(
                self,
                purpose,
                bucket_name=bucket_name,
                encryption=s3.BucketEncryption.KMS,
                encryption_key=key,
                bucket_key_enabled=True,
                block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
                enforce_ssl=True,
                versioned=True,
                removal_policy=keep,
            )

        data = bucket("Data", project.variables["bucket"])
        artifacts, logs = bucket("Artifacts"), bucket("Logs")
        network = emr.Network(self, "Network", key=key)
        security = emr.SecurityConfiguration(
            self,
            "Security",
            encryption=emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=emr.InTransit.emr_managed()),
        )
        grants = [emr.DataGrant(data, key=key), emr.DataGrant(artifacts, "bundles/", "read", key=key)]
        clusters = {
            name: emr.Cluster.from_model(
                self, name.title(), value, network=network, security=security, logs=logs, key=key, data=grants
            )
            for name, value in project.standing_clusters.items()
        }
        emr.Contract(
            self,
            "Contract",
            value=Contract(
                project=project.name,
                environment=project.environment,
                stack="main",
                clusters={name: cluster.contract() for name, cluster in clusters.items()},
                buckets={"data": data.bucket_name, "artifacts": artifacts.bucket_name, "logs": logs.bucket_name},
                keys={"main": key.key_arn},
            ),
        )


app = App()
loaded = load(Path(__file__).parent)
target = loaded.choose_target(context=app.node.try_get_context("target"))
project = loaded.for_target(target)
place = Environment(account=target.account, region=target.region) if target.account and target.region else None
Main(app, f"{project.name}-{project.environment}", project, env=place)
app.synth()
