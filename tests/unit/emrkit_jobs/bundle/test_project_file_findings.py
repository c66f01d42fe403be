"""What is wrong with a project file, and where it stands."""

from __future__ import annotations

import pytest

from emrkit_jobs.bundle.project import load
from emrkit_model.diagnostics import EmrkitError, Severity
from tests.unit.emrkit_jobs.bundle.project_files import BASE, change


def findings(folder, target="local", variables=None):
    with pytest.raises(EmrkitError) as caught:
        load(folder, variables).for_target(target)
    return caught.value.diagnostics


# ---- what is wrong, and where ----------------------------------------------------------------------------------------

WRONG = {
    "an unknown key at the top": (change("jobs:\n", "jbos:\n"), "E-FILE-001", "jbos:", "jobs"),
    "no name": (change("project: shop\n", ""), "E-FILE-002", "variables:", "project"),
    "a name that no stack can carry": (change("project: shop", "project: My_Shop"), "E-FILE-050", "My_Shop", None),
    "an unknown key of a target": (change("mode: production", "mod: production"), "E-FILE-001", "mod:", "mode"),
    "an unknown kind of target": (change("kind: aws", "kind: azure"), "E-FILE-003", "azure", None),
    "an account of eleven digits": (change('"000000000123"', "00000000012"), "E-FILE-051", "00000000012", None),
    "a region that is none": (change("eu-west-1", "europe"), "E-FILE-052", "europe", None),
    "an environment that is no name": (change("environment: dev}", "environment: 1st}"), "E-FILE-053", "1st", None),
    "a localstack without endpoint": (change("kind: local,", "kind: localstack,"), "E-FILE-054", "{kind:", None),
    "an endpoint for AWS": (change("region: eu-west-1", "endpoint: http://x"), "E-FILE-055", "http://x", None),
    "an endpoint with a password": (
        change("kind: local, default: true,", "kind: localstack, endpoint: 'http://u:p@h:1',"),
        "E-FILE-056",
        "'http://u:p",
        None,
    ),
    "two defaults": (change("    mode: production", "    default: true"), "E-FILE-058", "true\n    account", None),
    "an override of the project": (change("variables: {rows: 5}", "project: other"), "E-FILE-059", "project: o", None),
    "a target that is text": (
        change("{kind: local, default: true, environment: dev}", "nearby"),
        "E-FILE-021",
        "nearby",
        None,
    ),
    "jobs as a list": (BASE[: BASE.index("jobs:")] + "jobs: [daily]\n", "E-FILE-021", "[daily]", None),
    "a variable that is a list": (change("rows: 1000", "rows: [1]"), "E-FILE-045", "[1]", None),
    "a name with a space": (change("  nightly:", "  night ly:"), "E-FILE-057", "night ly:", None),
}
WRONG["two clusters that parameters cannot tell apart"] = (
    change("  nightly:", "  Night-ly: {release: emr-7.12.0, primary: {on_demand: [m5.xlarge]}}\n  nightly:"),
    "E-FILE-065",
    "nightly:",
    None,
)
WRONG_ON_A_TARGET = {
    "an unknown key of a cluster": (change("applications:", "aplications:"), "E-CLUS-001", "aplic", "applications"),
    "a word for a number": (change("capacity: 4", "capacity: four"), None, "four", None),
    "a number for a mapping": (change("scaling: {minimum: 2, maximum: 10}", "scaling: 3"), None, "3\n", None),
    "an unknown key of a job": (change("timeout: 30m", "timout: 30m"), "E-JOB-001", "timout", "timeout"),
    "a duration that is none": (change("timeout: 30m", "timeout: soon"), "E-JOB-003", "soon", None),
    "an unknown key of a step": (change("entry_point:", "entrypoint:"), "E-STEP-001", "entrypoint", "entry_point"),
    "an unknown kind of step": (change("        spark:", "        sprak:"), None, "sprak:", "spark"),
    "an unknown variable": (change("${var.bucket}", "${var.bukcet}"), "E-FILE-040", '"s3://${var.buk', "bucket"),
    "a variable without value": (change("bucket: shop-data", "bucket:"), "E-FILE-041", '"s3://', None),
    "a reference without attribute": (change("${var.bucket}", "${resource.data}"), "E-FILE-042", '"s3://', None),
    "a reference to nothing": (change("${var.bucket}", "${resource.data.buckt}"), "E-FILE-043", '"s3://', "bucket"),
    "a cluster that does not exist": (change("run_on: etl", "run_on: elt"), "E-FILE-071", "elt\n", "etl"),
    "no cluster at all": (
        change("    run_on: etl\n", "").replace("    pipeline: {cluster: nightly}\n", ""),
        "E-FILE-070",
        "timeout",
        None,
    ),
    "a pipeline on a standing cluster": (change("cluster: nightly", "cluster: etl"), "E-FILE-072", "etl}", None),
    "extending nothing": (change("extends: etl", "extends: elt"), "E-FILE-047", "elt,", "etl"),
    "extending oneself": (change("extends: etl", "extends: nightly"), "E-FILE-048", "nightly,", None),
    "transient maybe": (change("transient: true", "transient: maybe"), "E-FILE-003", "maybe", None),
    "an entry point that is not there": (change("job.py", "jbo.py"), "E-BUNDLE-001", "jbo.py", "job.py"),
    "an entry point outside": (change("job.py", "../../job.py"), "E-BUNDLE-003", "../../job.py", None),
    "an absolute entry point": (change("job.py", "/tmp/job.py"), "E-BUNDLE-021", "/tmp/job.py", None),
    "an entry point by HTTP": (change("job.py", "https://x.example/job.py"), "E-BUNDLE-020", "https:", None),
    "an entry point by file:": (change("job.py", "file:///job.py"), "E-BUNDLE-020", "file:", None),
    "a bootstrap script that no node can read": (
        change("    scaling:", "    bootstrap_actions: [{name: a, path: setup.sh}]\n    scaling:"),
        "E-BUNDLE-031",
        "setup.sh",
        None,
    ),
    "Spark on a cluster without it": (change("[Spark]", "[Hive]"), "E-JOB-030", "name: ", None),
    "steps that would stop a cluster which runs them side by side": (
        change("    applications: [Spark]", "    applications: [Spark]\n    step_concurrency: 5"),
        "E-JOB-031",
        "name: ",
        None,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_points_at_what_is_wrong_with_the_file(project, name):
    text, code, place, hint = WRONG[name]
    with pytest.raises(EmrkitError) as caught:
        load(project(text))
    check(text, caught.value.diagnostics, code, place, hint)


@pytest.mark.parametrize("name", WRONG_ON_A_TARGET)
def test_points_at_what_is_wrong_with_clusters_and_jobs(project, name):
    text, code, place, hint = WRONG_ON_A_TARGET[name]
    check(text, findings(project(text)), code, place, hint)


def check(text, diagnostics, code, place, hint):
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    matching = [d for d in errors if code is None or d.code == code]
    assert matching, [str(d) for d in errors]
    lines = text.splitlines(keepends=True)
    places = ["".join(lines[d.location.line - 1 :])[d.location.column - 1 :] for d in matching if d.location]
    assert any(found.startswith(place) for found in places), [str(d) for d in matching]
    if hint is not None:
        assert any(f"`{hint}`" in (d.hint or "") for d in matching), [d.hint for d in matching]


def test_a_pipeline_may_run_on_a_cluster_that_runs_steps_side_by_side(project):
    text = change("{extends: etl, transient: true}", "{extends: etl, transient: true, step_concurrency: 5}")
    assert load(project(text)).for_target("local").clusters["nightly"].step_concurrency == 5


def test_a_pipeline_on_a_cluster_without_spark_is_refused(project):
    text = change("{extends: etl, transient: true}", "{extends: etl, transient: true, applications: [Hive]}")
    assert "E-JOB-030" in {d.code for d in findings(project(text))}


def test_a_job_that_is_not_there_is_refused_with_a_close_name(project):
    resolved = load(project()).for_target("local")
    with pytest.raises(EmrkitError, match="did you mean `daily`") as caught:
        resolved.job("dayly")
    assert caught.value.diagnostics[0].code == "E-FILE-063"


@pytest.mark.parametrize("kind", ["local", "localstack"])
def test_a_password_in_an_endpoint_is_not_repeated(project, kind):
    text = change("kind: local, default: true,", f"kind: {kind}, endpoint: 'http://me:hunter2@secret@h:1',")
    with pytest.raises(EmrkitError) as caught:
        load(project(text))
    assert [d.got for d in caught.value.diagnostics] == ["http://…@h:1"]


def test_every_problem_is_reported_at_once(project):
    text = change("capacity: 4", "capacity: four").replace("run_on: etl", "run_on: elt").replace("job.py", "jbo.py")
    codes = {d.code for d in findings(project(text))}
    assert {"E-FILE-071", "E-BUNDLE-001"} <= codes
    assert len(codes) >= 3


def test_a_mistake_in_an_override_is_found_where_it_stands(project):
    found = findings(project(change("core: {capacity: 9}}", "core: {capacity: nine}}")), "prod")
    assert any(str(d.location).startswith("emrkit.yaml:15:") for d in found)


def test_an_override_of_a_cluster_that_is_not_there_is_an_error(project):
    found = findings(project(change("        etl: {termination", "        elt: {termination")), "prod")
    assert [d.code for d in found] == ["E-FILE-046"]
    assert found[0].hint == "did you mean `etl`?"


def test_a_variable_on_the_command_line_must_be_declared(project):
    with pytest.raises(EmrkitError) as caught:
        load(project(), {"rwos": "1"})
    assert caught.value.diagnostics[0].hint == "did you mean `rows`?"


def test_a_wrong_root_is_only_a_warning(project):
    folder = project(change("1000, no", "'${vars.rows}', no"))
    assert [w.code for w in load(folder).for_target("local").warnings if "FILE" in w.code] == ["W-FILE-044"]


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("../other.yaml", "E-FILE-030"),
        ("/etc/*.yaml", "E-FILE-030"),
        ("a/../../b.yaml", "E-FILE-030"),
        ("~/x.yaml", "E-FILE-030"),
        ("none.yaml", "E-FILE-032"),
    ],
)
def test_refuses_includes_that_lead_out_or_nowhere(project, pattern, code):
    with pytest.raises(EmrkitError) as caught:
        load(project(f"{BASE}include: ['{pattern}']\n"))
    assert caught.value.diagnostics[0].code == code
    assert str(caught.value.diagnostics[0].location) == "emrkit.yaml:35:11"


def test_refuses_an_included_link_that_leads_out(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("jobs: {}\n")
    folder = project(f"{BASE}include: ['parts/*.yaml']\n")
    (folder / "parts").mkdir()
    (folder / "parts/x.yaml").symlink_to(outside)
    with pytest.raises(EmrkitError) as caught:
        load(folder)
    assert caught.value.diagnostics[0].code == "E-FILE-030"


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ("project: x\n", "E-FILE-033", "part.yaml:1:1"),
        ("targets: {}\n", "E-FILE-033", "part.yaml:1:1"),
        ("jobs:\n  daily: {run_on: etl}\n", "E-FILE-034", "part.yaml:2:3"),
        ("- a\n", "E-FILE-021", "part.yaml:1:1"),
        ("jobs: [a]\n", "E-FILE-021", "part.yaml:1:7"),
        ("jobs: {\n", "E-FILE-014", "part.yaml:2:1"),
    ],
)
def test_refuses_included_files_that_hold_too_much_or_the_same(project, content, code, place):
    folder = project(f"{BASE}include: [part.yaml]\n")
    (folder / "part.yaml").write_text(content)
    with pytest.raises(EmrkitError) as caught:
        load(folder)
    assert (caught.value.diagnostics[0].code, str(caught.value.diagnostics[0].location)) == (code, place)


def test_a_pattern_that_matches_nothing_is_a_warning(project):
    assert [w.code for w in load(project(f"{BASE}include: ['jobs/*/job.yaml']\n")).warnings] == ["W-FILE-031"]


@pytest.mark.parametrize("content", ["", "# nothing\n", "- a\n", "text\n", "~\n"])
def test_refuses_a_file_that_is_no_mapping(project, content):
    with pytest.raises(EmrkitError) as caught:
        load(project(content))
    assert caught.value.diagnostics[0].code == "E-FILE-021"


# ---- code ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected", "place"),
    [
        ("def f(:\n", "E-BUNDLE-041", "job.py:1:7"),
        ("x = 1\nmatch x:\n    case 1: pass\n", "E-BUNDLE-041", "job.py:3"),
        ("try: pass\nexcept* ValueError: pass\n", "E-BUNDLE-041", "job.py:2"),
        ("\x00", "E-BUNDLE-041", "job.py:1"),
        ("# coding: nonsense\n", "E-BUNDLE-040", "job.py:1:1"),
        ('s = SparkSession.builder.master("yarn").getOrCreate()\n', "E-BUNDLE-042", "job.py:1:26"),
        ('(SparkSession.builder\n  .appName("a")\n  .master("local[*]"))\n', "E-BUNDLE-042", "job.py:3:4"),
        ('SparkConf().setMaster("yarn")\n', "E-BUNDLE-042", "job.py:1:13"),
        ('SparkSession.builder.config("spark.master", "yarn")\n', "E-BUNDLE-042", "job.py:1:22"),
    ],
)
def test_code_that_cannot_run_on_the_release_is_found_with_its_line(project, code, expected, place):
    folder = project(change("release: emr-7.10.0", "release: emr-7.1.0"))
    (folder / "job.py").write_text(code)
    found = [d for d in findings(folder) if d.code == expected]
    assert found
    assert str(found[0].location).startswith(place)


def test_code_that_merely_looks_so_is_left_alone(project):
    folder = project()
    (folder / "job.py").write_text('chess.master("yarn")\ntext = \'.master("yarn")\'\nconf.get("spark.master")\n')
    load(folder).for_target("local")
