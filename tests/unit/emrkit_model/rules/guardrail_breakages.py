"""One line per way to break a guardrail, each on a template that breaks none."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "BREAKAGES",
    "GOOD",
    "READS_ROLES",
    "Breakage",
    "Resources",
    "broken",
    "drop",
    "ends_with_its_steps",
    "set_",
    "statement",
]

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good.template.json").read_text("utf-8"))
Resources = dict[str, Any]
Breakage = Callable[[Resources], object]


def broken(breakage: Breakage) -> dict[str, Any]:
    template = copy.deepcopy(GOOD)
    breakage({name: body["Properties"] for name, body in template["Resources"].items()})
    return template


def encryption(r: Resources) -> dict[str, Any]:
    return r["Security"]["SecurityConfiguration"]["EncryptionConfiguration"]


def statement(r: Resources) -> dict[str, Any]:
    return r["ServiceRole"]["Policies"][0]["PolicyDocument"]["Statement"][0]


def args(r: Resources) -> list[Any]:
    return r["Etl"]["Steps"][0]["HadoopJarStep"]["Args"]


def with_word(definition: Any, word: str) -> Any:
    """A state machine's definition with another argument in place of the job's file."""
    return json.loads(json.dumps(definition).replace("job.py", word))


def set_(target: dict[str, Any], **values: object) -> None:
    target.update(values)


def drop(target: dict[str, Any], name: str) -> None:
    del target[name]


def ends_with_its_steps(r: Resources) -> None:
    r["Etl"]["Instances"]["KeepJobFlowAliveWhenNoSteps"] = False


READS_ROLES = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}
STAR = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::123456789012:role/*"]]}
# One line per way to break a rule: code, the resource that is blamed, the breakage.
BREAKAGES: dict[str, tuple[str, str, Breakage]] = {
    "no security configuration": ("E-RULE-001", "Etl", lambda r: drop(r["Etl"], "SecurityConfiguration")),
    "a bare name": ("E-RULE-001", "Etl", lambda r: set_(r["Etl"], SecurityConfiguration="shared")),
    "a parameter": ("E-RULE-001", "Etl", lambda r: set_(r["Etl"], SecurityConfiguration={"Ref": "Stage"})),
    "something else": (
        "E-RULE-001",
        "Etl",
        lambda r: set_(r["Etl"], SecurityConfiguration={"Ref": "Key"}),
    ),
    "none in one branch": (
        "E-RULE-001",
        "Etl",
        lambda r: set_(
            r["Etl"], SecurityConfiguration={"Fn::If": ["IsProd", {"Ref": "Security"}, {"Ref": "AWS::NoValue"}]}
        ),
    ),
    "at rest off": ("E-RULE-002", "Security", lambda r: set_(encryption(r), EnableAtRestEncryption=False)),
    "in transit off": ("E-RULE-002", "Security", lambda r: drop(encryption(r), "EnableInTransitEncryption")),
    "no certificates": ("E-RULE-002", "Security", lambda r: drop(encryption(r), "InTransitEncryptionConfiguration")),
    "S3 with a key of S3": (
        "E-RULE-002",
        "Security",
        lambda r: set_(
            encryption(r)["AtRestEncryptionConfiguration"]["S3EncryptionConfiguration"], EncryptionMode="SSE-S3"
        ),
    ),
    "one bucket with a key of S3": (
        "E-RULE-002",
        "Security",
        lambda r: set_(
            encryption(r)["AtRestEncryptionConfiguration"]["S3EncryptionConfiguration"],
            Overrides=[{"BucketName": "open", "EncryptionMode": "SSE-S3"}],
        ),
    ),
    "local disks off": (
        "E-RULE-002",
        "Security",
        lambda r: drop(encryption(r)["AtRestEncryptionConfiguration"], "LocalDiskEncryptionConfiguration"),
    ),
    "EBS off": (
        "E-RULE-002",
        "Security",
        lambda r: drop(
            encryption(r)["AtRestEncryptionConfiguration"]["LocalDiskEncryptionConfiguration"], "EnableEbsEncryption"
        ),
    ),
    "IMDSv1": (
        "E-RULE-003",
        "Security",
        lambda r: set_(
            r["Security"]["SecurityConfiguration"]["InstanceMetadataServiceConfiguration"],
            MinimumInstanceMetadataServiceVersion=1,
        ),
    ),
    "IMDS left out": (
        "E-RULE-003",
        "Security",
        lambda r: drop(r["Security"]["SecurityConfiguration"], "InstanceMetadataServiceConfiguration"),
    ),
    "open to IPv4": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp="0.0.0.0/0"),
    ),
    "open to IPv6 in its long form": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIpv6="0:0:0:0:0:0:0:0/0"),
    ),
    "open to half of the internet": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp="128.0.0.0/1"),
    ),
    "open by an own rule": (
        "E-RULE-004",
        "CoreFromPrimary",
        lambda r: set_(r["CoreFromPrimary"], CidrIpv6="::/0"),
    ),
    "an open group tagged for EMR": (
        "E-RULE-004",
        "WebGroup",
        lambda r: set_(r["WebGroup"], Tags=[{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}]),
    ),
    "open in one branch": (
        "E-RULE-004",
        "PrimaryGroup",
        lambda r: set_(
            r["PrimaryGroup"]["SecurityGroupIngress"][0], CidrIp={"Fn::If": ["IsProd", "10.0.0.0/8", "0.0.0.0/0"]}
        ),
    ),
    "any role may be passed": ("E-RULE-005", "ServiceRole", lambda r: set_(statement(r), Resource="*")),
    "any role in pieces": ("E-RULE-005", "ServiceRole", lambda r: set_(statement(r), Resource=[STAR])),
    "to any service": ("E-RULE-005", "ServiceRole", lambda r: drop(statement(r), "Condition")),
    "to services with a wildcard": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: set_(statement(r), Condition={"StringLike": {"iam:PassedToService": "*.amazonaws.com"}}),
    ),
    "all of IAM": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: (drop(statement(r), "Condition"), set_(statement(r), Action=["s3:GetObject", "iam:P*"])),
    ),
    "everything but something": (
        "E-RULE-005",
        "ServiceRole",
        lambda r: (drop(statement(r), "Action"), set_(statement(r), NotAction="s3:*", Resource="*")),
    ),
    "never idle": ("E-RULE-006", "Etl", lambda r: drop(r["Etl"], "AutoTerminationPolicy")),
    "never idle, keep-alive unsaid": (
        "E-RULE-006",
        "Etl",
        lambda r: (drop(r["Etl"], "AutoTerminationPolicy"), drop(r["Etl"]["Instances"], "KeepJobFlowAliveWhenNoSteps")),
    ),
    "no logs": ("E-RULE-007", "Etl", lambda r: drop(r["Etl"], "LogUri")),
    "logs in clear": ("E-RULE-007", "Etl", lambda r: drop(r["Etl"], "LogEncryptionKmsKeyId")),
    "the deprecated service policy": (
        "E-RULE-008",
        "ServiceRole",
        lambda r: set_(
            r["ServiceRole"], ManagedPolicyArns=["arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole"]
        ),
    ),
    "the deprecated node policy in pieces": (
        "E-RULE-008",
        "NodeRole",
        lambda r: set_(
            r["NodeRole"],
            ManagedPolicyArns=[
                {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role"}
            ],
        ),
    ),
    "the deprecated default role": ("E-RULE-008", "Etl", lambda r: set_(r["Etl"], ServiceRole="EMR_DefaultRole")),
    "a subnet with a route to the internet": (
        "E-RULE-009",
        "Etl",
        lambda r: set_(r["Etl"]["Instances"], Ec2SubnetIds=[{"Ref": "PrivateSubnet"}, {"Ref": "PublicSubnet"}]),
    ),
    "a subnet that gives out public addresses": (
        "E-RULE-009",
        "Etl",
        lambda r: set_(r["PrivateSubnet"], MapPublicIpOnLaunch=True),
    ),
    "serverless never stops": (
        "E-RULE-010",
        "Adhoc",
        lambda r: set_(r["Adhoc"]["AutoStopConfiguration"], Enabled=False),
    ),
    "serverless without a ceiling": ("E-RULE-010", "Adhoc", lambda r: drop(r["Adhoc"], "MaximumCapacity")),
    "a Spot core fleet": (
        "E-RULE-011",
        "Etl",
        lambda r: set_(r["Etl"]["Instances"]["CoreInstanceFleet"], TargetSpotCapacity=2),
    ),
    "a Spot core group": (
        "E-RULE-011",
        "Etl",
        lambda r: set_(r["Etl"]["Instances"], CoreInstanceGroup={"InstanceCount": 2, "Market": "SPOT"}),
    ),
    "an access key in a step": ("E-RULE-012", "Etl", lambda r: args(r).append("AKIAIOSFODNN7EXAMPLE")),
    "a password argument": ("E-RULE-012", "Etl", lambda r: args(r).extend(["--password", "hunter2!"])),
    "a password in one word": ("E-RULE-012", "Etl", lambda r: args(r).append("--db-password=hunter2!")),
    "a secret in a Spark setting of a step": (
        "E-RULE-012",
        "Etl",
        lambda r: args(r).extend(["--conf", "spark.hadoop.fs.s3a.secret.key=wJalrXUtnFEMI"]),
    ),
    "a password in a configuration": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(
            r["Etl"]["Configurations"][0]["ConfigurationProperties"],
            **{"javax.jdo.option.ConnectionPassword": "hunter2!"},
        ),
    ),
    "a password in the environment": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(
            r["Etl"]["Configurations"][1]["Configurations"][0]["ConfigurationProperties"],
            HADOOP_CREDSTORE_PASSWORD="hunter2!",
        ),
    ),
    "a password in a URL": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(
            r["Etl"]["Configurations"][0]["ConfigurationProperties"],
            **{"javax.jdo.option.ConnectionURL": "jdbc:mysql://db:3306/hive?user=hive&password=hunter2!"},
        ),
    ),
    "a secret for one instance type": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(
            r["Etl"]["Instances"]["CoreInstanceFleet"]["InstanceTypeConfigs"][0]["Configurations"][0][
                "ConfigurationProperties"
            ],
            **{"fs.s3a.secret.key": "wJalrXUtnFEMI"},
        ),
    ),
    "a token for a bootstrap action": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(
            r["Etl"]["BootstrapActions"][0]["ScriptBootstrapAction"], Args=["ghp_0123456789abcdefghijABCDEFGHIJ012345"]
        ),
    ),
    "a secret in a tag": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(r["Etl"], Tags=[{"Key": "apiKey", "Value": "wJalrXUtnFEMI"}]),
    ),
    "an access key in a name": ("E-RULE-012", "Etl", lambda r: set_(r["Etl"], Name="etl AKIAIOSFODNN7EXAMPLE")),
    "a secret in a later step": (
        "E-RULE-012",
        "Later",
        lambda r: set_(r["Later"]["HadoopJarStep"]["StepProperties"][0], Key="db.password", Value="hunter2!"),
    ),
    "a password for Kerberos": (
        "E-RULE-012",
        "Etl",
        lambda r: set_(r["Etl"]["KerberosAttributes"], KdcAdminPassword="hunter2!"),
    ),
    "a secret in a state machine": (
        "E-RULE-012",
        "Machine",
        lambda r: set_(r["Machine"], DefinitionString=with_word(r["Machine"]["DefinitionString"], "--token=hunter2!")),
    ),
    "a secret in a serverless setting": (
        "E-RULE-012",
        "Adhoc",
        lambda r: set_(r["Adhoc"]["RuntimeConfiguration"][0]["Properties"], **{"spark.app.apiKey": "wJalrXUtnFEMI"}),
    ),
    "logs can be made public": (
        "E-RULE-013",
        "Logs",
        lambda r: drop(r["Logs"]["PublicAccessBlockConfiguration"], "BlockPublicPolicy"),
    ),
    "logs with a key of S3": (
        "E-RULE-013",
        "Logs",
        lambda r: set_(
            r["Logs"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"],
            SSEAlgorithm="AES256",
        ),
    ),
    "bundles not encrypted": ("E-RULE-013", "Artifacts", lambda r: drop(r["Artifacts"], "BucketEncryption")),
    "bundles not versioned": ("E-RULE-013", "Artifacts", lambda r: drop(r["Artifacts"], "VersioningConfiguration")),
    "killed uploads are kept": (
        "E-RULE-013",
        "Artifacts",
        lambda r: drop(r["Artifacts"]["LifecycleConfiguration"]["Rules"][0], "AbortIncompleteMultipartUpload"),
    ),
    "bundles without TLS": (
        "E-RULE-013",
        "Artifacts",
        lambda r: set_(r["ArtifactsPolicy"]["PolicyDocument"]["Statement"][0], Effect="Allow"),
    ),
    "a bootstrap script by its name": (
        "E-RULE-014",
        "Etl",
        lambda r: set_(
            r["Etl"]["BootstrapActions"][0]["ScriptBootstrapAction"],
            Path={"Fn::Sub": "s3://${Artifacts}/bootstrap/setup.sh"},
        ),
    ),
    "a bootstrap script of somebody else": (
        "E-RULE-014",
        "Etl",
        lambda r: set_(
            r["Etl"]["BootstrapActions"][0]["ScriptBootstrapAction"],
            Path="s3://theirs/0f1e2d3c4b5a69788796a5b4c3d2e1f0/setup.sh",
        ),
    ),
    "serverless outside of a VPC": ("E-RULE-015", "Adhoc", lambda r: drop(r["Adhoc"], "NetworkConfiguration")),
    "serverless logs without a key": (
        "E-RULE-015",
        "Adhoc",
        lambda r: drop(r["Adhoc"]["MonitoringConfiguration"]["S3MonitoringConfiguration"], "EncryptionKeyArn"),
    ),
    "serverless logs kept by EMR without a key": (
        "E-RULE-015",
        "Adhoc",
        lambda r: drop(r["Adhoc"]["MonitoringConfiguration"], "ManagedPersistenceMonitoringConfiguration"),
    ),
}
