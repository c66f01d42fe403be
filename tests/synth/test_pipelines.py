"""A pipeline by itself: whom it tells, which numbers an execution may choose, and beside what it refuses to launch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

import emrkit as emr
from emrkit_model.cluster import Cluster as ClusterValue
from emrkit_model.contract import Contract
from emrkit_model.values import InvalidModel
from tests.synth.assembly import flat

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
CORE = emr.Override(path="core.target_on_demand", minimum=1, maximum=20)


def pipeline(stack: Stack, *, core: Any = 4, job: str = "flights", **more: Any) -> emr.Pipeline:
    cluster = ClusterValue(
        name="nightly",
        release="emr-7.12.0",
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        core=emr.InstanceFleet.on_demand("r5.xlarge", capacity=core),
    )
    step = emr.ScriptStep(name="only", script="s3://code/run.sh")
    return emr.Pipeline(
        stack,
        "Flights",
        job=emr.Job(name=job, run_on="nightly", steps=(step,)),
        cluster=cluster,
        roles=emr.Roles(stack, "Roles"),
        **more,
    )


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    return Template.from_stack(stack).find_resources(kind)


def statements(stack: Stack, service: str) -> list[dict[str, Any]]:
    """What the role may do that this service assumes."""
    found: list[dict[str, Any]] = []
    for role in resources(stack, "AWS::IAM::Role").values():
        if f'"{service}.amazonaws.com"' in json.dumps(role["Properties"]["AssumeRolePolicyDocument"]):
            for policy in role["Properties"]["Policies"]:
                found += policy["PolicyDocument"]["Statement"]
    return found


def rules(stack: Stack) -> dict[str, dict[str, Any]]:
    """The rules by what they listen to."""
    found = resources(stack, "AWS::Events::Rule").values()
    return {",".join(r["Properties"]["EventPattern"]["detail"]["status"]): r["Properties"] for r in found}


# ---- notifications


def test_nobody_is_told_unless_topics_are_given(stack: Stack) -> None:
    pipeline(stack)
    assert rules(stack) == {}
    assert statements(stack, "events") == []


def test_a_topic_hears_of_success_and_another_of_every_other_end(stack: Stack) -> None:
    topic = sns.Topic(stack, "Done")
    pipeline(stack, notifications=emr.Notifications(success=topic, failure=TOPIC))
    told = rules(stack)
    assert set(told) == {"SUCCEEDED", "FAILED,TIMED_OUT,ABORTED"}
    machine = next(iter(resources(stack, "AWS::StepFunctions::StateMachine")))
    for rule in told.values():
        assert rule["EventPattern"]["source"] == ["aws.states"]
        assert rule["EventPattern"]["detail"]["stateMachineArn"] == [{"Ref": machine}]
    assert told["SUCCEEDED"]["Targets"][0]["Arn"] == stack.resolve(topic.topic_arn)
    assert told["FAILED,TIMED_OUT,ABORTED"]["Targets"][0]["Arn"] == TOPIC


def test_eventbridge_may_publish_to_these_topics_and_do_nothing_else(stack: Stack) -> None:
    topic = sns.Topic(stack, "Done")
    pipeline(stack, notifications=emr.Notifications(success=topic, failure=TOPIC))
    resource = [stack.resolve(topic.topic_arn), TOPIC]
    assert statements(stack, "events") == [{"Effect": "Allow", "Action": "sns:Publish", "Resource": resource}]


def test_only_rules_of_this_account_may_use_the_role(stack: Stack) -> None:
    pipeline(stack, notifications=emr.Notifications(failure=TOPIC))
    role = next(r for k, r in resources(stack, "AWS::IAM::Role").items() if "NotificationsRole" in k)
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_one_topic_for_both_is_granted_once(stack: Stack) -> None:
    pipeline(stack, notifications=emr.Notifications(success=TOPIC, failure=TOPIC))
    assert len(rules(stack)) == 2
    assert [s["Resource"] for s in statements(stack, "events")] == [[TOPIC]]


def test_the_key_of_an_encrypted_topic_may_be_used(stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    pipeline(stack, notifications=emr.Notifications(failure=sns.Topic(stack, "Secret", master_key=key)))
    of_key = [s for s in statements(stack, "events") if s["Action"] != "sns:Publish"]
    assert of_key == [
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [stack.resolve(key.key_arn)]}
    ]


@pytest.mark.parametrize("brought", [TOPIC, "imported"])
def test_the_key_of_a_topic_that_does_not_tell_is_given(stack: Stack, brought: str) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Brought", TOPIC) if brought == "imported" else brought
    pipeline(stack, notifications=emr.Notifications(failure=topic, key=KEY))
    assert [s["Resource"] for s in statements(stack, "events")] == [[TOPIC], [KEY]]


def test_the_message_carries_what_ended_and_nothing_of_what_it_was_given(stack: Stack) -> None:
    pipeline(stack, notifications=emr.Notifications(failure=TOPIC))
    (rule,) = rules(stack).values()
    message = rule["Targets"][0]["InputTransformer"]
    paths = set(message["InputPathsMap"].values())
    assert paths == {f"$.detail.{name}" for name in ("name", "executionArn", "status", "startDate", "stopDate")}
    told = message["InputTemplate"]
    for name in message["InputPathsMap"]:
        told = told.replace(f"<{name}>", '"x"')
    assert json.loads(told) == {"job": "flights", **dict.fromkeys(message["InputPathsMap"], "x")}


def test_a_jobs_name_is_text_in_the_message_whatever_is_in_it(stack: Stack) -> None:
    name = 'a "b" <status> \\'
    pipeline(stack, job=name, notifications=emr.Notifications(failure=TOPIC))
    (rule,) = rules(stack).values()
    template = rule["Targets"][0]["InputTransformer"]["InputTemplate"]
    assert template.count("<status>") == 1
    filled = template
    for variable in rule["Targets"][0]["InputTransformer"]["InputPathsMap"]:
        filled = filled.replace(f"<{variable}>", "0")
    assert json.loads(filled)["job"] == name


# ---- overrides


def definition(stack: Stack) -> dict[str, Any]:
    (machine,) = resources(stack, "AWS::StepFunctions::StateMachine").values()
    return json.loads(flat(machine["Properties"]["DefinitionString"]))


def test_the_contract_says_what_may_be_chosen(stack: Stack) -> None:
    idle = emr.Override(path="idle_timeout", allowed=[600, 3600], default=600)
    contract = pipeline(stack, overrides={"core": CORE, "idle": idle}).contract()
    said = {name: item.model_dump(exclude_none=True, mode="json") for name, item in contract.overrides.items()}
    assert said["core"] == {"default": 4, "minimum": 1, "maximum": 20, "allowed": []}
    assert said["idle"] == {"default": 600, "allowed": [600, 3600]}


def test_bounds_that_cannot_be_are_refused_at_synthesis(stack: Stack) -> None:
    with pytest.raises(InvalidModel) as refused:
        pipeline(stack, overrides={"core": emr.Override(path="core.count", minimum=0, maximum=4)})
    assert [(d.code, d.path) for d in refused.value.diagnostics] == [("E-JOB-046", ("overrides", "core", "path"))]


@pytest.mark.parametrize(
    ("argument", "value", "path"),
    [
        ("when_running", "deny", ("when_running",)),
        ("notifications", TOPIC, ("notifications",)),
        ("notifications", {"failure": "alarms"}, ("notifications", "failure")),
        ("overrides", ["core"], ("overrides",)),
        ("overrides", {"core": 4}, ("overrides", "core")),
    ],
)
def test_what_is_no_such_thing_is_refused_by_the_arguments_name(
    stack: Stack, argument: str, value: Any, path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidModel) as refused:
        pipeline(stack, **{argument: value})
    assert [d.path for d in refused.value.diagnostics] == [path]
    assert stack.node.try_find_child("Flights") is None, "nothing is made of what is refused"


def test_plain_data_is_taken_as_in_a_file(stack: Stack) -> None:
    plain = {"core": {"path": "core.target_on_demand", "minimum": 1, "maximum": 20}}
    made = pipeline(stack, overrides=plain, notifications={"failure": TOPIC})
    assert made.contract().overrides["core"].maximum == 20
    assert set(rules(stack)) == {"FAILED,TIMED_OUT,ABORTED"}


def test_a_number_that_is_known_at_deployment_stands_in_the_definition_as_a_number(stack: Stack) -> None:
    nodes, most = (CfnParameter(stack, name, type="Number", default=4) for name in ("Nodes", "Most"))
    bounds = emr.Override(path="core.target_on_demand", minimum=1, maximum=most.value_as_number)
    made = pipeline(stack, core=nodes.value_as_number, overrides={"core": bounds})
    own = Contract(project="p", environment="dev", stack="s", pipelines={"flights": made.contract()})
    emr.Contract(stack, "Contract", value=own)
    (machine,) = resources(stack, "AWS::StepFunctions::StateMachine").values()
    joined = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    text = "".join(_part(part) for part in joined)
    given = json.loads(text)["States"]["Read input"]["Assign"]
    assert given["bounds"] == {"core": {"minimum": 1, "maximum": 9}}
    assert given["defaults"] == {"core": 6}
    (parameter,) = resources(stack, "AWS::SSM::Parameter").values()
    said = json.loads("".join(_part(part) for part in parameter["Properties"]["Value"]["Fn::Join"][1]))
    assert said["pipelines"]["flights"]["overrides"] == {"core": {"default": 6, "minimum": 1, "maximum": 9}}


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    return {"Nodes": "6", "Most": "9"}.get(part.get("Ref", ""), "x")


# ---- beside a cluster that runs


def test_only_a_pipeline_that_looks_may_list_clusters(stack: Stack) -> None:
    pipeline(stack, when_running="refuse")
    allowed = [s for s in statements(stack, "states") if "elasticmapreduce:ListClusters" in s["Action"]]
    assert [s["Action"] for s in allowed] == [["elasticmapreduce:RunJobFlow", "elasticmapreduce:ListClusters"]]
    assert definition(stack)["States"]["Read input"]["Next"] == "Look for a cluster of this name"


def test_a_pipeline_launches_beside_a_running_cluster_unless_it_is_told_not_to(stack: Stack) -> None:
    pipeline(stack)
    assert "ListClusters" not in json.dumps(Template.from_stack(stack).to_json())
    assert definition(stack)["States"]["Read input"]["Next"] == "Create cluster"
