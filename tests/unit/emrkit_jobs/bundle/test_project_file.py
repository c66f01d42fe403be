"""The project file: what it means, and which target is meant."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emrkit_jobs.bundle.declarations import choose_target
from emrkit_jobs.bundle.project import load
from emrkit_model.diagnostics import EmrkitError
from tests.unit.emrkit_jobs.bundle.project_files import BASE, change

# ---- what it means ---------------------------------------------------------------------------------------------------


def test_values_arrive_as_they_are_written(project):
    step = load(project()).for_target("local").jobs["daily"].job.steps[0]
    assert step.args == ("s3://shop-data/in/", "1000", "no", "${var.rows}", "1000")
    assert dict(step.conf) == {"spark.executor.cores": "2", "spark.speculation": "true"}


def test_overrides_merge_mappings_replace_values_and_remove_with_null(project):
    loaded = load(project())
    local, prod = loaded.for_target("local"), loaded.for_target("prod")
    assert local.clusters["etl"].scaling is not None
    assert prod.clusters["etl"].scaling is None
    assert (local.clusters["etl"].core.target_on_demand, prod.clusters["etl"].core.target_on_demand) == (4, 9)
    assert [t.type for t in prod.clusters["etl"].core.types] == ["r5.xlarge"]
    assert prod.clusters["etl"].termination_protected
    assert prod.jobs["daily"].job.steps[0].args[-1] == "5"


def test_a_cluster_that_extends_another_sees_its_overrides(project):
    prod = load(project()).for_target("prod")
    assert prod.clusters["nightly"].core.target_on_demand == 9
    assert prod.clusters["nightly"].name == "nightly"
    assert prod.transient == {"nightly"}
    assert list(prod.standing_clusters) == ["etl"]


def test_the_command_line_wins_over_the_targets_overrides(project):
    prod = load(project(), {"rows": "7"}).for_target("prod")
    assert prod.jobs["daily"].job.steps[0].args[-1] == "7"


def test_lists_are_replaced_not_joined(project):
    text = change("core: {capacity: 9}}", "core: {on_demand: [m5.2xlarge]}}")
    prod = load(project(text)).for_target("prod")
    assert [t.type for t in prod.clusters["etl"].core.types] == ["m5.2xlarge"]


def test_an_included_folder_is_a_job_with_its_own_paths(project):
    folder = project(
        BASE + "include: [parts/*/job.yaml]\n",
        parts__flights__job_yaml="",
    )
    (folder / "parts/flights").mkdir(exist_ok=True)
    (folder / "parts/flights/job.yaml").write_text(
        "jobs:\n  flights:\n    run_on: etl\n    steps: [{name: a, spark: {entry_point: main.py}}]\n"
    )
    (folder / "parts/flights/main.py").write_text("print(1)\n")
    job = load(folder).for_target("local").jobs["flights"]
    assert [f.name for f in job.build().files] == ["parts/flights/main.py"]
    assert job.folder == folder / "parts/flights"
    assert job.steps_at("s3://b/x")[0].entry_point == "s3://b/x/parts/flights/main.py"
    assert str(load(folder).locate(("jobs", "flights", "run_on"))) == "parts/flights/job.yaml:3:13"


def test_resource_references_are_kept_until_they_are_known(project):
    folder = project(change("s3://${var.bucket}/in/", "s3://${resource.data.bucket}/in/"))
    kept = load(folder).for_target("local")
    assert kept.jobs["daily"].job.steps[0].args[0] == "s3://${resource.data.bucket}/in/"
    assert [(r.name, r.attribute) for r in kept.references] == [("data", "bucket")]
    filled = load(folder).for_target("local", resources=lambda name, attribute: f"the-{name}-{attribute}")
    assert filled.jobs["daily"].job.steps[0].args[0] == "s3://the-data-bucket/in/"


def test_braces_of_others_stay_as_they_are(project):
    folder = project(change("1000, no", "'${hiveconf:x}', '{{ ds }}', '${HOME}', '$(ls)', no"))
    args = load(folder).for_target("local").jobs["daily"].job.steps[0].args
    assert args[1:5] == ("${hiveconf:x}", "{{ ds }}", "${HOME}", "$(ls)")


def test_what_a_variable_gives_is_not_read_again(project):
    folder = project()
    args = load(folder, {"rows": "${var.bucket}"}).for_target("local").jobs["daily"].job.steps[0].args
    assert args[-1] == "${var.bucket}"


# ---- which target ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "context", "variable", "chosen"),
    [
        (None, None, None, "local"),
        (None, None, "prod", "prod"),
        ("local", None, "prod", "local"),
        (None, "prod", None, "prod"),
        ("prod", "prod", "local", "prod"),
    ],
)
def test_option_then_variable_then_default(project, option, context, variable, chosen):
    targets = load(project()).targets
    environment = {"EMRKIT_TARGET": variable} if variable else {}
    assert choose_target(targets, option, context, environment).name == chosen


@pytest.mark.parametrize(
    ("option", "context", "variable", "code"),
    [
        ("local", "prod", None, "E-FILE-060"),
        ("prdo", None, None, "E-FILE-062"),
        (None, None, "nowhere", "E-FILE-062"),
    ],
)
def test_refuses_a_target_that_is_contradicted_or_unknown(project, option, context, variable, code):
    with pytest.raises(EmrkitError) as caught:
        choose_target(load(project()).targets, option, context, {"EMRKIT_TARGET": variable} if variable else {})
    assert caught.value.diagnostics[0].code == code


def test_without_a_default_one_target_must_be_named(project):
    targets = load(project(change("default: true, ", ""))).targets
    with pytest.raises(EmrkitError) as caught:
        choose_target(targets, environment={})
    assert caught.value.diagnostics[0].code == "E-FILE-061"


# ---- anything at all -------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["", " ", "\n",
     "  ", ":", "-", "[", "]", "{", "}", "null", "~", "true", "'", '"', "${var.rows}", "${resource.a.id}",
     "${", "1", "-1", "1e9", "[]", "{}", "etl", "../x", "s3://b/k", "é", "#", ": ", "\n- ", "extends: etl"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(BASE)), st.integers(0, 30), PIECES), min_size=1, max_size=4))
def test_any_edit_is_understood_or_refused_with_words(project, edits):
    text = BASE
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    folder = project()
    (folder / "emrkit.yaml").write_text(text)
    for found in problems_of(folder):
        assert found.summary
        assert found.location is not None, str(found)


def problems_of(folder):
    try:
        loaded = load(folder)
        for target in loaded.targets.values():
            loaded.for_target(target)
    except EmrkitError as error:
        return error.diagnostics
    return ()
