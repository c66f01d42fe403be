"""Steps and jobs."""

from __future__ import annotations

import pytest

from emrkit_model import (
    ActionOnFailure,
    CommandStep,
    InvalidModel,
    JarStep,
    Job,
    ScriptStep,
    SparkSqlStep,
    SparkStep,
    check,
)


def problems(data: dict[str, object]) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(InvalidModel) as caught:
        Job.parse({"name": "job", **data})
    return [(d.code, d.path) for d in caught.value.diagnostics]


def test_spark_submit_words_stand_in_a_fixed_order():
    step = SparkStep(
        name="etl",
        entry_point="s3://b/job.jar",
        main_class="org.example.Job",
        args=["--rows", "10"],
        conf={"spark.executor.instances": 10, "spark.sql.adaptive.enabled": True},
        py_files=["s3://b/a.zip", "s3://b/b.zip"],
        files=["s3://b/f"],
        archives=["s3://b/env.tar.gz#environment"],
        jars=["s3://b/x.jar"],
        deploy_mode="client",
    )
    jar = step.hadoop_jar()
    assert jar.jar == "command-runner.jar"
    assert " ".join(jar.args) == (
        "spark-submit --deploy-mode client --class org.example.Job --jars s3://b/x.jar "
        "--py-files s3://b/a.zip,s3://b/b.zip --files s3://b/f --archives s3://b/env.tar.gz#environment "
        "--conf spark.executor.instances=10 --conf spark.sql.adaptive.enabled=true s3://b/job.jar --rows 10"
    )


@pytest.mark.parametrize(
    ("code", "broken", "kept"),
    [
        ("E-STEP-010", {"name": "x" * 257}, {"name": "x" * 256}),
        ("E-STEP-011", {"timeout": 0}, {"timeout": 1}),
        ("E-STEP-022", {"entry_point": "--class"}, {"entry_point": "s3://b/class.py"}),
    ],
)
def test_a_step_that_cannot_run_is_refused(code, broken, kept):
    given = {"name": "a", "entry_point": "s3://b/job.py"}
    SparkStep(**{**given, **kept})
    with pytest.raises(InvalidModel) as caught:
        SparkStep(**{**given, **broken})
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_jar_that_does_not_name_its_class_warns():
    assert [d.code for d in check(SparkStep(name="a", entry_point="s3://b/job.jar"))] == ["W-STEP-023"]
    assert list(check(SparkStep(name="a", entry_point="s3://b/job.jar", main_class="org.example.Job"))) == []


def test_spark_sql_takes_a_file_with_variables():
    step = SparkSqlStep(name="sql", file="s3://b/q.sql", variables={"day": "2013-01-01"}, database="flights")
    assert step.hadoop_jar().args == (
        "spark-sql",
        "--database",
        "flights",
        "-d",
        "day=2013-01-01",
        "-f",
        "s3://b/q.sql",
    )


def test_scripts_use_the_regions_runner_and_jars_are_run_as_they_are():
    script = ScriptStep(name="s", script="s3://b/x.sh", args=["1"]).hadoop_jar("eu-west-1")
    assert script.jar == "s3://eu-west-1.elasticmapreduce/libs/script-runner/script-runner.jar"
    assert script.args == ("s3://b/x.sh", "1")
    jar = JarStep(name="j", jar="s3://b/x.jar", main_class="Main", properties={"a": 1}).hadoop_jar()
    assert (jar.jar, jar.main_class, jar.properties) == ("s3://b/x.jar", "Main", {"a": "1"})


@pytest.mark.parametrize(
    ("conf", "code"),
    [
        ({"spark.submit.deployMode": "client"}, "E-STEP-020"),
        ({"spark.submit.pyFiles": "s3://b/x.py"}, "E-STEP-020"),
        ({"spark.master": "local[*]"}, "E-STEP-021"),
    ],
)
def test_what_has_a_field_has_no_second_door_in_conf(conf, code):
    with pytest.raises(InvalidModel) as caught:
        SparkStep(name="a", entry_point="s3://b/x.py", conf=conf)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_the_same_value_through_the_second_door_is_accepted():
    step = SparkStep(name="a", entry_point="s3://b/x.py", conf={"spark.submit.deployMode": "cluster"})
    assert step.deploy_mode == "cluster"


def test_a_step_in_a_file_says_its_kind_by_a_word():
    job = Job.parse(
        {
            "name": "flights",
            "steps": [
                {"name": "load", "spark": {"entry_point": "load.py", "conf": {"spark.x": True}}, "timeout": "10m"},
                {"name": "sql", "spark-sql": {"file": "q.sql"}},
                {"name": "again", "spark_sql": {"query": "select 1"}},
                {"name": "hello", "command": ["echo", "hello"], "on_failure": "continue"},
                {"name": "script", "script": {"script": "s3://b/x.sh"}},
                {"name": "jar", "jar": {"jar": "s3://b/x.jar"}},
            ],
        }
    )
    kinds = [SparkStep, SparkSqlStep, SparkSqlStep, CommandStep, ScriptStep, JarStep]
    assert [type(step) for step in job.steps] == kinds
    assert (job.steps[0].timeout, job.steps[3].on_failure) == (600, ActionOnFailure.CONTINUE)


@pytest.mark.parametrize(
    ("step", "code", "path"),
    [
        ({"name": "a", "spark": {"entry_pont": "x"}}, "E-STEP-001", ("steps", 0, "spark", "entry_pont")),
        ({"name": "a", "spark": {}}, "E-STEP-002", ("steps", 0, "spark", "entry_point")),
        ({"spark": {"entry_point": "x"}}, "E-STEP-002", ("steps", 0, "name")),
        ({"name": "a"}, "E-STEP-005", ("steps", 0)),
        ({"name": "a", "sprak": {"entry_point": "x"}}, "E-STEP-005", ("steps", 0, "sprak")),
        ({"name": "a", "spark": {"entry_point": "x"}, "jar": {"jar": "y"}}, "E-STEP-004", ("steps", 0, "jar")),
        ({"name": "a", "spark": {"entry_point": "x", "timeout": 5}}, "E-STEP-006", ("steps", 0, "spark", "timeout")),
        ({"name": "a", "spark": {"entry_point": "x"}, "args": []}, "E-STEP-006", ("steps", 0, "args")),
        ({"name": "a", "command": ["x", [5]]}, "E-STEP-003", ("steps", 0, "command", 1)),
        ({"name": "a", "command": []}, "E-STEP-040", ("steps", 0, "command")),
        ({"name": "a", "spark-sql": {}}, "E-STEP-030", ("steps", 0, "spark-sql", "file")),
        ({"name": "a", "spark": {"entry_point": "x"}, "timeout": 0}, "E-STEP-011", ("steps", 0, "timeout")),
        (
            {"name": "a", "spark": {"entry_point": "x"}, "on_failure": "explode"},
            "E-STEP-003",
            ("steps", 0, "on_failure"),
        ),
        ("etl", "E-JOB-003", ("steps", 0)),
    ],
)
def test_a_broken_step_is_named_with_its_place_in_the_file(step, code, path):
    assert (code, path) in problems({"steps": [step]})


def test_all_broken_steps_are_reported():
    found = problems({"steps": [{"name": "a", "sprak": {}}, {"name": "b", "command": []}], "timeot": 5})
    assert {code for code, _ in found} == {"E-STEP-005", "E-STEP-040", "E-JOB-001"}


def test_bare_numbers_and_true_are_arguments_as_their_text():
    step = SparkStep.parse({"name": "a", "entry_point": "s3://b/x.py", "args": ["--rows", 10, True, 0.5]})
    assert step.args == ("--rows", "10", "true", "0.5")


def test_steps_follow_the_list_unless_they_say_what_they_need():
    def step(name: str, **more: object) -> dict[str, object]:
        return {"name": name, "command": ["true"], **more}

    job = Job.parse({"name": "j", "steps": [step("a"), step("b"), step("c", needs=[]), step("d", needs=["a", "c"])]})
    assert [s.name for s in job.ordered_steps()] == ["a", "b", "c", "d"]
    assert [job.needs_of(i) for i in range(4)] == [(), ("a",), (), ("a", "c")]
    backwards = Job.parse({"name": "j", "steps": [step("last", needs=["first"]), step("first", needs=[])]})
    assert [s.name for s in backwards.ordered_steps()] == ["first", "last"]


def test_needs_that_do_not_exist_or_go_in_a_circle_are_errors():
    def step(name: str, *needs: str) -> dict[str, object]:
        return {"name": name, "command": ["true"], "needs": list(needs)}

    assert problems({"steps": [step("a", "z")]}) == [("E-JOB-022", ("steps", 0, "needs", 0))]
    with pytest.raises(InvalidModel, match=r"a -> c -> b -> a"):
        Job.parse({"name": "j", "steps": [step("a", "c"), step("b", "a"), step("c", "b"), step("d", "a")]})
    assert [code for code, _ in problems({"steps": [step("a", "a")]})] == ["E-JOB-023"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"steps": []}, "E-JOB-020"),
        ({"steps": [{"name": "a", "command": ["x"]}] * 2}, "E-JOB-021"),
        ({"steps": [{"name": "a", "command": ["x"]}], "retry": {"infrastructure": 11}}, "E-JOB-010"),
        ({"steps": [{"name": "a", "command": ["x"]}], "fixtures": [{"to": "/tmp", "path": "x"}]}, "E-JOB-011"),
        ({"steps": [{"name": "a", "command": ["x"]}], "fixtures": [{"to": "s3://b/"}]}, "E-JOB-012"),
        ({}, "E-JOB-002"),
    ],
)
def test_jobs_refuse(data, code):
    assert code in {found for found, _ in problems(data)}


def test_a_jobs_word_for_failure_is_emrs():
    job = Job.parse({"name": "j", "steps": [{"name": "a", "command": ["x"]}], "on_failure": "terminate"})
    assert job.action_on_failure is ActionOnFailure.TERMINATE_CLUSTER
    assert job.steps[0].action_on_failure(job.action_on_failure) is ActionOnFailure.TERMINATE_CLUSTER


def test_settings_of_a_step_that_overrule_each_other_are_warned_of():
    conf = {
        "spark.dynamicAllocation.enabled": True,
        "spark.executor.instances": 10,
        "spark.dynamicAllocation.initialExecutors": 5,
    }
    step = SparkStep(name="a", entry_point="s3://b/x.py", conf=conf)
    assert [(d.code, d.path) for d in check(step)] == [("W-CONF-021", ("conf", "spark.executor.instances"))]
