"""Metastores, HBase's storage, consistent view and sizing as constructs: what is made, who may do what, what waits."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit.cluster import allow_needs
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.values import InvalidModel

RELEASE = "emr-7.12.0"
PRIMARY = emr.InstanceFleet.on_demand("m5.xlarge")
KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:hive-AbCdEf"


@pytest.fixture
def network(stack: Stack) -> emr.Network:
    return emr.Network(stack, "Network", flow_logs=False)


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    return Template.from_stack(stack).find_resources(kind)


def only(stack: Stack, kind: str) -> dict[str, Any]:
    (found,) = resources(stack, kind).values()
    return found


def cluster(stack: Stack, network: emr.Network, **more: Any) -> emr.Cluster:
    given = {"release": RELEASE, "primary": PRIMARY, "applications": [emr.Application.HIVE]}
    security = emr.SecurityConfiguration(stack, "Security")
    return emr.Cluster(stack, "Etl", network=network, security=security, **{**given, **more})


def settings(stack: Stack) -> dict[str, dict[str, Any]]:
    found = only(stack, "AWS::EMR::Cluster")["Properties"]["Configurations"]
    return {c["Classification"]: c["ConfigurationProperties"] for c in found}


def statements(stack: Stack, role: str) -> list[dict[str, Any]]:
    found = [r for name, r in resources(stack, "AWS::IAM::Role").items() if name.startswith(role)]
    return [s for r in found for p in r["Properties"]["Policies"] for s in p["PolicyDocument"]["Statement"]]


def allowed(stack: Stack, role: str) -> set[str]:
    return {
        a for s in statements(stack, role) for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }


# ---- metastores


def test_glue_gives_the_nodes_its_actions_and_the_service_role_nothing(stack: Stack, network: emr.Network) -> None:
    cluster(stack, network, metastore=emr.GlueCatalog(databases=["sales"], access="read"))
    assert "glue:GetTable" in allowed(stack, "EtlRolesNodes")
    assert "glue:CreateTable" not in allowed(stack, "EtlRolesNodes")
    assert "secretsmanager:GetSecretValue" not in allowed(stack, "EtlRolesService")


def test_a_made_database_is_private_encrypted_kept_and_speaks_tls_only(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY)
    database = only(stack, "AWS::RDS::DBCluster")
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    properties = database["Properties"]
    assert properties["StorageEncrypted"] is True
    assert properties["KmsKeyId"] == KEY
    assert properties["DeletionProtection"] is True
    assert properties["BackupRetentionPeriod"] == 14
    assert properties["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4}
    parameters = only(stack, "AWS::RDS::DBClusterParameterGroup")["Properties"]["Parameters"]
    assert parameters["require_secure_transport"] == "ON"
    instances = resources(stack, "AWS::RDS::DBInstance").values()
    assert [i["Properties"]["PubliclyAccessible"] for i in instances] == [False, False]
    assert len(only(stack, "AWS::RDS::DBSubnetGroup")["Properties"]["SubnetIds"]) == 2


def test_only_the_nodes_reach_the_database(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY)
    (group,) = [
        g["Properties"]
        for g in resources(stack, "AWS::EC2::SecurityGroup").values()
        if "Hive" in g["Properties"]["GroupDescription"]
    ]
    rules = group["SecurityGroupIngress"]
    assert {(r["FromPort"], r["ToPort"], r["IpProtocol"]) for r in rules} == {(3306, 3306, "tcp")}
    assert all("SourceSecurityGroupId" in r and "CidrIp" not in r for r in rules)
    assert len(rules) == 2
    assert [r["CidrIp"] for r in group["SecurityGroupEgress"]] == ["255.255.255.255/32"]


def test_no_template_holds_the_password_and_the_cluster_names_a_bare_one(stack: Stack, network: emr.Network) -> None:
    cluster(stack, network, metastore=emr.HiveMetastore(stack, "Store", network=network, key=KEY))
    secrets = resources(stack, "AWS::SecretsManager::Secret")
    (form,) = [s["Properties"] for s in secrets.values() if "GenerateSecretString" in s["Properties"]]
    assert json.loads(form["GenerateSecretString"]["SecretStringTemplate"]) == {"username": "hive"}
    assert form["GenerateSecretString"]["GenerateStringKey"] == "password"
    (bare,) = [name for name, s in secrets.items() if "SecretString" in s["Properties"]]
    assert "{{resolve:secretsmanager:" in json.dumps(secrets[bare]["Properties"]["SecretString"])
    site = settings(stack)["hive-site"]
    assert site["EMR.secret@javax.jdo.option.ConnectionPassword"] == {"Ref": bare}
    assert "javax.jdo.option.ConnectionPassword" not in site
    assert "{{resolve:" not in json.dumps(only(stack, "AWS::EMR::Cluster"))


def test_the_json_secret_knows_its_database_for_rotation(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY)
    attachment = only(stack, "AWS::SecretsManager::SecretTargetAttachment")["Properties"]
    assert attachment["TargetType"] == "AWS::RDS::DBCluster"


def test_the_service_role_may_read_and_decrypt_the_bare_password(stack: Stack, network: emr.Network) -> None:
    store = emr.HiveMetastore(stack, "Store", network=network, key=KEY)
    cluster(stack, network, metastore=store)
    found = [s for s in statements(stack, "EtlRolesService") if "secretsmanager:GetSecretValue" in s["Action"]]
    (bare,) = [
        n for n, s in resources(stack, "AWS::SecretsManager::Secret").items() if "SecretString" in s["Properties"]
    ]
    assert [s["Resource"] for s in found] == [{"Ref": bare}]
    assert any("kms:Decrypt" in s["Action"] and s["Resource"] == KEY for s in statements(stack, "EtlRolesService"))
    assert "secretsmanager:GetSecretValue" not in allowed(stack, "EtlRolesNodes")


def test_the_service_role_may_read_a_secret_of_a_free_classification(stack: Stack, network: emr.Network) -> None:
    named = emr.Configuration.of("spark-defaults", {"EMR.secret@spark.warehouse.password": SECRET})
    cluster(stack, network, configurations=[named])
    found = [s for s in statements(stack, "EtlRolesService") if "secretsmanager:GetSecretValue" in s["Action"]]
    assert [s["Resource"] for s in found] == [[SECRET]]
    assert "secretsmanager:GetSecretValue" not in allowed(stack, "EtlRolesNodes")


def test_a_cluster_waits_for_the_instances_of_its_metastore(stack: Stack, network: emr.Network) -> None:
    cluster(stack, network, metastore=emr.HiveMetastore(stack, "Store", network=network, key=KEY, readers=0))
    (writer,) = resources(stack, "AWS::RDS::DBInstance")
    assert writer in only(stack, "AWS::EMR::Cluster")["DependsOn"]


def test_an_rds_metastore_has_two_zones_and_its_own_switch_for_tls(stack: Stack, network: emr.Network) -> None:
    emr.HiveMetastore(stack, "Store", network=network, key=KEY, engine="rds", storage_gib=20, deletion_protected=False)
    properties = only(stack, "AWS::RDS::DBInstance")["Properties"]
    assert properties["MultiAZ"] is True
    assert (properties["AllocatedStorage"], properties["MaxAllocatedStorage"]) == ("20", 200)
    assert properties["DeletionProtection"] is False
    parameters = only(stack, "AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]
    assert parameters["require_secure_transport"] == "1"
    assert only(stack, "AWS::SecretsManager::SecretTargetAttachment")["Properties"]["TargetType"] == (
        "AWS::RDS::DBInstance"
    )


def test_an_imported_metastore_makes_nothing_but_the_way_to_it(stack: Stack, network: emr.Network) -> None:
    store = emr.HiveMetastore.from_attributes(
        stack, "Store", host="db", port=3307, password=SECRET, network=network, security_group="sg-1"
    )
    cluster(stack, network, metastore=store)
    doors = {
        name: r["Properties"]
        for name, r in resources(stack, "AWS::EC2::SecurityGroupIngress").items()
        if r["Properties"]["GroupId"] == "sg-1"
    }
    assert {(d["FromPort"], d["ToPort"]) for d in doors.values()} == {(3307, 3307)}
    assert len(doors) == 2
    assert set(doors) <= set(only(stack, "AWS::EMR::Cluster")["DependsOn"])
    assert not resources(stack, "AWS::RDS::DBCluster")
    assert settings(stack)["hive-site"]["EMR.secret@javax.jdo.option.ConnectionPassword"] == SECRET


def test_an_imported_secret_of_the_cdk_is_named_by_its_arn(stack: Stack, network: emr.Network) -> None:
    secret = secretsmanager.Secret.from_secret_complete_arn(stack, "Given", SECRET)
    store = emr.HiveMetastore.from_attributes(stack, "Store", host="db", password=secret)
    cluster(stack, network, metastore=store)
    assert settings(stack)["hive-site"]["EMR.secret@javax.jdo.option.ConnectionPassword"] == SECRET


def test_an_external_metastore_may_be_a_plain_value(stack: Stack, network: emr.Network) -> None:
    cluster(stack, network, metastore=emr.ExternalMetastore(host="db", password=SECRET))
    assert not [name for name in only(stack, "AWS::EMR::Cluster").get("DependsOn", []) if name.startswith("Store")]
    assert "jdbc:mysql://db:3306" in settings(stack)["hive-site"]["javax.jdo.option.ConnectionURL"]


def test_shared_roles_get_what_each_cluster_needs(stack: Stack, network: emr.Network) -> None:
    roles = emr.Roles(stack, "Roles")
    cluster(stack, network, roles=roles, metastore=emr.GlueCatalog())
    assert "glue:GetTable" in allowed(stack, "RolesNodes")


def test_a_role_of_the_cdk_is_extended_too(stack: Stack, network: emr.Network) -> None:
    role = iam.Role(stack, "Nodes", assumed_by=cast("Any", iam.ServicePrincipal("ec2.amazonaws.com")))
    roles = emr.Roles(stack, "Roles", instance_role=cast("Any", role), instance_profile="nodes")
    cluster(stack, network, roles=roles, metastore=emr.GlueCatalog())
    assert "glue:GetTable" in json.dumps(Template.from_stack(stack).to_json()["Resources"])


def test_a_cluster_that_runs_launch_needs_the_same_of_its_roles(stack: Stack) -> None:
    value = ClusterValue.parse(
        {"name": "nightly", "release": RELEASE, "metastore": "glue", "primary": {"on_demand": ["m5.xlarge"]}}
    )
    allow_needs(value, emr.Roles(stack, "Roles"))
    assert "glue:GetTable" in allowed(stack, "RolesNodes")


# ---- HBase


def test_hbase_on_s3_reads_and_writes_below_its_root(stack: Stack, network: emr.Network) -> None:
    cluster(
        stack,
        network,
        applications=[emr.Application.HBASE],
        hbase=emr.HBaseStorage(root="s3://lake/hbase/"),
        idle_timeout=None,
    )
    assert settings(stack)["hbase"] == {"hbase.emr.storageMode": "s3"}
    assert "AutoTerminationPolicy" not in only(stack, "AWS::EMR::Cluster")["Properties"]


def test_a_workspace_is_made_first_and_named_to_hbase_and_to_the_nodes(stack: Stack, network: emr.Network) -> None:
    workspace = emr.WalWorkspace(stack, "Logs", tags={"team": "orders"})
    cluster(
        stack,
        network,
        applications=[emr.Application.HBASE],
        primary=emr.InstanceGroup(type="m5.xlarge"),
        core=emr.InstanceGroup(type="m5.xlarge", count=2),
        hbase=emr.HBaseStorage(root="s3://lake/hbase/", wal=emr.WriteAheadLog(workspace=workspace.name)),
        idle_timeout=None,
    )
    made = only(stack, "AWS::EMR::WALWorkspace")["Properties"]
    assert made["Tags"] == [{"Key": "team", "Value": "orders"}]
    assert made["WALWorkspaceName"].isalnum()
    assert len(made["WALWorkspaceName"]) <= 32
    (name,) = resources(stack, "AWS::EMR::WALWorkspace")
    assert settings(stack)["hbase-site"]["emr.wal.workspace"] == {"Ref": name}
    assert {"emrwal:AppendEdit", "iam:CreateServiceLinkedRole"} <= allowed(stack, "EtlRolesNodes")


@pytest.mark.parametrize(("region", "works"), [("eu-central-1", True), ("ap-southeast-6", False)])
def test_a_workspace_needs_a_region_that_has_the_service(region: str, works: bool) -> None:
    app = App(builtin_cloud_formation_validation=False)
    stack = Stack(app, "There", env=Environment(account="111122223333", region=region))
    if works:
        assert emr.WalWorkspace(stack, "Logs").name
        return
    with pytest.raises(InvalidModel, match="STORE-050"):
        emr.WalWorkspace(stack, "Logs")


def test_a_workspace_with_an_impossible_name_is_refused(stack: Stack) -> None:
    with pytest.raises(InvalidModel, match="STORE-010"):
        emr.WalWorkspace(stack, "Logs", name="no-hyphens")


# ---- consistent view and sizing


def test_consistent_view_lets_the_nodes_use_its_table_and_no_other(stack: Stack, network: emr.Network) -> None:
    view = emr.ConsistentView(table="Orders")
    security = emr.SecurityConfiguration(stack, "Security", imds=emr.Imds(version=1))
    emr.Cluster(
        stack, "Etl", network=network, security=security, release="emr-5.31.0", primary=PRIMARY, consistent_view=view
    )
    (statement,) = [s for s in statements(stack, "EtlRolesNodes") if "dynamodb:GetItem" in s["Action"]]
    assert json.dumps(statement["Resource"]).endswith('":table/Orders"]]}')


def test_a_cluster_may_be_sized_instead_of_written_out(stack: Stack, network: emr.Network) -> None:
    cluster(stack, network, primary=None, sizing=emr.Sizing(workload="memory", core=3, task=10))
    properties = only(stack, "AWS::EMR::Cluster")["Properties"]["Instances"]
    assert properties["CoreInstanceFleet"]["TargetOnDemandCapacity"] == 3
    (task,) = properties["TaskInstanceFleets"]
    assert (task["TargetSpotCapacity"], task["TargetOnDemandCapacity"]) == (7, 3)
    assert len(task["InstanceTypeConfigs"]) == 9


def test_a_cluster_without_nodes_and_without_a_size_is_refused(stack: Stack, network: emr.Network) -> None:
    with pytest.raises(InvalidModel, match="'primary' is missing"):
        cluster(stack, network, primary=None)
