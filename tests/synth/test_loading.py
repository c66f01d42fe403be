"""What a plain cluster in a stack makes Python load, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from aws_cdk import App, Stack
import emrkit as emr

stack = Stack(App(), "Plain")
security = emr.SecurityConfiguration(stack, "Security")
emr.Cluster(
    stack,
    "Etl",
    network=emr.Network(stack, "Network"),
    security=security,
    release="emr-7.12.0",
    primary=emr.InstanceFleet.on_demand("m5.xlarge"),
)
print(json.dumps(sorted(name for name in sys.modules if name.startswith(("emrkit", "aws_cdk.aws_")))))
"""

NOT_FOR_A_PLAIN_CLUSTER = {
    "aws_cdk.aws_eks",
    "aws_cdk.aws_lambda",
    "aws_cdk.aws_secretsmanager",
    "aws_cdk.aws_stepfunctions",
    "aws_cdk.aws_stepfunctions_tasks",
    "emrkit.guardrails",
    "emrkit.metastore",
    "emrkit.orchestration",
    "emrkit.pack_acknowledgements",
    "emrkit_model.contract",
    "emrkit_model.job",
    "emrkit_model.security.kerberos",
    "emrkit_model.metastores",
    "emrkit_model.rules",
    "emrkit_model.settings.application_settings",
    "emrkit_model.capacity.sizing",
}


def test_a_plain_cluster_loads_neither_judges_nor_modules_of_the_cdk_that_it_does_not_build_with() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "emrkit.cluster" in loaded
    assert not loaded & NOT_FOR_A_PLAIN_CLUSTER
