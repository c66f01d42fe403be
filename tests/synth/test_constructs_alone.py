"""The constructs by themselves: what users may pass to them, what they may do with them, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit.cluster import place_cluster
from emrkit.orchestration import BUNDLE
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.values import InvalidModel
from tests.synth.assembly import flat, policies

RELEASE = "emr-7.12.0"
PRIMARY = emr.InstanceFleet.on_demand("m5.xlarge")


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    return Template.from_stack(stack).find_resources(kind)


def cluster(stack: Stack, name: str = "Etl", **more: Any) -> emr.Cluster:
    given = {"network": emr.Network(stack, f"{name}Network", flow_logs=False), "release": RELEASE, "primary": PRIMARY}
    return emr.Cluster(stack, name, security=emr.SecurityConfiguration(stack, f"{name}Security"), **{**given, **more})


# ---- network


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"zones": 0}, "E-NET-017"), ({"zones": 7}, "E-NET-017"), ({"zones": 2, "nat_gateways": 3}, "E-NET-021")],
)
def test_a_network_that_does_not_fit_is_refused(stack: Stack, arguments: dict[str, int], code: str) -> None:
    with pytest.raises(InvalidModel) as refused:
        emr.Network(stack, "Network", **arguments)
    assert [d.code for d in refused.value.diagnostics] == [code]


def test_without_nat_nothing_of_the_network_is_public(stack: Stack) -> None:
    network = emr.Network(stack, "Network", zones=3, nat_gateways=0, interface_endpoints=(), flow_logs=False)
    assert len(network.subnet_ids) == 3
    template = Template.from_stack(stack)
    for kind in ("InternetGateway", "NatGateway", "EIP", "Route", "FlowLog"):
        template.resource_count_is(f"AWS::EC2::{kind}", 0)
    template.resource_count_is("AWS::EC2::Subnet", 3)
    template.resource_count_is("AWS::EC2::VPCEndpoint", 1)


def test_each_zone_may_have_a_nat_gateway_of_its_own(stack: Stack) -> None:
    emr.Network(stack, "Network", zones=2, nat_gateways=2, dynamodb=True)
    routes = [
        r["Properties"]["NatGatewayId"]["Ref"]
        for r in resources(stack, "AWS::EC2::Route").values()
        if "NatGatewayId" in r["Properties"]
    ]
    assert len(set(routes)) == 2
    subnets = [s["Properties"]["CidrBlock"] for s in resources(stack, "AWS::EC2::Subnet").values()]
    assert len(set(subnets)) == 4
    services = [flat(e["Properties"]["ServiceName"]) for e in resources(stack, "AWS::EC2::VPCEndpoint").values()]
    assert "com.amazonaws.<AWS::Region>.dynamodb" in services


def test_a_vpc_that_exists_is_used_and_not_changed(stack: Stack) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["eu-central-1a", "eu-central-1b"],
        private_subnet_ids=["subnet-a", "subnet-b"],
        private_subnet_route_table_ids=["rtb-a", "rtb-b"],
    )
    network = emr.Network.from_vpc(stack, "Network", vpc=vpc)
    assert network.subnet_ids == ("subnet-a", "subnet-b")
    assert network.vpc_id == "vpc-1"
    kinds = {r["Type"] for r in Template.from_stack(stack).to_json()["Resources"].values()}
    assert kinds == {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"}


# ---- security configuration


def test_a_password_of_the_users_own_secret_is_referred_to_and_none_is_made(stack: Stack) -> None:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Kdc", "kdc/admin")
    realm = emr.Kerberos.cluster_dedicated(realm="EXAMPLE.COM", kdc_admin_password=secret)
    security = emr.SecurityConfiguration(stack, "Security", kerberos=realm)
    network = emr.Network(stack, "Network", flow_logs=False)
    emr.Cluster(stack, "Etl", network=network, security=security, release=RELEASE, primary=PRIMARY)
    assert resources(stack, "AWS::SecretsManager::Secret") == {}
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    password = flat(found["Properties"]["KerberosAttributes"]["KdcAdminPassword"])
    assert password.startswith("{{resolve:secretsmanager:")
    assert "kdc/admin" in password


def test_instance_metadata_is_version_2_unless_said_otherwise(stack: Stack) -> None:
    emr.SecurityConfiguration(stack, "Security")
    ((_, found),) = resources(stack, "AWS::EMR::SecurityConfiguration").items()
    document = found["Properties"]["SecurityConfiguration"]
    assert document["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2


# ---- roles


def test_grants_are_one_document_however_they_come(stack: Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    roles = emr.Roles(stack, "Roles", data=[emr.DataGrant(bucket, "raw/", access="read")])
    roles.grant_data(emr.DataGrant(bucket, "out/", access="write"), emr.DataGrant("elsewhere"))
    assert resources(stack, "AWS::IAM::Policy") == {}
    (nodes,) = [r for r in resources(stack, "AWS::IAM::Role").values() if "RoleName" in r["Properties"]]
    (policy,) = nodes["Properties"]["Policies"]
    assert len(policy["PolicyDocument"]["Statement"]) == 5  # the listing of one bucket is granted once
    places = {s["Resource"][0] for s in policies(nodes)}
    assert "arn:<AWS::Partition>:s3:::elsewhere/*" in places


def test_a_boundary_and_a_path_reach_both_roles(stack: Stack) -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    emr.Roles(stack, "Roles", path="/emr/", permissions_boundary=boundary)
    for role in resources(stack, "AWS::IAM::Role").values():
        assert role["Properties"]["Path"] == "/emr/"
        assert role["Properties"]["PermissionsBoundary"] == boundary
    ((_, profile),) = resources(stack, "AWS::IAM::InstanceProfile").items()
    assert profile["Properties"]["Path"] == "/emr/"


def test_two_apps_in_one_account_have_roles_of_other_names() -> None:
    names = set()
    for name in ("shop-dev", "shop-prod"):
        stack = Stack(App(builtin_cloud_formation_validation=False), name)
        emr.Roles(stack, "Roles")
        (role,) = [r for r in resources(stack, "AWS::IAM::Role").values() if "RoleName" in r["Properties"]]
        names.add(flat(role["Properties"]["RoleName"]))
    assert len(names) == 2


# ---- cluster


def test_keys_buckets_and_durations_of_the_cdk_are_taken_as_they_are(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    cluster(stack, logs=s3.Bucket(stack, "Logs"), key=key, idle_timeout=Duration.minutes(30), name="daily")
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    properties = found["Properties"]
    assert properties["AutoTerminationPolicy"] == {"IdleTimeout": 1800}
    assert flat(properties["LogUri"]).startswith("s3://<Logs")
    assert "Fn::GetAtt" in properties["LogEncryptionKmsKeyId"]
    assert properties["Name"] == "daily"


def test_what_was_imported_is_taken_like_what_was_made(stack: Stack) -> None:
    arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    key = kms.Key.from_key_arn(stack, "Key", arn)
    data = s3.Bucket.from_bucket_name(stack, "Data", "their-data")
    encryption = emr.Encryption(at_rest=emr.AtRest.kms(key), in_transit=emr.InTransit.emr_managed())
    emr.Cluster(
        stack,
        "Etl",
        network=emr.Network(stack, "Network", flow_logs=False),
        security=emr.SecurityConfiguration(stack, "Security", encryption=encryption),
        release=RELEASE,
        primary=PRIMARY,
        logs=s3.Bucket.from_bucket_name(stack, "Logs", "their-logs"),
        key=key,
        data=[emr.DataGrant(data, "raw/", "read", key)],
    )
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    assert found["Properties"]["LogUri"] == "s3://their-logs/logs/"
    assert found["Properties"]["LogEncryptionKmsKeyId"] == arn
    (nodes,) = [r for r in resources(stack, "AWS::IAM::Role").values() if "RoleName" in r["Properties"]]
    places = {place for s in policies(nodes) for place in s["Resource"]}
    assert {"arn:<AWS::Partition>:s3:::their-data/raw/*", arn} <= places


def test_a_value_known_only_at_deployment_passes_through(stack: Stack) -> None:
    release = CfnParameter(stack, "Release", type="String", default=RELEASE)
    cluster(stack, release=release.value_as_string)
    ((_, found),) = resources(stack, "AWS::EMR::Cluster").items()
    assert found["Properties"]["ReleaseLabel"] == {"Ref": "Release"}


def test_everything_that_is_wrong_with_a_cluster_is_said_at_once(stack: Stack) -> None:
    with pytest.raises(InvalidModel) as refused:
        cluster(
            stack,
            core=emr.InstanceFleet.on_demand("m5.xlarge", capacity=2),
            scaling=emr.ManagedScaling(minimum=1, maximum=4),
            step_concurrency=1000,
            idle_timeout=1,
        )
    text = str(refused.value)
    assert "step_concurrency" in text
    assert "idle_timeout" in text


def test_who_may_submit_steps_may_do_so_on_this_cluster_only(stack: Stack) -> None:
    made = cluster(stack)
    submitter = iam.Role(stack, "Submitter", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    made.grant_submit(submitter)
    ((_, policy),) = resources(stack, "AWS::IAM::Policy").items()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    (name,) = resources(stack, "AWS::EMR::Cluster")
    assert flat(statement["Resource"]).endswith(f":cluster/<{name}>")
    assert "elasticmapreduce:AddJobFlowSteps" in statement["Action"]
    assert "elasticmapreduce:TerminateJobFlows" not in statement["Action"]


def test_a_metric_is_one_of_this_cluster(stack: Stack) -> None:
    made = cluster(stack)
    made.metric("IsIdle").create_alarm(stack, "Idle", threshold=1, evaluation_periods=12)
    ((_, alarm),) = resources(stack, "AWS::CloudWatch::Alarm").items()
    (name,) = resources(stack, "AWS::EMR::Cluster")
    assert alarm["Properties"]["Namespace"] == "AWS/ElasticMapReduce"
    assert alarm["Properties"]["Dimensions"] == [{"Name": "JobFlowId", "Value": {"Ref": name}}]


def test_clusters_may_share_roles(stack: Stack) -> None:
    roles = emr.Roles(stack, "Roles")
    cluster(stack, "One", roles=roles)
    cluster(stack, "Two", roles=roles)
    assert len(resources(stack, "AWS::IAM::InstanceProfile")) == 1
    profiles = {json.dumps(c["Properties"]["JobFlowRole"]) for c in resources(stack, "AWS::EMR::Cluster").values()}
    assert len(profiles) == 1


def test_what_a_value_says_itself_wins_over_its_placement(stack: Stack) -> None:
    own = ClusterValue(name="own", release=RELEASE, primary=PRIMARY, subnets=("subnet-1",), log_uri="s3://mine/")
    placed = place_cluster(
        own,
        network=emr.Network(stack, "Network", flow_logs=False),
        security=emr.SecurityConfiguration(stack, "Security"),
        roles=emr.Roles(stack, "Roles"),
        log_uri="s3://theirs/logs/",
        log_key=None,
    )
    assert placed.subnets == ("subnet-1",)
    assert placed.log_uri == "s3://mine/"
    assert placed.primary_security_group is not None


# ---- pipeline


def test_a_pipeline_takes_its_steps_from_the_bundle_of_each_run(stack: Stack) -> None:
    step = emr.SparkStep(name="only", entry_point=f"{BUNDLE}/job.py")
    job = emr.Job(name="job", run_on="own", steps=(step,))
    value = ClusterValue(name="own", release=RELEASE, primary=PRIMARY)
    pipeline = emr.Pipeline(stack, "Job", job=job, cluster=value, roles=emr.Roles(stack, "Roles"))
    ((name, machine),) = resources(stack, "AWS::StepFunctions::StateMachine").items()
    arguments = json.loads(flat(machine["Properties"]["DefinitionString"]))["States"]["Step only"]["Arguments"]
    assert '{% $bundle & "/job.py" %}' in arguments["Step"]["HadoopJarStep"]["Args"]
    contract = stack.resolve(pipeline.contract().model_dump())
    assert contract["state_machine_arn"] == {"Ref": name}


def test_a_cluster_that_exists_is_granted_and_measured_and_not_made(stack: Stack) -> None:
    found = emr.Cluster.from_cluster_id(stack, "Existing", "j-3KVTXXXXXX7UG")
    submitter = iam.Role(stack, "Submitter", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    found.grant_submit(submitter)
    ((_, policy),) = resources(stack, "AWS::IAM::Policy").items()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert flat(statement["Resource"]).endswith(":cluster/j-3KVTXXXXXX7UG")
    assert found.metric("AppsPending").dimensions == {"JobFlowId": "j-3KVTXXXXXX7UG"}
    assert resources(stack, "AWS::EMR::Cluster") == {}
