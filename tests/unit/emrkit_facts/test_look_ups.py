"""Look-ups: typed, total, fast."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrkit_facts import applications, classifications, iam, instance_types, networking, releases, security, surface
from emrkit_facts.versions import parse


def test_a_release_says_what_is_in_it():
    release = releases.find("emr-7.10.0")
    assert isinstance(release, releases.Release)
    assert release.applications["Spark"] == "3.5.5-amzn-1"
    assert (release.spark_line, release.os, release.java, release.python) == ("3.5", "AL2023", "17", "3.9")
    assert release.page.endswith("emr-release-app-versions-7.x.html")


@pytest.mark.parametrize(
    ("label", "python"),
    [
        ("emr-6.15.0", "3.7"),
        ("emr-7.0.0", "3.9"),
        ("emr-7.12.0", "3.9"),
        ("emr-7.13.0", "3.11"),
        ("emr-spark-8.1.0", "3.11"),
        ("emr-5.36.2", None),
    ],
)
def test_the_python_default_follows_its_windows(label, python):
    release = releases.find(label)
    assert isinstance(release, releases.Release)
    assert release.python == python


def test_an_unknown_release_is_an_object_with_its_version_and_suggestions():
    unknown = releases.find("emr-7.99.0")
    assert isinstance(unknown, releases.UnknownRelease)
    assert unknown.version == parse("emr-7.99.0")
    assert unknown.well_formed
    assert unknown.suggestions
    assert not releases.find("seven").known


def test_labels_are_ordered_as_numbers():
    labels = releases.labels()
    assert labels.index("emr-7.9.0") < labels.index("emr-7.10.0")
    assert len(labels) == 127
    assert releases.newest() == "emr-7.14.0"


@pytest.mark.parametrize("look_up", [releases.find, applications.window, instance_types.find, iam.managed_policy])
@given(name=st.text(max_size=30))
def test_no_name_makes_a_look_up_raise(look_up, name):
    assert look_up(name) is not None


@given(name=st.text(max_size=30))
def test_gates_answer_to_any_text(name):
    assert security.gate(name) is not None
    for gate in security.gates():
        assert gate.admits(name) in {True, False, None}


def test_an_application_window_has_first_last_and_successor():
    window = applications.window("ganglia")
    assert isinstance(window, applications.ApplicationWindow)
    assert (window.first, window.last, window.successor) == ("emr-5.0.0", "emr-6.15.0", "AmazonCloudWatchAgent")
    assert isinstance(applications.window("Sparkle"), applications.UnknownApplication)
    presto_sql = applications.window("PrestoSQL")
    assert isinstance(presto_sql, applications.ApplicationWindow)
    assert (presto_sql.last, presto_sql.successor) == ("emr-6.3.1", "Trino")


@pytest.mark.parametrize(
    ("name", "arch", "vcpu", "memory", "yarn"),
    [
        ("m5.xlarge", "x86_64", 4, 16.0, 12_288),
        ("m6g.xlarge", "arm64", 4, 15.25, 11_712),
        ("m4.xlarge", "x86_64", 8, 16.0, 12_288),
        ("r5.2xlarge", "x86_64", 8, 64.0, 57_344),
    ],
)
def test_an_instance_type_is_counted_as_emr_counts_it(name, arch, vcpu, memory, yarn):
    found = instance_types.find(name)
    assert isinstance(found, instance_types.InstanceTypeFacts)
    assert (found.arch, found.vcpu, found.memory_gb, found.yarn_memory_mb) == (arch, vcpu, memory, yarn)


def test_yarn_memory_reproduces_the_documented_table():
    import json
    from pathlib import Path

    source = Path(instance_types.__file__).parent / "sources" / "yarn-memory.json"
    rows = json.loads(source.read_text())["types"]
    slips = {"m5zn.2xlarge", "m2.2xlarge"}
    wrong = {
        name: row for name, row in rows.items() if "doc" in str(row[4]) and name not in slips and _yarn(name) != row[2]
    }
    assert not wrong
    assert sum("doc" in str(row[4]) for row in rows.values()) > 100


def _yarn(name: str) -> int:
    found = instance_types.find(name)
    assert isinstance(found, instance_types.InstanceTypeFacts), name
    return found.yarn_memory_mb


def test_a_type_knows_the_releases_that_run_it():
    found = instance_types.find("m6g.xlarge")
    assert isinstance(found, instance_types.InstanceTypeFacts)
    assert found.supported_by("emr-6.0.0") is False
    assert found.supported_by("emr-6.1.0") is True
    assert found.supported_by("emr-8.0.0") is None
    assert found.default_ebs == instance_types.EbsDefault(2, 32)
    assert "eu-west-1" in found.regions


@pytest.mark.parametrize(
    ("gate", "admitted", "refused"),
    [
        ("ebs-encryption", ["emr-5.24.0", "emr-7.0.0"], ["emr-5.23.1"]),
        ("emr-managed-tls", ["emr-7.11.0", "emr-spark-8.0.0"], ["emr-7.10.0"]),
        ("imds-v2", ["emr-5.23.1", "emr-5.27.1", "emr-5.32.0", "emr-6.2.0"], ["emr-5.24.0", "emr-6.1.0", "emr-5.31.0"]),
        ("kerberos", ["emr-5.10.0"], ["emr-5.9.0"]),
        ("log-encryption", ["emr-5.30.0", "emr-6.1.0"], ["emr-6.0.0", "emr-5.29.0"]),
        ("managed-scaling", ["emr-5.36.2", "emr-6.1.0"], ["emr-6.0.0", "emr-5.29.0"]),
        ("auto-termination", ["emr-5.30.0", "emr-6.1.0"], ["emr-6.0.0"]),
        ("s3a-default", ["emr-7.10.0"], ["emr-7.9.0"]),
        ("multi-primary-fleets", ["emr-6.8.1", "emr-6.12.0"], ["emr-6.8.0", "emr-6.11.0"]),
    ],
)
def test_gates_follow_their_windows(gate, admitted, refused):
    found = security.gate(gate)
    assert [label for label in admitted if not found.admits(label)] == []
    assert [label for label in refused if found.admits(label)] == []


def test_classes_of_the_old_sdk_have_successors():
    old = "com.amazonaws.auth.InstanceProfileCredentialsProvider"
    assert security.sdk_v2_successor(old) == (
        "software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider"
    )
    assert security.sdk_v2_successor("com.amazonaws.Anything") == ""
    assert security.sdk_v2_successor("org.apache.hadoop.fs.s3a.S3AFileSystem") is None


def test_trust_policies_are_filled_and_the_table_stays_as_it_is():
    filled = iam.trust("emr_service_role", {"ACCOUNT": "111122223333", "REGION": "eu-west-1", "PARTITION": "aws"})
    assert filled is not None
    condition = filled["Statement"][0]["Condition"]
    assert condition["ArnLike"]["aws:SourceArn"] == "arn:aws:elasticmapreduce:eu-west-1:111122223333:*"
    untouched = iam.trust("emr_service_role")
    assert untouched is not None
    assert "${ACCOUNT}" in str(untouched)
    assert iam.trust("nobody") is None


def test_the_service_policy_is_there_with_its_date():
    policy = iam.managed_policy(iam.SERVICE_POLICY)
    assert isinstance(policy, iam.ManagedPolicy)
    assert (policy.version, policy.updated) == ("v6", "2026-02-12")
    assert iam.step_functions_rule("addStep") == "StepFunctionsGetEventForEMRAddJobFlowStepsRule"


def test_ports_classifications_and_enums_are_known():
    assert (networking.SERVICE_TO_NODE, networking.NODE_TO_SERVICE) == (8443, 9443)
    assert classifications.known("spark-defaults")
    assert not classifications.known("spark-default")
    assert "spark-defaults" in classifications.suggestions("spark-default")
    assert "CANCEL_AND_WAIT" in surface.enum("ActionOnFailure")
    assert surface.enum("nothing") == ()


def test_the_first_look_up_is_fast():
    """It reads one file of data and loads nothing that is slow to load; told without a watch."""
    program = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == 'open' else None)\n"
        "from emrkit_facts import releases; assert releases.find('emr-7.10.0').known\n"
        "slow = {'pydantic', 'boto3', 'yaml', 'aws_cdk'} & set(sys.modules)\n"
        "print(*(name.replace('\\\\', '/').split('/')[-1] for name in opened if name.endswith('.json')), *slow)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["releases.json"]
