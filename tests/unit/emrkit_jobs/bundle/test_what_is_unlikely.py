"""What is well formed in a project file and yet cannot be what was meant."""

from __future__ import annotations

import pytest

from emrkit_jobs.bundle.project import load
from emrkit_model.diagnostics import EmrkitError
from tests.unit.emrkit_jobs.bundle.project_files import BASE, change


def warnings(folder, code):
    return [d for d in load(folder).for_target("prod").warnings if d.code == code]


def errors(folder):
    with pytest.raises(EmrkitError) as caught:
        load(folder).for_target("local")
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("region", "close"),
    [("eu-wset-1", "eu-west-1"), ("eu-middle-9", "eu-central-1"), ("us-gov-west-9", "us-gov-west-1")],
)
def test_an_unknown_region_is_a_warning_that_names_those_beside_it(project, region, close):
    (found,) = warnings(project(change("region: eu-west-1", f"region: {region}")), "W-FILE-064")
    assert close in found.hint
    line = BASE.replace("region: eu-west-1", f"region: {region}").splitlines()[found.location.line - 1]
    assert line[found.location.column - 1 :] == region


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-east-1", "eu-central-2"])
def test_a_region_of_any_partition_is_known(project, region):
    assert warnings(project(change("region: eu-west-1", f"region: {region}")), "W-FILE-064") == []


@pytest.mark.parametrize(
    "step",
    [
        "spark: {entry_point: code}",
        "spark: {entry_point: code/}",
        "spark-sql: {file: code}",
        "script: {script: code}",
        "jar: {jar: code}",
    ],
)
def test_a_program_that_is_a_folder_is_refused(project, step):
    folder = project(BASE[: BASE.index("        spark:")] + f"        {step}\n")
    (folder / "code").mkdir()
    (folder / "code/main.py").write_text("print(1)\n")
    found = [d for d in errors(folder) if d.code == "E-BUNDLE-022"]
    assert found[0].hint == "did you mean `code/main.py`?"
    assert found[0].location is not None


def test_a_generator_that_is_a_folder_is_refused_and_sample_data_in_one_is_not(project):
    fixtures = "    fixtures: [{to: s3://b/a/, path: data}, {to: s3://b/b/, generate: data}]\n"
    folder = project(BASE.replace("    steps:\n", f"{fixtures}    steps:\n"))
    (folder / "data").mkdir()
    assert [(d.code, d.path[-3:]) for d in errors(folder)] == [("E-BUNDLE-022", ("fixtures", 1, "generate"))]


def test_a_folder_of_python_files_may_stand_among_them(project):
    folder = project(change("entry_point: job.py", "entry_point: job.py\n          py_files: [lib]"))
    (folder / "lib").mkdir()
    (folder / "lib/a.py").write_text("x = 1\n")
    assert [f.name for f in load(folder).for_target("local").jobs["daily"].build().files] == ["job.py", "lib.zip"]


@pytest.mark.parametrize("field", ["inputs", "outputs"])
def test_what_is_no_address_in_s3_is_a_warning(project, field):
    listed = '["s3://b/x/", /tmp/x, "${resource.data.bucket}", "s3://${var.bucket}/", "hdfs:///x"]'
    text = change("    timeout: 30m", f"    {field}: {listed}\n    timeout: 30m")
    found = warnings(project(text), "W-JOB-053")
    assert [(d.path[-2:], d.got) for d in found] == [((field, 1), "/tmp/x"), ((field, 4), "hdfs:///x")]


def test_a_subnet_that_looks_like_none_is_a_warning_where_it_stands(project):
    text = change("    scaling:", "    subnets: [subnet-0123456789abcdef0, sn-1, subnet-a, subnet-xyz]\n    scaling:")
    found = warnings(project(text), "W-CLUS-114")
    assert [d.got for d in found if d.path[1] == "etl"] == ["sn-1", "subnet-xyz"]
    assert all(d.location.line == 24 - 2 for d in found)


def test_tags_that_cannot_be_show_only_what_was_written_there(project):
    found = errors(project(change("    scaling:", "    tags: {tier: gold, team: null}\n    scaling:")))
    assert [d.got for d in found] == ["{'team': None}"]


@pytest.mark.parametrize("key", ["core", "task", "metastore", "scaling", "log_uri"])
def test_nothing_after_a_key_is_as_if_the_key_were_left_out(project, key):
    old = "    core: {on_demand: [r5.xlarge], capacity: 4}\n    scaling: {minimum: 2, maximum: 10}\n"
    without = load(project(change(old, "").replace(", scaling: null, core: {capacity: 9}", ""))).for_target("prod")
    empty = change(old, f"    {key}:\n").replace(", scaling: null, core: {capacity: 9}", "")
    assert load(project(empty)).for_target("prod").clusters == without.clusters


def test_nothing_after_a_key_that_may_not_be_empty_is_refused(project):
    found = errors(project(change("    scaling:", "    termination_protected:\n    tags:\n    scaling:")))
    assert {d.path[-1] for d in found} == {"termination_protected", "tags"}
