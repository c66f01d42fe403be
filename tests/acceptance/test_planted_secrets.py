"""Passwords wherever a user could try to write one: refused or only referred to, and repeated nowhere.

Each is a planted secret, so the watch over the whole run (tests/canaries.py) looks for them too.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import canaries
from tests.conftest import Command, Shop, quick_job

RELEASE = "emr-7.12.0"
ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"
SECRET = f"{ARN}kept-AbCdEf"
TRUST = {"realm": "AD.EXAMPLE.COM", "domain": "ad.example.com", "admin_server": "ad", "kdc_server": "ad"}
EXTERNAL = {"kind": "external", "realm": "R", "admin_server": "k", "kdc_server": "k", "kdc_admin_password": SECRET}
TLS = {"in_transit": {"kind": "emr-managed"}}
LDAP = {
    "server_url": "ldaps://ldap.example.com",
    "bind_certificate": SECRET,
    "access_filter": "(a=b)",
    "user_search_base": "ou=people",
    "group_search_base": "ou=groups",
}


def cluster(**parts: object) -> dict[str, object]:
    return {"release": RELEASE, "primary": {"on_demand": ["m5.xlarge"]}, **parts}


def kerberos(**fields: object) -> dict[str, object]:
    return cluster(kerberos={"kind": "cluster-dedicated", "realm": "R", **fields})


def security(**parts: object) -> dict[str, object]:
    return cluster(security_configuration=parts)


def hive(key: str, value: object) -> dict[str, object]:
    return cluster(applications=["Hive"], configurations=[{"Classification": "hive-site", "Properties": {key: value}}])


# What a user may try, by the secret that it gives away, and the code of the answer.
TRIES: Mapping[str, tuple[Callable[[str], dict[str, object]], str]] = {
    "kdc-admin-password": (lambda s: kerberos(kdc_admin_password=s), "E-KRB-010"),
    "kdc-admin-password-in-a-map": (lambda s: kerberos(kdc_admin_password={"value": s}), "E-KRB-003"),
    "kdc-admin-password-misspelt": (lambda s: kerberos(kdc_admin_pasword=s), "E-KRB-001"),
    "trust-password": (lambda s: kerberos(trust=TRUST, trust_password=s), "E-KRB-042"),
    "join-password": (
        lambda s: cluster(
            kerberos={
                **EXTERNAL,
                "active_directory": {"realm": "A", "domain": "a"},
                "join_user": "u",
                "join_password": s,
            }
        ),
        "E-KRB-043",
    ),
    "ldap-bind-password": (
        lambda s: security(encryption=TLS, ldap={**LDAP, "bind_credentials": s}),
        "E-AUTH-012",
    ),
    "ldap-bind-pair": (
        lambda s: security(encryption=TLS, ldap={**LDAP, "bind_credentials": {"cn=admin": s}}),
        "E-AUTH-003",
    ),
    "ranger-key": (
        lambda s: security(
            kerberos={"realm": "R"},
            ranger={
                "admin_url": "https://r",
                "admin_secret": s,
                "plugins_role": "arn:aws:iam::1:role/a",
                "other_services_role": "arn:aws:iam::1:role/b",
                "plugins": [{"application": "Spark", "client_secret": SECRET, "repository": "r"}],
            },
        ),
        "E-AUTH-053",
    ),
    "escape-hatch": (
        lambda s: security(extra={"AuthenticationConfiguration": {"Later": {"AdminPassword": s}}}),
        "E-SEC-031",
    ),
    "metastore-password": (
        lambda s: cluster(applications=["Hive"], metastore={"external": {"host": "db", "password": s}}),
        "",
    ),
    "hive-connection-password": (lambda s: hive("javax.jdo.option.ConnectionPassword", s), "RULE-012"),
    "password-in-a-url": (
        lambda s: hive("javax.jdo.option.ConnectionURL", f"jdbc:mysql://hive:{s}@db:3306/hive"),
        "RULE-012",
    ),
    "tag": (lambda s: cluster(tags={"password": s}), "RULE-012"),
    "bootstrap-argument": (
        lambda s: cluster(bootstrap_actions=[{"name": "b", "path": "s3://b/x.sh", "args": ["--password", s]}]),
        "RULE-012",
    ),
}


@pytest.mark.parametrize("kind", TRIES)
def test_a_password_in_the_project_file_is_answered_and_never_repeated(kind: str, tmp_path: Path) -> None:
    make, code = TRIES[kind]
    secret = canaries.plant(kind)
    project = {
        "project": "shop",
        "targets": {"local": {"kind": "local", "default": True}, "prod": {"kind": "aws", "mode": "production"}},
        "clusters": {"etl": make(secret)},
    }
    command = Command(tmp_path, tmp_path / "state")
    with canaries.forget_when_done(tmp_path / "emrkit.yaml", json.dumps(project, indent=1)):
        plain = command("validate", "--target", "prod")
        data = command("validate", "--target", "prod", "--output", "json")
    assert plain.code == data.code == 2, plain.err
    assert code in plain.err
    assert canaries.leaks_in("\n".join([plain.out, plain.err, data.out, data.err]).encode()) == set()
    assert canaries.scan(tmp_path) == []


def test_what_the_watch_would_have_found(tmp_path: Path) -> None:
    """The same check finds a command line that repeats what it was given: it is not blind."""
    spoken = f"error: got {canaries.plant('kdc-admin-password')}"
    assert canaries.leaks_in(spoken.encode()) == {"kdc-admin-password"}


@pytest.mark.daemon
def test_secrets_that_local_emr_hands_out_stay_in_its_secrets_manager(aws: Any, shared_state: Path) -> None:
    """RunJobFlow and a stack with dynamic references: both get the passwords, and neither keeps them."""
    names = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")
    planted = {name: canaries.plant(name) for name in names}
    label = f"kerberos-{os.urandom(4).hex()}"
    vault = aws("secretsmanager")
    arn = vault.create_secret(Name=label, SecretString=json.dumps(planted))["ARN"]
    document = {
        "AuthenticationConfiguration": {
            "KerberosConfiguration": {
                "Provider": "ClusterDedicatedKdc",
                "ClusterDedicatedKdcConfiguration": {
                    "CrossRealmTrustConfiguration": {
                        "Realm": "AD",
                        "Domain": "ad",
                        "AdminServer": "ad",
                        "KdcServer": "ad",
                    }
                },
            }
        }
    }
    emr = aws("emr")
    emr.create_security_configuration(Name=label, SecurityConfiguration=json.dumps(document))
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    common = {"Name": label, "ReleaseLabel": RELEASE, "ServiceRole": "s", "JobFlowRole": "n"}
    launched = emr.run_job_flow(
        **common,
        Instances={
            "KeepJobFlowAliveWhenNoSteps": True,
            "InstanceFleets": [{"InstanceFleetType": "MASTER", **fleet}],
        },
        SecurityConfiguration=label,
        KerberosAttributes={"Realm": "R", "ADDomainJoinUser": "joiner", **planted},
    )["JobFlowId"]
    stack = {
        "Resources": {
            "Security": {
                "Type": "AWS::EMR::SecurityConfiguration",
                "Properties": {"SecurityConfiguration": document},
            },
            "Cluster": {
                "Type": "AWS::EMR::Cluster",
                "Properties": {
                    **common,
                    "Instances": {"MasterInstanceFleet": fleet},
                    "SecurityConfiguration": {"Ref": "Security"},
                    "KerberosAttributes": {
                        "Realm": "R",
                        "ADDomainJoinUser": "joiner",
                        **{n: f"{{{{resolve:secretsmanager:{arn}:SecretString:{n}::}}}}" for n in names},
                    },
                },
            },
        }
    }
    stacks = aws("cloudformation")
    stacks.create_stack(StackName=label, TemplateBody=json.dumps(stack))
    stacks.get_waiter("stack_create_complete").wait(StackName=label, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    (made,) = [
        r["PhysicalResourceId"]
        for r in stacks.describe_stack_resources(StackName=label)["StackResources"]
        if r["ResourceType"] == "AWS::EMR::Cluster"
    ]
    for cluster_id in (launched, made):
        described = json.dumps(emr.describe_cluster(ClusterId=cluster_id), default=str)
        assert canaries.leaks_in(described.encode()) == set()
        emr.terminate_job_flows(JobFlowIds=[cluster_id])
    assert json.loads(vault.get_secret_value(SecretId=label)["SecretString"]) == planted
    assert canaries.scan(shared_state) == []
    found = canaries.scan(shared_state, vaults={})
    assert {leak.kind for leak in found} <= {*names, "one of them, encoded or cut off"}


@pytest.mark.daemon
def test_a_run_on_a_kerberos_cluster_of_its_own_leaves_no_password_behind(
    aws: Any, shop: Shop, shared_state: Path
) -> None:
    """The command line looks the passwords up in memory: journal, state, logs and output hold none of them."""
    label = f"kdc-{os.urandom(4).hex()}"
    secret = canaries.plant("kdc-of-a-run")
    arn = aws("secretsmanager").create_secret(Name=label, SecretString=json.dumps({"admin": secret}))["ARN"]
    reference = f"{{{{resolve:secretsmanager:{arn}:SecretString:admin::}}}}"
    kdc = {"Provider": "ClusterDedicatedKdc", "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24}}
    document = {"AuthenticationConfiguration": {"KerberosConfiguration": kdc}}
    aws("emr").create_security_configuration(Name=label, SecurityConfiguration=json.dumps(document))
    own = {
        "transient": True,
        "release": "emr-7.10.0",
        "applications": ["Spark"],
        "primary": {"on_demand": ["m5.xlarge"]},
        "security_configuration": label,
        "kerberos": {"kind": "cluster-dedicated", "realm": "R", "kdc_admin_password": reference},
    }
    shop.write({"quick": {**quick_job(), "run_on": "own"}}, clusters={"own": own})
    done = shop("run", "quick")
    assert canaries.leaks_in((done.out + done.err).encode()) == set()
    assert canaries.scan(shared_state) == []
    assert done.code == 0, done.err


@pytest.mark.daemon
def test_a_stack_that_looks_secrets_up_outlives_local_emr_and_keeps_its_cluster(tmp_path: Path) -> None:
    """After a kill the secrets are looked up again: an update sees the same properties and changes in place."""
    from emrkit_local import client, environments
    from emrkit_local.folders import cache_folder

    if environments.find("daemon") is None:
        pytest.skip("the daemon's environment is not prepared")
    state = tmp_path / "state"
    planted = canaries.plant("kdc-of-a-stack")
    try:
        first = client.start(state, cache_folder())
        stacks, vault = _client(first.url, "cloudformation"), _client(first.url, "secretsmanager")
        arn = vault.create_secret(Name="kdc", SecretString=planted)["ARN"]
        stacks.create_stack(StackName="etl", TemplateBody=_stack(arn, 3600))
        stacks.get_waiter("stack_create_complete").wait(StackName="etl", WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        made = _cluster_of(stacks)
        os.kill(first.pid, signal.SIGKILL)
        assert canaries.scan(state) == []
        again = client.start(state, cache_folder())
        stacks = _client(again.url, "cloudformation")
        stacks.update_stack(StackName="etl", TemplateBody=_stack(arn, 7200))
        stacks.get_waiter("stack_update_complete").wait(StackName="etl", WaiterConfig={"Delay": 1, "MaxAttempts": 600})
        assert _cluster_of(stacks) == made
    finally:
        client.stop(state)
    assert canaries.scan(state) == []


def _client(url: str, service: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


def _stack(arn: str, idle: int) -> str:
    kdc = {"Provider": "ClusterDedicatedKdc", "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24}}
    document = {"AuthenticationConfiguration": {"KerberosConfiguration": kdc}}
    fleet = {"TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
    cluster_properties = {
        "Name": "etl",
        "ReleaseLabel": RELEASE,
        "ServiceRole": "s",
        "JobFlowRole": "n",
        "Instances": {"MasterInstanceFleet": fleet},
        "AutoTerminationPolicy": {"IdleTimeout": idle},
        "SecurityConfiguration": {"Ref": "Security"},
        "KerberosAttributes": {"Realm": "R", "KdcAdminPassword": f"{{{{resolve:secretsmanager:{arn}}}}}"},
    }
    security_properties = {"SecurityConfiguration": document}
    resources = {
        "Security": {"Type": "AWS::EMR::SecurityConfiguration", "Properties": security_properties},
        "Cluster": {"Type": "AWS::EMR::Cluster", "Properties": cluster_properties},
    }
    return json.dumps({"Resources": resources})


def _cluster_of(stacks: Any) -> str:
    found = stacks.describe_stack_resource(StackName="etl", LogicalResourceId="Cluster")
    return str(found["StackResourceDetail"]["PhysicalResourceId"])
