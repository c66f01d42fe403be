"""Code for the nodes: a bootstrap script and first steps, as files of this folder that become assets."""

from pathlib import Path

import aws_cdk as cdk

import emrkit as emr

FILES = Path(__file__).parent / "files"


def define(app: cdk.App) -> None:
    stack = cdk.Stack(app, "BootstrapAndSteps")
    foundation = emr.Foundation(stack, "Foundation")
    network = emr.Network(stack, "Network", zones=2)
    security = emr.SecurityConfiguration(
        stack, "Security", encryption=emr.Encryption.safe(foundation.key, "emr-7.12.0")
    )
    etl = emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=security,
        release="emr-7.12.0",
        applications=[emr.Application.SPARK, emr.Application.HIVE],
        metastore=emr.GlueCatalog(),
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=2),
        bootstrap_actions=[
            emr.BootstrapAction(name="tools", path=str(FILES / "install_tools.sh"), args=["pyarrow==18.1.0"])
        ],
        steps=[
            emr.SparkStep(name="tables", entry_point=str(FILES / "create_tables.py"), args=["sales", "stock"]),
            emr.SparkSqlStep(name="check", query="show databases"),
        ],
        logs=foundation.logs,
        key=foundation.key,
    )
    # A step of another stack's making; a change of it runs it again and leaves the cluster alone.
    emr.Step(stack, "Warm", cluster=etl, step=emr.CommandStep(name="warm", command=["hadoop", "fs", "-ls", "/"]))
