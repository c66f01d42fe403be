"""The project file: what it means on each target, and where each mistake is pointed at."""

import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emrkit_jobs.bundle.declarations import choose_target
from emrkit_jobs.bundle.project import load
from emrkit_model.diagnostics import EmrkitError, Severity

BASE = """\
project: shop
variables:
  rows: 1000
  bucket: shop-data
targets:
  local: {kind: local, default: true, environment: dev}
  prod:
    kind: aws
    mode: production
    account: "000000000123"
    region: eu-west-1
    overrides:
      variables: {rows: 5}
      clusters:
        etl: {termination_protected: true, scaling: null, core: {capacity: 9}}
clusters:
  etl:
    release: emr-7.10.0
    applications: [Spark]
    primary: {on_demand: [m5.xlarge]}
    core: {on_demand: [r5.xlarge], capacity: 4}
    scaling: {minimum: 2, maximum: 10}
  nightly: {extends: etl, transient: true}
jobs:
  daily:
    run_on: etl
    timeout: 30m
    pipeline: {cluster: nightly}
    steps:
      - name: main
        spark:
          entry_point: job.py
          args: ["s3://${var.bucket}/in/", 1000, no, "$${var.rows}", "${var.rows}"]
          conf: {spark.executor.cores: 2, spark.speculation: true}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "job.py").write_text("print('done')\n")

    def write(text=BASE, **files):
        (tmp_path / "emrkit.yaml").write_text(textwrap.dedent(text))
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path

    return write


def findings(folder, target="local", variables=None):
    with pytest.raises(EmrkitError) as caught:
        load(folder, variables).for_target(target)
    return caught.value.diagnostics


def change(old, new):
    assert old in BASE
    return BASE.replace(old, new, 1)


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


# ---- what is wrong, and where ----------------------------------------------------------------------------------------

WRONG = {
    "an unknown key at the top": (change("jobs:\n", "jbos:\n"), "E-FILE-001", "jbos:", "jobs"),
    "no name": (change("project: shop\n", ""), "E-FILE-002", "variables:", "project"),
    "a name that no stack can carry": (change("project: shop", "project: My_Shop"), "E-FILE-050", "My_Shop", None),
    "an unknown key of a target": (change("mode: production", "mod: production"), "E-FILE-001", "mod:", "mode"),
    "an unknown kind of target": (change("kind: aws", "kind: azure"), "E-FILE-003", "azure", None),
    "an account of eleven digits": (change('"000000000123"', "00000000012"), "E-FILE-051", "00000000012", None),
    "a region that is none": (change("eu-west-1", "europe"), "E-FILE-052", "europe", None),
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
