"""Stacks in the daemon: clusters and buckets of CloudFormation, and what kill -9 leaves of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emrkit_local import client
from tests.acceptance.daemon.calls import RELEASE, Start, aws, settled, stack_status, until

pytestmark = pytest.mark.daemon


def template(**resources: object) -> str:
    return json.dumps({"Resources": resources})


def cluster_resource(name: str = "stacked", idle: int = 3600, release: str = RELEASE) -> dict[str, object]:
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    properties = {
        "Name": name,
        "ReleaseLabel": release,
        "Applications": [{"Name": "Spark"}],
        "JobFlowRole": "n",
        "ServiceRole": "s",
        "AutoTerminationPolicy": {"IdleTimeout": idle},
        "Instances": {"MasterInstanceFleet": fleet, "CoreInstanceFleet": fleet},
    }
    return {"Type": "AWS::EMR::Cluster", "Properties": properties}


# Stacks ---------------------------------------------------------------------------------------------------------------


def test_a_stacks_cluster_is_updated_in_place_replaced_and_terminated(local: client.Endpoint) -> None:
    cfn, emr = aws(local, "cloudformation"), aws(local, "emr")

    def cluster() -> str:
        return cfn.describe_stack_resource(StackName="life", LogicalResourceId="C")["StackResourceDetail"][
            "PhysicalResourceId"
        ]

    cfn.create_stack(StackName="life", TemplateBody=template(C=cluster_resource()))
    assert settled(local, "life") == "CREATE_COMPLETE"
    first = cluster()
    cfn.update_stack(StackName="life", TemplateBody=template(C=cluster_resource(idle=600)))
    assert settled(local, "life") == "UPDATE_COMPLETE"
    assert cluster() == first
    assert emr.get_auto_termination_policy(ClusterId=first)["AutoTerminationPolicy"] == {"IdleTimeout": 600}
    cfn.update_stack(StackName="life", TemplateBody=template(C=cluster_resource(name="new")))
    assert settled(local, "life") == "UPDATE_COMPLETE"
    second = cluster()
    assert second != first
    assert emr.describe_cluster(ClusterId=first)["Cluster"]["Status"]["State"] == "TERMINATED"
    cfn.delete_stack(StackName="life")
    until(lambda: emr.describe_cluster(ClusterId=second)["Cluster"]["Status"]["State"] == "TERMINATED")


def test_a_cluster_that_emr_refuses_rolls_the_stack_back_with_emrs_reason(local: client.Endpoint) -> None:
    cfn = aws(local, "cloudformation")
    resource = cluster_resource()
    resource["Properties"]["SecurityConfiguration"] = "nobody-made-this"  # type: ignore[index]
    cfn.create_stack(StackName="refused", TemplateBody=template(C=resource))
    assert settled(local, "refused") == "ROLLBACK_COMPLETE"
    events = cfn.describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"] == "CREATE_FAILED"]
    assert any("nobody-made-this" in r for r in reasons)


def test_an_unknown_resource_type_is_refused(local: client.Endpoint) -> None:
    with pytest.raises(ClientError, match="AWS::EMR::Studio"):
        aws(local, "cloudformation").create_stack(
            StackName="unknown", TemplateBody=template(S={"Type": "AWS::EMR::Studio", "Properties": {}})
        )


def test_bucket_properties_of_a_stack_reach_the_bucket(local: client.Endpoint) -> None:
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    rule = {"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": "logs/"}
    properties = {
        "BucketName": "stacked-bucket",
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LifecycleConfiguration": {"Rules": [rule]},
        "Tags": [{"Key": "for", "Value": "test"}],
    }
    body = template(B={"Type": "AWS::S3::Bucket", "Properties": properties})
    aws(local, "cloudformation").create_stack(StackName="bucket", TemplateBody=body)
    assert settled(local, "bucket") == "CREATE_COMPLETE"
    s3 = aws(local, "s3")
    found = s3.get_bucket_encryption(Bucket="stacked-bucket")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert found["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket="stacked-bucket")["Rules"]
    assert (lifecycle[0]["ID"], lifecycle[0]["Expiration"]["Days"]) == ("old", 30)
    assert s3.get_bucket_tagging(Bucket="stacked-bucket")["TagSet"] == [{"Key": "for", "Value": "test"}]


def test_a_bucket_whose_settings_are_refused_is_not_left_behind(local: client.Endpoint) -> None:
    rule = {"Id": "bad", "Status": "Sometimes", "ExpirationInDays": 1}
    properties = {"BucketName": "half-made", "LifecycleConfiguration": {"Rules": [rule]}}
    body = template(B={"Type": "AWS::S3::Bucket", "Properties": properties})
    aws(local, "cloudformation").create_stack(StackName="half", TemplateBody=body)
    assert settled(local, "half") == "ROLLBACK_COMPLETE"
    assert not (local.buckets / "half-made").exists()


def test_stacks_and_clusters_agree_after_kill_9_and_a_creation_under_way_can_be_deleted(
    start: Start, tmp_path: Path
) -> None:
    endpoint = start(tmp_path)
    cfn = aws(endpoint, "cloudformation")
    cfn.create_stack(StackName="done", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "done") == "CREATE_COMPLETE"
    slow = cluster_resource("slow")
    step = {"Name": "s", "ActionOnFailure": "CONTINUE", "JobFlowId": {"Ref": "C"}}
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["sleep", "300"]}
    cfn.create_stack(
        StackName="under-way", TemplateBody=template(C=slow, S={"Type": "AWS::EMR::Step", "Properties": step})
    )
    emr = aws(endpoint, "emr")
    living = until(
        lambda: [
            c for c in emr.list_clusters()["Clusters"] if c["Name"] == "slow" and c["Status"]["State"] == "RUNNING"
        ]
    )
    cluster = living[0]["Id"]
    stack_status(endpoint, "under-way")
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)

    again = start(tmp_path)
    assert stack_status(again, "done") == "CREATE_COMPLETE"
    assert stack_status(again, "under-way") == "ROLLBACK_FAILED"
    status = client.status(again)
    assert status["interrupted_stacks"] == ["under-way"]
    assert status["mismatches"] == []
    aws(again, "cloudformation").delete_stack(StackName="under-way")
    until(lambda: aws(again, "emr").describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "TERMINATED")


def test_an_update_under_way_at_kill_9_is_applied_by_the_next_one(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    cfn = aws(endpoint, "cloudformation")
    cfn.create_stack(StackName="updated", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "updated") == "CREATE_COMPLETE"
    step: dict[str, object] = {"Name": "s", "ActionOnFailure": "CONTINUE", "JobFlowId": {"Ref": "C"}}
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["sleep", "300"]}
    longer = template(C=cluster_resource(), S={"Type": "AWS::EMR::Step", "Properties": step})
    cfn.update_stack(StackName="updated", TemplateBody=longer)
    emr = aws(endpoint, "emr")
    cluster = emr.list_clusters()["Clusters"][0]["Id"]
    until(lambda: emr.list_steps(ClusterId=cluster)["Steps"])
    assert stack_status(endpoint, "updated") == "UPDATE_IN_PROGRESS"
    os.kill(endpoint.pid, signal.SIGKILL)
    until(lambda: client.find(tmp_path) is None)

    again = start(tmp_path)
    assert again.url == endpoint.url, "the port of last time is taken again"
    assert stack_status(again, "updated") == "UPDATE_ROLLBACK_COMPLETE"
    cfn = aws(again, "cloudformation")
    assert "S" not in json.loads(json.dumps(cfn.get_template(StackName="updated")["TemplateBody"]))["Resources"]
    step["HadoopJarStep"] = {"Jar": "command-runner.jar", "Args": ["true"]}
    cfn.update_stack(
        StackName="updated",
        TemplateBody=template(C=cluster_resource(), S={"Type": "AWS::EMR::Step", "Properties": step}),
    )
    assert settled(again, "updated") == "UPDATE_COMPLETE"


def test_a_cluster_that_only_the_stack_remembers_is_reported(start: Start, tmp_path: Path) -> None:
    endpoint = start(tmp_path)
    aws(endpoint, "cloudformation").create_stack(StackName="torn", TemplateBody=template(C=cluster_resource()))
    assert settled(endpoint, "torn") == "CREATE_COMPLETE"
    assert client.disagreement(endpoint) is None
    client.stop(tmp_path)
    shutil.rmtree(tmp_path / "emr")
    again = start(tmp_path)
    found = client.disagreement(again)
    assert found is not None
    assert (found.code, "emrkit local reset" in str(found.hint)) == ("W-LOC-001", True)
