"""`emrkit validate` and `emrkit schema` as a user calls them."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from emrkit_jobs.cli.main import main; main()"]
VALID = """\
project: shop
targets:
  local: {kind: local, default: true}
  prod: {kind: aws, mode: production}
clusters:
  etl: {release: emr-7.10.0, primary: {on_demand: [m5.xlarge]}}
jobs:
  daily: {run_on: etl, steps: [{name: main, spark: {entry_point: job.py}}]}
"""


def emrkit(*arguments, cwd=ROOT):
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(p for p in sys.path if p), "HOME": str(cwd)},
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "job.py").write_text("print(1)\n")
    (tmp_path / "emrkit.yaml").write_text(VALID)
    return tmp_path


def test_this_repository_is_valid_and_its_warnings_are_the_known_ones():
    done = emrkit("validate", "--output", "json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["valid"]
    assert {d["code"] for d in data["diagnostics"]} == {"W-CONF-020", "W-CONF-021"}
    assert all(d["location"].startswith("emrkit.yaml:") for d in data["diagnostics"])


def test_a_valid_project_says_so_on_stdout(folder):
    done = emrkit("validate", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "shop is valid: 1 job, 1 cluster, 2 targets, 0 warnings\n",
        "",
    )


def test_the_project_is_found_from_a_folder_below(folder):
    (folder / "deep/down").mkdir(parents=True)
    assert emrkit("validate", cwd=folder / "deep/down").returncode == 0


def test_a_mistake_names_file_line_column_and_fix(folder):
    (folder / "emrkit.yaml").write_text(VALID.replace("run_on: etl", "run_on: elt"))
    done = emrkit("validate", cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(
        "error[E-FILE-071]: there is no cluster 'elt'\n  at jobs.daily.run_on in emrkit.yaml:8:"
    )
    assert "hint: did you mean `etl`?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("job.py", "missing.py", "E-BUNDLE-001"),
        ("release: emr-7.10.0", "release: emr-7.10.0, applications: [Hive]", "E-JOB-030"),
        ("run_on:", "runs_on:", "E-JOB-001"),
        ("[m5.xlarge]", "{a: b}", "E-FLEET-"),
        ("project: shop", "project: shop\nproject: shop", "E-FILE-017"),
        ("project: shop", "project: &x shop", "E-FILE-018"),
        ("kind: local", "kind: locale", "E-FILE-003"),
    ],
)
def test_bad_input_is_exit_2_with_its_code(folder, old, new, code):
    (folder / "emrkit.yaml").write_text(VALID.replace(old, new, 1))
    done = emrkit("validate", "--output", "json", cwd=folder)
    assert done.returncode == 2
    assert any(d["code"].startswith(code) for d in json.loads(done.stdout)["diagnostics"]), done.stderr


def test_a_master_in_the_code_is_refused_with_the_fix(folder):
    (folder / "job.py").write_text('spark = SparkSession.builder.master("yarn").getOrCreate()\n')
    done = emrkit("validate", cwd=folder)
    assert done.returncode == 2
    assert "in job.py:1:30" in done.stderr
    assert 'hint: remove `.master("yarn")`' in done.stderr


def test_a_guardrail_warns_in_development_and_stops_in_production(folder):
    (folder / "emrkit.yaml").write_text(VALID.replace("primary:", "idle_timeout: null, primary:"))
    local = emrkit("validate", "--target", "local", "--output", "json", cwd=folder)
    assert local.returncode == 0
    assert [d["code"] for d in json.loads(local.stdout)["diagnostics"]] == ["E-RULE-006"]
    for options in (("--target", "prod"), ()):
        prod = emrkit("validate", *options, cwd=folder)
        assert prod.returncode == 2
        assert "error[E-RULE-006]" in prod.stderr


def test_strict_turns_warnings_into_a_failure():
    assert emrkit("validate", "--strict").returncode == 2


def test_variables_are_set_on_the_command_line(folder):
    text = VALID.replace("entry_point: job.py", "entry_point: '${var.code}'") + "variables: {code: }\n"
    (folder / "emrkit.yaml").write_text(text)
    assert emrkit("validate", cwd=folder).returncode == 2
    assert emrkit("validate", "--var", "code=job.py", cwd=folder).returncode == 0
    assert emrkit("validate", "--var", "cod=job.py", cwd=folder).returncode == 2


def test_no_project_is_exit_2_with_a_hint(tmp_path):
    done = emrkit("validate", cwd=tmp_path)
    assert done.returncode == 2
    assert "emrkit init" in done.stderr


def test_nothing_heavy_is_imported():
    code = (
        "import sys\nfrom emrkit_jobs.cli.main import run\nrun(['validate'])\n"
        "heavy = {'boto3', 'botocore', 'aws_cdk', 'jsii', 'rich', 'uv'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_takes_less_than_a_second():
    assert min(processor_seconds() for _ in range(3)) < 1.0


def processor_seconds():
    """What one call takes of the processor, and not of the clock: others may share the machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert emrkit("validate").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# ---- schema ----------------------------------------------------------------------------------------------------------


def test_the_schema_knows_the_words_of_the_file():
    done = emrkit("schema")
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    words = {"project", "owner", "cost_center", "tags", "include", "variables", "targets", "clusters", "jobs", "judges"}
    assert set(schema["properties"]) == words
    cluster = schema["properties"]["clusters"]["additionalProperties"]["properties"]
    assert {"release", "extends", "transient", "scaling", "configurations"} <= set(cluster)
    target = schema["properties"]["targets"]["additionalProperties"]
    assert target["properties"]["kind"]["enum"] == ["local", "localstack", "aws"]
    assert target["required"] == ["kind"]
    assert all(body.get("description") for body in schema["properties"].values())


def test_the_schema_refers_to_nothing_outside_itself():
    assert "$ref" not in emrkit("schema").stdout


def test_a_sizing_says_why_it_chose_what_it_chose(folder):
    sized = VALID.replace("primary: {on_demand: [m5.xlarge]}", "sizing: {workload: memory, core: 4, task: 20}")
    (folder / "emrkit.yaml").write_text(sized)
    done = emrkit("validate", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "The size of cluster etl:" in done.stderr
    assert "14 units of Spot and 6 of On-Demand" in done.stderr
    data = json.loads(emrkit("validate", "--output", "json", cwd=folder).stdout)
    assert "emr-plan-instances-guidelines.html" in data["sizes"]["etl"]


def test_clusters_that_would_write_below_one_root_of_hbase_are_told(folder):
    body = "release: emr-7.12.0, applications: [HBase], idle_timeout: null, primary: {on_demand: [m5.xlarge]}"
    two = "".join(f"  {name}: {{{body}, hbase: {{root: s3://lake/hbase/}}}}\n" for name in ("one", "two"))
    (folder / "emrkit.yaml").write_text(VALID.replace("jobs:", f"{two}jobs:"))
    done = emrkit("validate", cwd=folder)
    assert done.returncode in (0, 2), done.stderr
    assert "clusters one and two write below the same root" in done.stderr
