"""An app of clusters from a JSON file, one stack each: `python -m tests.synth.random_clusters_app FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk

import emrkit as emr
from emrkit import guardrails
from emrkit_facts import security as gates
from emrkit_model.security import Imds, SecurityConfiguration
from emrkit_model.security.encryption import Encryption
from emrkit_model.values import Value
from tests.random_clusters import Example
from tests.random_ground import RELEASES

__all__: list[str] = []


def main(file: str) -> None:
    """Define and synthesize them; network and foundation are shared."""
    context = json.loads((Path(__file__).parents[2] / "cdk.json").read_text("utf-8"))["context"]
    app = cdk.App(context=context, builtin_cloud_formation_validation=False)
    shared = cdk.Stack(app, "Shared")
    foundation = emr.Foundation(shared, "Foundation")
    network = emr.Network(shared, "Network", releases=RELEASES)
    for number, document in enumerate(json.loads(Path(file).read_text("utf-8"))):
        for action in document.get("bootstrap_actions", ()):
            action["path"] = action["path"].replace("s3://scripts/", f"s3://{foundation.artifacts.bucket_name}/")
        example = Example.of(document)
        value = example.cluster
        stack = cdk.Stack(app, f"Cluster{number}")
        whole = value.security_configuration
        if not isinstance(whole, Value):
            whole = _safe(foundation, value.release)
        elif value.kerberos is not None:
            whole = whole.replace(kerberos=value.kerberos)
        security = emr.SecurityConfiguration.from_model(stack, "Security", whole)
        emr.Cluster.from_model(
            stack,
            "Cluster",
            value,
            network=network,
            security=security,
            logs=foundation.logs,
            key=foundation.key,
            steps=example.steps,
        )
    guardrails.apply(app)
    app.synth()


def _safe(foundation: emr.Foundation, release: str) -> SecurityConfiguration:
    encryption = Encryption.safe(foundation.key, release)
    if encryption.in_transit is None:
        encryption = encryption.replace(in_transit=emr.InTransit.pem("s3://certificates/bundle.zip"))
    version = 2 if gates.gate("imds-v2").admits(release) else 1
    return SecurityConfiguration(encryption=encryption, imds=Imds(version=version))


if __name__ == "__main__":
    main(*sys.argv[1:])
