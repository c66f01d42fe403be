"""One error lists every problem: no mistake hides another, and none is told as two."""

from __future__ import annotations

import pytest

from emrkit_jobs.bundle.findings import once
from emrkit_jobs.bundle.nodes import walk_scalars
from emrkit_jobs.bundle.project import load
from emrkit_jobs.bundle.reading import parse_yaml
from emrkit_model.diagnostics import Diagnostic, EmrkitError, Severity
from tests.unit.emrkit_jobs.bundle.project_files import BASE, change
from tests.unit.emrkit_jobs.bundle.test_project_file_findings import WRONG, WRONG_ON_A_TARGET


def errors(folder, target="local"):
    try:
        load(folder).for_target(target)
    except EmrkitError as error:
        return [d for d in error.diagnostics if d.severity is Severity.ERROR]
    return []


def codes(folder, target="local"):
    return [d.code for d in errors(folder, target)]


def and_also(text, *changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


# ---- nothing is hidden -----------------------------------------------------------------------------------------------

LATER = (("release: emr-7.10.0", "release: emr-7"), ("timeout: 30m", "timeout: soon"), ("run_on: etl", "run_on: elt"))
LATER_CODES = {"E-CLUS-012", "E-JOB-003", "E-FILE-071"}
OF_THE_HEAD = [name for name in WRONG if name not in ("an unknown key at the top", "jobs as a list")]


@pytest.mark.parametrize("name", OF_THE_HEAD)
def test_a_mistake_outside_clusters_and_jobs_hides_none_inside(project, name):
    text, code, *_ = WRONG[name]
    assert {code, *LATER_CODES} <= set(codes(project(and_also(text, *LATER))))


def test_mistakes_in_the_overrides_of_every_target_are_told_beside_one_of_the_head(project):
    text = and_also(BASE, ("project: shop", "project: p"), ("{capacity: 9}", "{capacity: nine}"))
    assert codes(project(text)) == ["E-FILE-050", "E-FLEET-003"]


def test_a_target_that_cannot_be_read_hides_no_mistake_in_its_overrides(project):
    text = and_also(BASE, ("kind: aws", "kind: amazon"), ("        etl: {termination", "        elt: {termination"))
    assert codes(project(text)) == ["E-FILE-003", "E-FILE-046"]


def test_without_a_target_that_can_be_read_clusters_and_jobs_are_still_looked_at(project):
    text = and_also(BASE, ("targets:", "target:"), *LATER)
    assert {"E-FILE-001", *LATER_CODES} == set(codes(project(text)))


def test_a_job_that_cannot_be_built_hides_neither_its_cluster_nor_its_files(project):
    text = and_also(BASE, ("timeout: 30m", "timeout: soon"), ("run_on: etl", "run_on: elt"), ("job.py", "jbo.py"))
    assert set(codes(project(text))) == {"E-JOB-003", "E-FILE-071", "E-BUNDLE-001"}


def test_a_step_that_cannot_be_read_hides_no_file_of_another(project):
    text = BASE + "      - {name: other, spark: {entry_point: jbo.py}}\n"
    assert set(codes(project(and_also(text, ("entry_point:", "entrypoint:"))))) == {"E-STEP-001", "E-BUNDLE-001"}


def test_a_cluster_that_cannot_be_built_hides_no_script_that_no_node_reads(project):
    actions = "    bootstrap_actions: [{name: a, path: setup.sh}, {nam: b}]\n    scaling:"
    text = and_also(BASE, ("    scaling:", actions), ("emr-7.10.0", "emr-7"))
    assert {"E-CLUS-012", "E-CLUS-001", "E-BUNDLE-031"} <= set(codes(project(text)))


def test_an_included_file_that_cannot_be_read_hides_nothing_of_the_others(project):
    folder = project(and_also(BASE, LATER[0], LATER[1]) + "include: [part.yaml]\n")
    (folder / "part.yaml").write_text("jobs: {\n")
    assert {"E-FILE-014", "E-CLUS-012", "E-JOB-003"} == set(codes(folder))


# ---- nothing is told twice -------------------------------------------------------------------------------------------

# The pipeline names the cluster as it was called; the second cluster is one without Spark as well.
MORE_THAN_ONE = {"a name with a space": 2, "Spark on a cluster without it": 2}


@pytest.mark.parametrize("name", [*WRONG, *WRONG_ON_A_TARGET])
def test_one_mistake_is_one_error(project, name):
    text = {**WRONG, **WRONG_ON_A_TARGET}[name][0]
    found = errors(project(text))
    assert len(found) == MORE_THAN_ONE.get(name, 1), [str(d) for d in found]


SCALARS = [
    (path, scalar)
    for path, scalar in walk_scalars(parse_yaml(BASE.encode(), "emrkit.yaml"))
    if path[0] in ("clusters", "jobs") and path[-1] != "extends"
]


@pytest.mark.parametrize(("path", "scalar"), SCALARS, ids=[".".join(map(str, path)) for path, _ in SCALARS])
@pytest.mark.parametrize("written", ["'${var.nothing}'", "'x${var.nothing}.*'", "'${var.rows'"])
def test_a_value_that_no_variable_fills_is_told_once_wherever_it_stands(project, path, scalar, written):
    lines = BASE.splitlines(keepends=True)
    line, column = scalar.at.line - 1, scalar.at.column - 1
    end = column + len(scalar.text) + (0 if scalar.plain else 2)
    lines[line] = lines[line][:column] + written + lines[line][end:]
    expected = "E-FILE-049" if written.endswith("rows'") else "E-FILE-040"
    assert codes(project("".join(lines))) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("clusters:\n  etl", "cluster:\n  etl", "E-FILE-001"),
        ("variables:\n", "variable:\n", "E-FILE-001"),
        ("variables:\n  rows: 1000\n  bucket: shop-data\n", "variables: [a]\n", "E-FILE-021"),
        ("bucket: shop-data", "bucket: [a]", "E-FILE-045"),
        ("variables: {rows: 5}", "variables: {rows: [5]}", "E-FILE-045"),
        (BASE[BASE.index("      clusters:") : BASE.index("clusters:\n  etl")], "      clusters: [a]\n", "E-FILE-021"),
        ("emr-7.10.0\n    applications: [Spark]\n", "emr-7.10.0\n    sizing: {workload: 3}\n", None),
    ],
)
def test_what_is_in_a_part_that_cannot_be_read_is_not_missed_elsewhere(project, old, new, code):
    found = errors(project(change(old, new)))
    assert len(found) == 1, [str(d) for d in found]
    assert code is None or found[0].code == code


def test_what_a_file_that_cannot_be_read_may_declare_is_not_missed_elsewhere(project):
    rest = BASE[: BASE.index("clusters:\n  etl")] + BASE[BASE.index("jobs:") :]
    folder = project(rest.replace("variables:\n  rows: 1000\n  bucket: shop-data\n", "include: [part.yaml]\n"))
    (folder / "part.yaml").write_text("clusters:\n\tetl: {}\n")
    assert codes(folder) == ["E-FILE-015"]


def test_a_cluster_whose_base_is_not_there_is_told_once(project):
    text = change("{extends: etl, transient: true}", "{extends: elt, transient: true, core: {capacity: 2}}")
    assert codes(project(text)) == ["E-FILE-047"]


def test_a_circle_of_clusters_is_told_once(project):
    text = change("{extends: etl, transient: true}", "{extends: third}\n  third: {extends: nightly}")
    assert codes(project(and_also(text, ("    pipeline: {cluster: nightly}\n", "")))) == ["E-FILE-048"]


@pytest.mark.parametrize("severities", [("warning", "error"), ("error", "warning"), ("warning", "error", "warning")])
def test_what_is_an_error_on_one_target_and_a_warning_on_another_is_an_error(severities):
    found = once(Diagnostic("E-RULE-006", "it runs for ever", Severity(severity)) for severity in severities)
    assert [d.severity for d in found] == [Severity.ERROR]


def test_an_unreadable_kind_of_nodes_says_nothing_of_the_others(project):
    groups = change("{on_demand: [m5.xlarge]}", "{group: m5.xlarge, count: one}")
    assert codes(project(and_also(groups, ("{on_demand: [r5.xlarge], capacity: 4}", "{group: r5.xlarge}")))) == [
        "E-GROUP-003"
    ]


def test_a_key_that_is_misspelt_is_not_missing_as_well(project):
    text = change("scaling: {minimum: 2, maximum: 10}", "scaling: {min: 2, maxmum: 10}")
    assert codes(project(text)) == ["E-SCALE-001", "E-SCALE-001"]
