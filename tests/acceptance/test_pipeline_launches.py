"""A pipeline on local EMR, from the construct to the message: its bounds, its look at what runs, and whom it tells.

The expressions of its state machine are evaluated there; that they mean the same at AWS is what JSONata is for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_cdk import App, DefaultStackSynthesizer, Stack
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit.state_language import job_states
from emrkit_model.cluster import Cluster
from emrkit_model.contract import Contract, ContractPipeline, declare_overrides
from emrkit_model.job import Job
from tests.conftest import Shop

pytestmark = pytest.mark.daemon
Client = Callable[[str], Any]
LIVING = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
OVERRIDES = {
    "core": emr.Override(path="core.target_on_demand", minimum=0, maximum=5),
    "idle": emr.Override(path="idle_timeout", allowed=[600, 3600], default=600),
}


def define(stack: Stack) -> None:
    """Two pipelines of one cluster's shape: one that may be told numbers and looks, one that waits and is stopped."""
    roles = emr.Roles(stack, "Roles")
    topic = sns.Topic(stack, "Ends", topic_name="pipeline-ends")
    for name, command in (("bounded", ["true"]), ("endless", ["sleep", "300"])):
        emr.Pipeline(
            stack,
            name.capitalize(),
            job=emr.Job(name=name, run_on="own", steps=(emr.CommandStep(name="only", command=command),)),
            cluster=Cluster(
                name=f"launch-{name}",
                release=emr.newest_release("7"),
                primary=emr.InstanceFleet.on_demand("m5.xlarge"),
                core=emr.InstanceFleet.spot("r5.xlarge", capacity=1, on_demand=1),
            ),
            roles=roles,
            notifications=emr.Notifications(success=topic, failure=topic),
            overrides=OVERRIDES if name == "bounded" else {},
            when_running="refuse" if name == "bounded" else "launch",
        )


def until(ready: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="module")
def machines(aws: Client) -> Iterator[dict[str, str]]:
    """The deployed state machines, by job."""
    stack = Stack(
        App(builtin_cloud_formation_validation=False),
        "Launches",
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    define(stack)
    body = json.dumps(Template.from_stack(stack).to_json())
    formation = aws("cloudformation")
    formation.create_stack(StackName="launches", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])

    def made() -> str:
        status = str(formation.describe_stacks(StackName="launches")["Stacks"][0]["StackStatus"])
        return "" if status.endswith("IN_PROGRESS") else status

    status = until(made)
    assert status == "CREATE_COMPLETE", formation.describe_stack_events(StackName="launches")["StackEvents"]
    rows = formation.describe_stack_resources(StackName="launches")["StackResources"]
    arns = [r["PhysicalResourceId"] for r in rows if r["ResourceType"] == "AWS::StepFunctions::StateMachine"]
    yield {name: next(arn for arn in arns if name.capitalize() in arn) for name in ("bounded", "endless")}
    formation.delete_stack(StackName="launches")


@pytest.fixture(scope="module")
def messages(aws: Client, machines: dict[str, str]) -> Callable[[str], list[dict[str, Any]]]:
    """Every message of the topic about one run, so far."""
    queue = aws("sqs").create_queue(QueueName="pipeline-ends")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics = [topic["TopicArn"] for topic in aws("sns").list_topics()["Topics"]]
    (topic,) = [arn for arn in topics if arn.endswith(":pipeline-ends")]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    seen: list[dict[str, Any]] = []

    def read(run: str) -> list[dict[str, Any]]:
        for row in aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            seen.append(json.loads(json.loads(row["Body"])["Message"]))
            aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=row["ReceiptHandle"])
        return [message for message in seen if message["run"] == run]

    return read


def start(aws: Client, machine: str, run: str, **more: object) -> str:
    given = json.dumps({"run": run, "bundle": "s3://bundles/none", **more})
    return str(aws("stepfunctions").start_execution(stateMachineArn=machine, name=run, input=given)["executionArn"])


def ended(aws: Client, execution: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = aws("stepfunctions").describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return until(look)


def clusters(aws: Client, name: str, *states: str) -> list[dict[str, Any]]:
    pages = aws("emr").get_paginator("list_clusters").paginate(**({"ClusterStates": list(states)} if states else {}))
    return [row for page in pages for row in page["Clusters"] if row["Name"] == name]


def entered(aws: Client, execution: str) -> list[str]:
    history = aws("stepfunctions").get_execution_history(executionArn=execution)["events"]
    return [e["stateEnteredEventDetails"]["name"] for e in history if "stateEnteredEventDetails" in e]


@pytest.mark.parametrize(
    ("overrides", "cause"),
    [
        ({"core": 6}, "override 'core' is 6, allowed: 0 to 5"),
        ({"core": -1}, "override 'core' is -1, allowed: 0 to 5"),
        ({"core": 1.5}, "override 'core' is 1.5, allowed: 0 to 5"),
        ({"core": "3"}, "override 'core' is 3, allowed: 0 to 5"),
        ({"core": None}, "override 'core' is null, allowed: 0 to 5"),
        ({"core": [3]}, "override 'core' is [3], allowed: 0 to 5"),
        ({"idle": 700}, "override 'idle' is 700, allowed: 600, 3600"),
        ({"cores": 3}, "there is no override 'cores', but core, idle"),
        (
            {"core": 9, "release": 8},
            "override 'core' is 9, allowed: 0 to 5; there is no override 'release', but core, idle",
        ),
        (["core"], "overrides are a map of names to whole numbers"),
        (None, "overrides are a map of names to whole numbers"),
    ],
)
def test_a_number_that_is_not_allowed_is_refused_before_a_cluster_is_asked_for(
    aws: Client, machines: dict[str, str], overrides: object, cause: str
) -> None:
    before = len(clusters(aws, "launch-bounded"))
    run = f"refused-{time.monotonic_ns()}"
    execution = start(aws, machines["bounded"], run, overrides=overrides)
    found = ended(aws, execution)
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Emrkit.OverrideRefused", cause)
    assert entered(aws, execution)[-1] == "Override refused"
    assert len(clusters(aws, "launch-bounded")) == before


@pytest.mark.parametrize(
    ("number", "given", "targets", "idle"),
    [
        (1, {}, (1, 1), 600),
        (2, {"overrides": {}}, (1, 1), 600),
        (3, {"overrides": {"core": 5, "idle": 3600}}, (5, 1), 3600),
        (4, {"overrides": {"core": 0}}, (0, 1), 600),
    ],
)
def test_the_cluster_has_the_numbers_that_were_chosen_and_the_defaults_of_the_others(
    aws: Client,
    machines: dict[str, str],
    messages: Callable[[str], list[dict[str, Any]]],
    number: int,
    given: dict[str, Any],
    targets: tuple[int, int],
    idle: int,
) -> None:
    run = f"chosen-{number}"
    execution = start(aws, machines["bounded"], run, **given)
    found = ended(aws, execution)
    assert found["status"] == "SUCCEEDED", found
    cluster = json.loads(found["output"])["cluster"]
    fleets = aws("emr").list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    (core,) = [fleet for fleet in fleets if fleet["InstanceFleetType"] == "CORE"]
    assert (core["TargetOnDemandCapacity"], core["TargetSpotCapacity"]) == targets
    assert aws("emr").get_auto_termination_policy(ClusterId=cluster)["AutoTerminationPolicy"]["IdleTimeout"] == idle
    (message,) = until(lambda: messages(run))
    assert (message["job"], message["run"], message["status"]) == ("bounded", run, "SUCCEEDED")
    assert message["execution"] == execution
    assert set(message) == {"job", "run", "execution", "status", "started", "stopped"}


def launch(aws: Client, name: str) -> str:
    instances = {"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True}
    release = emr.newest_release("7")
    request = {"Name": name, "ReleaseLabel": release, "Instances": instances, "JobFlowRole": "n", "ServiceRole": "s"}
    return str(aws("emr").run_job_flow(**request)["JobFlowId"])


def test_beside_a_cluster_of_its_name_it_refuses_and_says_so_and_launches_when_that_is_gone(
    aws: Client, machines: dict[str, str], messages: Callable[[str], list[dict[str, Any]]]
) -> None:
    other, own = launch(aws, "launch-bounded-not"), launch(aws, "launch-bounded")
    try:
        found = ended(aws, start(aws, machines["bounded"], "beside"))
        assert (found["status"], found["error"]) == ("FAILED", "Emrkit.ClusterRunning")
        assert found["cause"].startswith(f"cluster 'launch-bounded' runs already: {own} (")
        assert other not in found["cause"]
        assert [row["Id"] for row in clusters(aws, "launch-bounded", *LIVING)] == [own]
        (message,) = until(lambda: messages("beside"))
        assert message["status"] == "FAILED"
    finally:
        aws("emr").terminate_job_flows(JobFlowIds=[own])
    until(lambda: not clusters(aws, "launch-bounded", *LIVING))
    assert ended(aws, start(aws, machines["bounded"], "alone"))["status"] == "SUCCEEDED"
    aws("emr").terminate_job_flows(JobFlowIds=[other])


def test_a_cluster_on_a_later_page_is_seen_too(aws: Client, machines: dict[str, str]) -> None:
    """ListClusters answers fifty at once."""
    own = launch(aws, "launch-bounded")
    others = [launch(aws, f"crowd-{number}") for number in range(55)]
    try:
        first = aws("emr").list_clusters(ClusterStates=LIVING)
        last_page = clusters(aws, "launch-bounded", *LIVING)
        assert "Marker" in first
        assert {row["Id"] for row in last_page} == {own}
        assert own not in {row["Id"] for row in first["Clusters"]}, "it must not be found at once"
        execution = start(aws, machines["bounded"], "crowded")
        found = ended(aws, execution)
        assert (found["error"], own in found["cause"]) == ("Emrkit.ClusterRunning", True)
        assert entered(aws, execution).count("Look for a cluster of this name") >= 2
    finally:
        for row in (own, *others):
            aws("emr").terminate_job_flows(JobFlowIds=[row])


def test_who_stops_an_execution_is_told_of_too(
    aws: Client, machines: dict[str, str], messages: Callable[[str], list[dict[str, Any]]]
) -> None:
    execution = start(aws, machines["endless"], "stopped")
    until(lambda: clusters(aws, "launch-endless", *LIVING))
    aws("stepfunctions").stop_execution(executionArn=execution)
    (message,) = until(lambda: messages("stopped"))
    assert (message["job"], message["status"], message["execution"]) == ("endless", "ABORTED", execution)
    for row in clusters(aws, "launch-endless", *LIVING):
        aws("emr").terminate_job_flows(JobFlowIds=[row["Id"]])


# ---- the command line


CLUSTER = {
    "transient": True,
    "release": "emr-7.10.0",
    "primary": {"on_demand": ["m5.xlarge"]},
    "core": {"on_demand": ["m5.xlarge"], "capacity": 2},
}
MARTS = {
    "pipeline": {
        "cluster": "own",
        "overrides": {"core": {"path": "core.target_on_demand", "minimum": 1, "maximum": 5}},
    },
    "steps": [{"name": "only", "command": ["true"]}],
}


@pytest.fixture
def marts(shop: Shop, aws: Client) -> Shop:
    """A project with one pipeline that may be told a number, as if it were deployed."""
    shop.write({"marts": MARTS}, clusters={"own": CLUSTER})
    job = Job.parse({"name": "marts", **MARTS})
    cluster = Cluster.parse({"name": "own", **{key: value for key, value in CLUSTER.items() if key != "transient"}})
    cluster = cluster.with_placement(service_role="service", instance_profile="nodes", log_uri="s3://logs/")
    assert job.pipeline is not None
    overrides = job.pipeline.overrides
    states = job_states(job, job.ordered_steps(), cluster, partition="aws", overrides=overrides)
    made = aws("stepfunctions").create_state_machine(
        name=shop.name, definition=json.dumps(states), roleArn="arn:aws:iam::000000000000:role/service"
    )
    known = ContractPipeline(
        state_machine_arn=made["stateMachineArn"], name=shop.name, overrides=declare_overrides(overrides, cluster)
    )
    contract = Contract(project=shop.name, environment="dev", stack="pipelines", pipelines={"marts": known})
    aws("ssm").put_parameter(Name=f"/emrkit/{shop.name}/dev/pipelines", Value=contract.render(), Type="String")
    return shop


def test_the_command_line_starts_a_pipeline_with_a_number(marts: Shop, aws: Client) -> None:
    done = marts("run", "marts", "--via", "pipeline", "--set", "core=4", "--output", "json", "--verbose")
    assert done.code == 0, done.err
    assert "with core=4" in done.err
    assert "preflight of own" in done.err, "the cluster that is launched is asked about"
    given = aws("stepfunctions").describe_execution(executionArn=str(done.data["execution"]))
    assert json.loads(given["input"])["overrides"] == {"core": 4}
    fleets = aws("emr").list_instance_fleets(ClusterId=json.loads(given["output"])["cluster"])["InstanceFleets"]
    assert [f["TargetOnDemandCapacity"] for f in fleets if f["InstanceFleetType"] == "CORE"] == [4]


@pytest.mark.parametrize(
    ("text", "code"),
    [("core=6", "E-RUN-034"), ("core=0", "E-RUN-034"), ("cores=3", "E-RUN-033"), ("core=x", "E-RUN-032")],
)
def test_the_command_line_starts_nothing_with_a_number_that_is_not_allowed(
    marts: Shop, aws: Client, text: str, code: str
) -> None:
    done = marts("run", "marts", "--via", "pipeline", "--set", text)
    assert done.code == 2, done.err
    assert f"error[{code}]" in done.err
    machines = {m["name"]: m["stateMachineArn"] for m in aws("stepfunctions").list_state_machines()["stateMachines"]}
    assert aws("stepfunctions").list_executions(stateMachineArn=machines[marts.name])["executions"] == []


def test_the_same_command_with_another_number_is_another_run(marts: Shop, aws: Client) -> None:
    """A run whose end is not known is gone on with, but not with other numbers."""
    runs = [marts("run", "marts", "--via", "pipeline", "--detach", "--set", f"core={number}") for number in (2, 3, 3)]
    assert [done.code for done in runs] == [0, 0, 0], [done.err for done in runs]
    assert "emrkit run marts --via pipeline --set core=3" in runs[-1].out
    machines = {m["name"]: m["stateMachineArn"] for m in aws("stepfunctions").list_state_machines()["stateMachines"]}
    rows = aws("stepfunctions").list_executions(stateMachineArn=machines[marts.name])["executions"]
    assert len(rows) == 2
    for row in rows:
        assert ended(aws, row["executionArn"])["status"] == "SUCCEEDED"
