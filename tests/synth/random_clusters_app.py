"""An app of clusters from a JSON file, one stack each: `python -m tests.synth.random_clusters_app FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk

import emrkit as emr
from emrkit import guardrails
from emrkit_model.cluster import Cluster
from emrkit_model.security.encryption import Encryption

__all__: list[str] = []


def main(file: str) -> None:
    """Define and synthesize them; network and foundation are shared."""
    context = json.loads((Path(__file__).parents[2] / "cdk.json").read_text("utf-8"))["context"]
    app = cdk.App(context=context, builtin_cloud_formation_validation=False)
    shared = cdk.Stack(app, "Shared")
    foundation = emr.Foundation(shared, "Foundation")
    network = emr.Network(shared, "Network")
    for number, document in enumerate(json.loads(Path(file).read_text("utf-8"))):
        for action in document.get("bootstrap_actions", ()):
            action["path"] = action["path"].replace("s3://scripts/", f"s3://{foundation.artifacts.bucket_name}/")
        value = Cluster.parse(document)
        stack = cdk.Stack(app, f"Cluster{number}")
        encryption = Encryption.safe(foundation.key, value.release)
        if encryption.in_transit is None:
            encryption = encryption.replace(in_transit=emr.InTransit.pem("s3://certificates/bundle.zip"))
        security = emr.SecurityConfiguration(stack, "Security", encryption=encryption)
        emr.Cluster.from_model(
            stack, "Cluster", value, network=network, security=security, logs=foundation.logs, key=foundation.key
        )
    guardrails.apply(app)
    app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
