"""What the cluster stack means: configured as the project file says, encrypted, private, replaceable."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emrkit_model.contract import Contract
from tests.synth.assembly import ROOT, Assembly, flat


def cluster(assembly: Assembly) -> dict[str, Any]:
    return assembly.one("AWS::EMR::Cluster")


def classification(assembly: Assembly, name: str) -> dict[str, str]:
    (found,) = [c for c in cluster(assembly)["Configurations"] if c["Classification"] == name]
    return found["ConfigurationProperties"]


def test_bare_values_of_the_project_file_arrive_as_text(each: Assembly) -> None:
    spark = classification(each, "spark-defaults")
    assert spark["spark.sql.adaptive.enabled"] == "true"
    assert spark["spark.executor.instances"] == "10"
    assert spark["spark.dynamicAllocation.maxExecutors"] == "50"
    core = classification(each, "core-site")
    assert core["fs.s3a.block.size"] == core["fs.s3a.multipart.size"] == "134217728"


def test_the_projects_classifications_are_all_there(each: Assembly) -> None:
    import yaml

    declared = yaml.safe_load((ROOT / "emrkit.yaml").read_text())["clusters"]["etl"]["configurations"]
    for entry in declared:
        assert set(classification(each, entry["Classification"])) == set(entry["Properties"])


def test_the_security_configuration_encrypts_where_emr_looks_for_it(each: Assembly) -> None:
    for resource in each.all("AWS::EMR::SecurityConfiguration").values():
        document = resource["Properties"]["SecurityConfiguration"]
        encryption = document["EncryptionConfiguration"]
        assert encryption["EnableAtRestEncryption"] is encryption["EnableInTransitEncryption"] is True
        at_rest = encryption["AtRestEncryptionConfiguration"]
        assert at_rest["S3EncryptionConfiguration"]["EncryptionMode"] == "SSE-KMS"
        assert at_rest["LocalDiskEncryptionConfiguration"]["EnableEbsEncryption"] is True
        certificates = encryption["InTransitEncryptionConfiguration"]["TLSCertificateConfiguration"]
        assert certificates == {"CertificateProviderType": "EMR"}
        assert not {"AtRestEncryptionConfiguration", "InTransitEncryptionConfiguration"} & set(document)
        metadata = document["InstanceMetadataServiceConfiguration"]
        assert metadata == {"MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 1}


def test_the_cluster_refers_to_the_security_configuration_of_its_own_stack(each: Assembly) -> None:
    (name,) = each.all("AWS::EMR::SecurityConfiguration", "cluster")
    assert cluster(each)["SecurityConfiguration"] == {"Ref": name}


def test_the_cluster_ends_when_idle_and_scales_within_its_limits(each: Assembly) -> None:
    assert cluster(each)["AutoTerminationPolicy"] == {"IdleTimeout": 3600}
    limits = cluster(each)["ManagedScalingPolicy"]["ComputeLimits"]
    assert limits == {
        "UnitType": "InstanceFleetUnits",
        "MinimumCapacityUnits": 2,
        "MaximumCapacityUnits": 100,
        "MaximumOnDemandCapacityUnits": 20,
        "MaximumCoreCapacityUnits": 20,
    }


def test_fleets_weigh_their_types_by_vcpu(each: Assembly) -> None:
    (task,) = cluster(each)["Instances"]["TaskInstanceFleets"]
    assert {t["InstanceType"]: t["WeightedCapacity"] for t in task["InstanceTypeConfigs"]} == {
        "m5.xlarge": 1,
        "m5.2xlarge": 2,
        "r5.xlarge": 1,
    }
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (5, 12)
    assert task["LaunchSpecifications"]["SpotSpecification"]["AllocationStrategy"] == "price-capacity-optimized"


def test_logs_are_encrypted_and_there_is_no_ssh_key(each: Assembly) -> None:
    assert flat(cluster(each)["LogUri"]).startswith("s3://<")
    assert "LogEncryptionKmsKeyId" in cluster(each)
    assert "Ec2KeyName" not in cluster(each)["Instances"]


def test_a_parameter_makes_another_generation_of_the_cluster(each: Assembly) -> None:
    parameter = each.templates["cluster"]["Parameters"]["EtlGeneration"]
    assert parameter == {"Type": "String", "Default": ""}
    assert flat(cluster(each)["Name"]) == "etl<EtlGeneration>"


def test_production_differs_by_kerberos_and_termination_protection(dev: Assembly, prod: Assembly) -> None:
    assert cluster(dev)["Instances"]["TerminationProtected"] is False
    assert cluster(prod)["Instances"]["TerminationProtected"] is True
    assert "KerberosAttributes" not in cluster(dev)
    document = prod.one("AWS::EMR::SecurityConfiguration", "cluster")["SecurityConfiguration"]
    assert document["AuthenticationConfiguration"]["KerberosConfiguration"]["Provider"] == "ClusterDedicatedKdc"
    assert cluster(prod)["KerberosAttributes"]["Realm"] == "EXAMPLE.COM"


def test_the_kdcs_password_is_only_ever_a_reference(prod: Assembly) -> None:
    (name,) = prod.all("AWS::SecretsManager::Secret")
    password = flat(cluster(prod)["KerberosAttributes"]["KdcAdminPassword"])
    assert password == f"{{{{resolve:secretsmanager:<{name}>:SecretString:::}}}}"
    secret = prod.one("AWS::SecretsManager::Secret")
    assert "SecretString" not in secret
    assert secret["GenerateSecretString"]["PasswordLength"] == 32
    assert prod.text().count("{{resolve:secretsmanager:") == 1


def test_there_is_no_secret_where_nobody_needs_one(dev: Assembly) -> None:
    assert "resolve:secretsmanager" not in dev.text()
    assert not dev.all("AWS::SecretsManager::Secret")


@pytest.mark.parametrize("stack", ["foundation", "cluster", "pipelines"])
def test_the_contract_of_a_stack_fits_its_parameter_and_can_be_read(each: Assembly, stack: str) -> None:
    parameter = each.one("AWS::SSM::Parameter", stack)
    assert parameter["Name"] == f"/emrkit/emrkit-demo/{each.environment}/{stack}"
    # An ARN in the place of each reference: the longest that anything is.
    text = re.sub(r"<[^<>]*>", "arn:aws:iam::123456789012:role/" + "x" * 64, flat(parameter["Value"]))
    assert len(text) <= 4096
    contract = Contract.model_validate_json(text)
    assert (contract.project, contract.environment, contract.stack) == ("emrkit-demo", each.environment, stack)


def test_the_contract_names_the_cluster_and_where_it_logs(prod: Assembly) -> None:
    text = flat(prod.one("AWS::SSM::Parameter", "cluster")["Value"])
    entry = json.loads(text)["clusters"]["etl"]
    (name,) = prod.all("AWS::EMR::Cluster")
    assert entry["id"] == f"<{name}>"
    assert entry["logUri"].endswith("/logs/")
    assert entry["kerberosSecret"].startswith("<")
    assert len(entry["subnets"]) == 2


def test_no_cluster_id_is_exported_to_another_stack(each: Assembly) -> None:
    assert not each.templates["cluster"].get("Outputs")


def test_production_keeps_its_data_and_development_does_not(dev: Assembly, prod: Assembly) -> None:
    for assembly, kept in ((dev, "Delete"), (prod, "Retain")):
        resources = [*assembly.all("AWS::S3::Bucket").values(), *assembly.all("AWS::KMS::Key").values()]
        assert {r["DeletionPolicy"] for r in resources} == {kept}


def test_every_bucket_is_encrypted_private_versioned_and_refuses_plain_http(each: Assembly) -> None:
    buckets = each.all("AWS::S3::Bucket")
    assert len(buckets) == 4
    for bucket in (b["Properties"] for b in buckets.values()):
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    refusing = {
        p["Properties"]["Bucket"]["Ref"]
        for p in each.all("AWS::S3::BucketPolicy").values()
        for s in p["Properties"]["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == set(buckets)


def test_only_services_of_aws_make_grants_on_the_key(each: Assembly) -> None:
    (denied,) = [s for s in each.one("AWS::KMS::Key")["KeyPolicy"]["Statement"] if s["Effect"] == "Deny"]
    assert (denied["Action"], denied["Principal"]) == ("kms:CreateGrant", {"AWS": "*"})
    assert denied["Condition"]["BoolIfExists"]["kms:GrantIsForAWSResource"] == "false"
