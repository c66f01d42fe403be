"""Bootstrap actions: once per node role, and the end of a cluster when one fails."""

from __future__ import annotations

import gzip

from core_doubles import Emr, action, eventually, fleets, step

from emrkit_local.core.ports import StepWork


def test_bootstrap_actions_run_in_order_once_for_each_node_role(emr: Emr) -> None:
    emr.executor.script = lambda work: 0
    cluster = emr.start(
        Instances={"InstanceFleets": fleets(task=2)},
        BootstrapActions=[action("one", "s3://b/1.sh", "x"), action("two")],
    )
    emr.until(cluster, "WAITING")
    assert emr.executor.order == ["one", "two"] * 3
    roles = [r.work.environment["EMRKIT_NODE_ROLE"] for r in emr.executor.runs.values()]
    assert roles == ["primary", "primary", "core", "core", "task", "task"]
    first = next(iter(emr.executor.runs.values())).work
    assert (first.jar, first.args) == ("script-runner.jar", ("s3://b/1.sh", "x"))
    primary = emr.call("ListInstances", ClusterId=cluster, InstanceGroupTypes=["MASTER"])["Instances"][0]
    prefix = f"emr/{cluster}/node/{primary['Ec2InstanceId']}/bootstrap-actions/1/"
    names = {k.removeprefix(prefix) for _, k in emr.objects.stored if k.startswith(prefix)}
    assert names == {"stdout.gz", "stderr.gz", "controller.gz"}
    listed = emr.call("ListBootstrapActions", ClusterId=cluster)["BootstrapActions"]
    assert listed[0] == {"Name": "one", "ScriptPath": "s3://b/1.sh", "Args": ["x"]}
    assert emr.executor.held == 0


def test_a_failing_bootstrap_action_ends_the_cluster_as_on_emr(emr: Emr) -> None:
    emr.executor.script = lambda work: 7
    cluster = emr.start(step("a"), BootstrapActions=[action()])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    status = emr.cluster(cluster)["Status"]
    primary = emr.call("ListInstances", ClusterId=cluster, InstanceGroupTypes=["MASTER"])["Instances"][0]
    node = primary["Ec2InstanceId"]
    assert status["StateChangeReason"] == {
        "Code": "BOOTSTRAP_FAILURE",
        "Message": f"On the master instance ({node}), bootstrap action 1 returned a non-zero return code",
    }
    detail = status["ErrorDetails"][0]
    assert detail["ErrorCode"] == "BOOTSTRAP_FAILURE_PRIMARY_WITH_NON_ZERO_CODE"
    assert detail["ErrorData"][0]["return-code"] == "7"
    assert emr.steps(cluster) == {"a": "CANCELLED"}
    controller = emr.objects.stored["logs", f"emr/{cluster}/node/{node}/bootstrap-actions/1/controller.gz"]
    assert "exit code 7" in gzip.decompress(controller).decode()


def test_a_bootstrap_action_that_fails_on_workers_names_them(emr: Emr) -> None:
    def fail_on_core(work: StepWork) -> int:
        return 1 if work.environment["EMRKIT_NODE_ROLE"] == "core" else 0

    emr.executor.script = fail_on_core
    cluster = emr.start(BootstrapActions=[action()])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    assert "On 2 slave instances (including i-" in emr.cluster(cluster)["Status"]["StateChangeReason"]["Message"]


def test_a_bootstrap_script_that_is_not_there_fails_the_download(emr: Emr) -> None:
    cluster = emr.start(BootstrapActions=[action("one", "s3://nowhere/x.sh")])
    emr.until(cluster, "TERMINATED_WITH_ERRORS")
    status = emr.cluster(cluster)["Status"]
    assert "failed attempting to download bootstrap action 1 file from S3" in status["StateChangeReason"]["Message"]
    assert status["ErrorDetails"][0]["ErrorCode"] == "BOOTSTRAP_FAILURE_FILE_NOT_FOUND_PRIMARY"
    assert emr.executor.runs == {}


def test_termination_kills_a_bootstrap_action_that_runs(emr: Emr) -> None:
    emr.executor.heeds_interrupt = False
    cluster = emr.start(BootstrapActions=[action()])
    eventually(lambda: emr.executor.runs)
    assert emr.state(cluster) == "BOOTSTRAPPING"
    emr.call("TerminateJobFlows", JobFlowIds=[cluster])
    emr.until(cluster, "TERMINATED")
    assert emr.cluster(cluster)["Status"]["StateChangeReason"]["Code"] == "USER_REQUEST"
