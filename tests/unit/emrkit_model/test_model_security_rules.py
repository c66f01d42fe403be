"""The rules of security configurations: each with a declaration that breaks it and one that is in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from emrkit_model import SecurityConfiguration, check
from emrkit_model.values import InvalidModel
from tests.unit.emrkit_model.secured import DIRECTORY, found_on, kerberos, ldap, ranger
from tests.unit.emrkit_model.security_shapes import (
    DEDICATED,
    DISK_PROVIDER,
    EXTERNAL,
    JOIN,
    KEY,
    LDAP,
    PROVIDER,
    RANGER,
    ROLE,
    SECRET,
    TLS,
    TRUST,
)

CENTER: Mapping[str, object] = {"instance": "arn:aws:sso:::instance/ssoins-1"}
GRANTS = [{"Classification": "emrfs-site", "Properties": {"fs.s3.s3AccessGrants.enabled": "true"}}]
SPARK_PLUGIN = {"application": "Spark", "client_secret": SECRET, "repository": "amazonemrspark"}
GUARDED = {**RANGER, "plugins": [SPARK_PLUGIN]}


def found_in(data: Mapping[str, object]) -> set[str]:
    """The codes of everything that is said about a security configuration."""
    try:
        value = SecurityConfiguration.parse(data)
    except InvalidModel as error:
        return {d.code for d in error.diagnostics}
    return {d.code for d in check(value)}


def at_rest(**fields: object) -> dict[str, object]:
    return {"encryption": {"at_rest": fields}}


def in_transit(**fields: object) -> dict[str, object]:
    return {"encryption": {"in_transit": fields}}


def mapping(**fields: object) -> dict[str, object]:
    return {"role_mappings": [{"role": ROLE, "kind": "Prefix", "identifiers": ["s3://b/p"], **fields}]}


PEM: dict[str, Any] = {"kind": "pem", "location": "s3://b/z.zip"}
OVERRIDE = {"bucket": "b", "mode": "CSE-Custom"}
# Code, what breaks it, and the same in order.
PARTS: list[tuple[str, Mapping[str, object], Mapping[str, object]]] = [
    ("E-ENC-010", at_rest(s3_mode="CSE-KMS"), at_rest(s3_mode="CSE-KMS", s3_key=KEY)),
    ("E-ENC-011", at_rest(s3_mode="SSE-S3", s3_key=KEY), at_rest(s3_mode="SSE-S3")),
    ("E-ENC-012", at_rest(s3_mode=None), at_rest(s3_mode=None, disk_provider=DISK_PROVIDER)),
    (
        "E-ENC-047",
        at_rest(s3_mode=None, disk_key=KEY, s3_overrides=[{"bucket": "b", "mode": "SSE-S3"}]),
        at_rest(s3_mode="SSE-KMS", s3_key=KEY, s3_overrides=[{"bucket": "b", "mode": "SSE-S3"}]),
    ),
    ("E-ENC-020", in_transit(kind="custom", class_name="C"), in_transit(**PEM)),
    ("E-ENC-021", in_transit(kind="pem", location="/tmp/z.zip"), in_transit(kind="pem", location="arn:aws:s3:::b/z")),
    ("E-ENC-022", in_transit(**PEM, key=KEY), in_transit(key=KEY)),
    ("E-ENC-023", in_transit(location="s3://b/z.zip"), in_transit(**PEM)),
    ("E-ENC-024", in_transit(**PEM, validity_days=3), in_transit(validity_days=3)),
    ("E-ENC-024", in_transit(**PEM, secret_tags={"a": "b"}), in_transit(secret_tags={"a": "b"})),
    ("E-ENC-024", in_transit(**PEM, wildcard_dns_suffix="x"), in_transit(wildcard_dns_suffix="x")),
    (
        "E-ENC-025",
        in_transit(kind="custom", location="s3://b/j.jar"),
        in_transit(kind="custom", location="s3://b/j.jar", class_name="C"),
    ),
    ("E-ENC-026", in_transit(**PEM, class_name="C"), in_transit(**PEM)),
    ("E-ENC-027", in_transit(validity_days=0), in_transit(validity_days=1)),
    ("E-ENC-040", at_rest(s3_mode="SSE-KMS", s3_key="1234"), at_rest(s3_mode="SSE-KMS", s3_key=KEY)),
    ("E-ENC-040", in_transit(key="alias/tls"), in_transit(key="arn:aws:kms:eu-west-1:111122223333:alias/tls")),
    ("E-ENC-040", {"encryption": {"wal": {"key": "mine"}}}, {"encryption": {"wal": {"key": KEY}}}),
    ("E-ENC-041", at_rest(s3_mode="CSE-Custom"), at_rest(s3_mode="CSE-Custom", s3_provider=PROVIDER)),
    ("E-ENC-041", at_rest(s3_overrides=[OVERRIDE]), at_rest(s3_overrides=[{**OVERRIDE, "provider": PROVIDER}])),
    ("E-ENC-042", at_rest(s3_provider=PROVIDER), at_rest(s3_mode="CSE-Custom", s3_provider=PROVIDER)),
    ("E-ENC-044", at_rest(disk_key=KEY, disk_provider=DISK_PROVIDER), at_rest(disk_provider=DISK_PROVIDER)),
    ("E-ENC-045", at_rest(disk_provider=DISK_PROVIDER, ebs=True), at_rest(disk_key=KEY, ebs=True)),
    ("E-ENC-045", at_rest(s3_mode="SSE-S3", ebs=True), at_rest(s3_mode="SSE-S3", ebs=False)),
    (
        "E-ENC-046",
        at_rest(s3_mode="CSE-Custom", s3_provider=PROVIDER, disk_provider=PROVIDER),
        at_rest(s3_mode="CSE-Custom", s3_provider=PROVIDER, disk_provider=DISK_PROVIDER),
    ),
    ("E-KRB-010", kerberos(DEDICATED, kdc_admin_password="hunter2"), kerberos(DEDICATED)),
    ("E-KRB-011", kerberos(DEDICATED, ticket_lifetime="90m"), kerberos(DEDICATED, ticket_lifetime="2h")),
    ("E-KRB-051", kerberos(DEDICATED, ticket_lifetime="${Token[T.1]}"), kerberos(DEDICATED, ticket_lifetime="2h")),
    ("E-KRB-012", kerberos(EXTERNAL, kdc_server=None), kerberos(EXTERNAL)),
    ("E-KRB-013", kerberos(DEDICATED, kdc_server="k"), kerberos(EXTERNAL)),
    (
        "E-KRB-040",
        kerberos(EXTERNAL, trust=TRUST, trust_password=SECRET),
        kerberos(DEDICATED, trust=TRUST, trust_password=SECRET),
    ),
    ("E-KRB-041", kerberos(DEDICATED, active_directory=DIRECTORY), kerberos(EXTERNAL, active_directory=DIRECTORY)),
    (
        "E-KRB-042",
        kerberos(DEDICATED, trust=TRUST, trust_password="hunter2"),
        kerberos(DEDICATED, trust=TRUST, trust_password=SECRET),
    ),
    (
        "E-KRB-043",
        kerberos(EXTERNAL, active_directory=DIRECTORY, join_user="u", join_password="hunter2"),
        kerberos(EXTERNAL, active_directory=DIRECTORY, **JOIN),
    ),
    ("E-KRB-044", kerberos(DEDICATED, trust=TRUST), kerberos(DEDICATED, trust=TRUST, trust_password=SECRET)),
    ("E-KRB-045", kerberos(DEDICATED, trust_password=SECRET), kerberos(DEDICATED, trust=TRUST, trust_password=SECRET)),
    (
        "E-KRB-046",
        kerberos(EXTERNAL, active_directory=DIRECTORY, join_user="u"),
        kerberos(EXTERNAL, active_directory=DIRECTORY, **JOIN),
    ),
    (
        "E-KRB-047",
        kerberos(DEDICATED, trust={**TRUST, "realm": "EC2.INTERNAL"}, trust_password=SECRET),
        kerberos(DEDICATED, trust=TRUST, trust_password=SECRET),
    ),
    ("E-KRB-048", kerberos(EXTERNAL, **JOIN), kerberos(EXTERNAL, active_directory=DIRECTORY, **JOIN)),
    ("E-KRB-049", kerberos(EXTERNAL, kdc_admin_password=None), kerberos(EXTERNAL)),
    (
        "W-KRB-050",
        kerberos(EXTERNAL, active_directory=DIRECTORY),
        kerberos(EXTERNAL, active_directory=DIRECTORY, **JOIN),
    ),
    ("E-AUTH-010", ldap(server_url="ldap://plain"), ldap()),
    ("E-AUTH-011", ldap(bind_certificate="-----BEGIN CERTIFICATE-----"), ldap()),
    ("E-AUTH-012", ldap(bind_credentials="cn=admin:hunter2"), ldap(bind_credentials=SECRET)),
    ("E-AUTH-012", ldap(bind_credentials="{{resolve:secretsmanager:ldap}}"), ldap(bind_credentials=SECRET)),
    ("E-AUTH-013", ldap(ssh_login=True), ldap(ssh_login=True, bind_credentials=SECRET)),
    ("E-AUTH-014", ldap(access_filter=""), ldap()),
    ("E-AUTH-015", ldap(server_type="Active Directory"), ldap(server_type="Active Directory", ad_domain="example.com")),
    (
        "E-AUTH-020",
        {"encryption": TLS, "identity_center": {"assignment_required": True}},
        {"encryption": TLS, "identity_center": {"assignment_required": True, "assignment_key": "Spelt"}},
    ),
    (
        "E-AUTH-021",
        {"encryption": TLS, "identity_center": {"assignment_key": "Spelt"}},
        {"encryption": TLS, "identity_center": {}},
    ),
    ("E-AUTH-030", mapping(identifiers=[]), mapping()),
    ("E-AUTH-031", mapping(role="analysts"), mapping()),
    ("E-AUTH-032", mapping(identifiers=["bucket/prefix"]), mapping()),
    (
        "W-AUTH-033",
        {"role_mappings": [*mapping()["role_mappings"], *mapping()["role_mappings"]]},  # type: ignore[misc]
        {"role_mappings": [*mapping()["role_mappings"], *mapping(kind="User")["role_mappings"]]},  # type: ignore[misc]
    ),
    (
        "E-AUTH-041",
        {"runtime_roles": {}, "lake_formation": {"session_tag": ""}},
        {"runtime_roles": {}, "lake_formation": {}},
    ),
    ("E-AUTH-050", ranger(plugins=[{**SPARK_PLUGIN, "client_secret": "-----BEGIN"}]), ranger()),
    ("W-AUTH-051", ranger(plugins=[{**SPARK_PLUGIN, "application": "Presto"}]), ranger()),
    ("E-AUTH-052", ranger(admin_url="http://ranger:6080"), ranger()),
    ("E-AUTH-053", ranger(admin_secret=f"{SECRET}:version"), ranger()),
    ("E-AUTH-054", ranger(plugins_role="ranger-data"), ranger()),
    ("E-AUTH-055", ranger(plugins=[]), ranger()),
    ("E-AUTH-056", ranger(plugins=[SPARK_PLUGIN, SPARK_PLUGIN]), ranger()),
    ("E-AUTH-060", {**ldap(), "kerberos": DEDICATED}, ldap()),
    ("E-AUTH-061", {**ldap(), "runtime_roles": {}}, {"encryption": TLS, "runtime_roles": {}}),
    (
        "E-AUTH-061",
        {**ldap(), "lake_formation": {}},
        {"encryption": TLS, "runtime_roles": {}, "lake_formation": {}},
    ),
    ("E-AUTH-062", {"ldap": LDAP}, ldap()),
    ("E-AUTH-063", {"identity_center": CENTER}, {"encryption": TLS, "identity_center": CENTER}),
    ("E-AUTH-064", {"lake_formation": {}}, {"runtime_roles": {}, "lake_formation": {}}),
    (
        "W-AUTH-065",
        {"runtime_roles": {}, "lake_formation": {}},
        {"encryption": TLS, "runtime_roles": {}, "lake_formation": {}},
    ),
    ("E-AUTH-066", {"ranger": RANGER}, {**ldap(), "ranger": RANGER}),
    ("E-SEC-010", {"imds": {"version": 3}}, {"imds": {"version": 1}}),
    ("E-SEC-011", {"imds": {"hop_limit": 0}}, {"imds": {"hop_limit": 64}}),
    (
        "E-SEC-030",
        {"extra": {"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}}},
        {"extra": {"AuthorizationConfiguration": {"IAMConfiguration": {"Later": True}}}},
    ),
    (
        "E-SEC-031",
        {"extra": {"AuthorizationConfiguration": {"Later": {"Password": "hunter2!"}}}},
        {"extra": {"AuthorizationConfiguration": {"Later": {"PasswordSecretARN": SECRET}}}},
    ),
    (
        "E-SEC-031",
        {"extra": {"AuthorizationConfiguration": {"Later": [{"Password": "hunter2!"}]}}},
        {"extra": {"AuthorizationConfiguration": {"Later": [{"Name": "x"}]}}},
    ),
    ("W-SEC-032", {"extra": {"LaterConfiguration": {"A": 1}}}, {"extra": {"AuthorizationConfiguration": {"A": 1}}}),
]
THREE = {"primary": {"on_demand": ["m5.xlarge"], "capacity": 3}, "core": {"on_demand": ["m5.xlarge"]}}
ALONE: dict[str, object] = {}
BOTH = {"applications": ["Spark", "Hive"]}
NO_SSL = [{"Classification": "hive-site", "Properties": {"hive.metastore.use.SSL": "false"}}]
ON_CLUSTERS: list[tuple[str, tuple[Any, Any], tuple[Any, Any]]] = [
    ("E-ENC-030", ({"release": "emr-7.10.0"}, in_transit()), ({"release": "emr-7.11.0"}, in_transit())),
    (
        "E-ENC-031",
        ({"release": "emr-5.23.1", "idle_timeout": None}, at_rest(disk_key=KEY)),
        ({"release": "emr-5.23.1", "idle_timeout": None}, at_rest(disk_key=KEY, ebs=False)),
    ),
    (
        "E-ENC-032",
        ({"release": "emr-4.7.0", "idle_timeout": None}, {**in_transit(**PEM), "imds": None}),
        ({"release": "emr-4.8.0", "idle_timeout": None}, {**in_transit(**PEM), "imds": None}),
    ),
    (
        "E-ENC-033",
        ({"release": "emr-6.14.0", "applications": ["HBase"]}, {"encryption": {"wal": {}}}),
        ({"release": "emr-6.15.0", "applications": ["HBase"]}, {"encryption": {"wal": {}}}),
    ),
    (
        "W-ENC-050",
        ({"release": "emr-7.10.0"}, at_rest(s3_mode="CSE-KMS", s3_key=KEY)),
        ({"release": "emr-7.9.0"}, at_rest(s3_mode="CSE-KMS", s3_key=KEY)),
    ),
    (
        "W-ENC-051",
        ({"release": "emr-7.10.0"}, at_rest(s3_overrides=[{"bucket": "b", "mode": "SSE-S3"}])),
        ({"release": "emr-7.9.0"}, at_rest(s3_overrides=[{"bucket": "b", "mode": "SSE-S3"}])),
    ),
    (
        "W-ENC-052",
        (ALONE, {"encryption": {"wal": {}}}),
        ({"applications": ["HBase"]}, {"encryption": {"wal": {}}}),
    ),
    (
        "E-KRB-020",
        ({"release": "emr-5.9.0", "idle_timeout": None}, {**kerberos(DEDICATED), "imds": None}),
        ({"release": "emr-5.10.0", "idle_timeout": None}, {**kerberos(DEDICATED), "imds": None}),
    ),
    (
        "E-KRB-020",
        ({"release": "emr-5.19.0", "idle_timeout": None}, {**kerberos(EXTERNAL), "imds": None}),
        ({"release": "emr-5.20.0", "idle_timeout": None}, {**kerberos(EXTERNAL), "imds": None}),
    ),
    ("E-CLUS-041", (THREE, kerberos(DEDICATED)), (THREE, kerberos(EXTERNAL))),
    (
        "E-AUTH-022",
        ({"release": "emr-6.14.0"}, {**in_transit(**PEM), "identity_center": CENTER}),
        ({"release": "emr-6.15.0"}, {**in_transit(**PEM), "identity_center": CENTER}),
    ),
    (
        "E-AUTH-023",
        ({"release": "emr-7.7.0"}, {**in_transit(**PEM), "identity_center": CENTER, "runtime_roles": {}}),
        ({"release": "emr-7.8.0"}, {**in_transit(**PEM), "identity_center": CENTER, "runtime_roles": {}}),
    ),
    (
        "W-AUTH-024",
        (
            {"release": "emr-7.1.0"},
            {**in_transit(**PEM), "identity_center": {}, "lake_formation": {}},
        ),
        (
            {"release": "emr-7.2.0"},
            {**in_transit(**PEM), "identity_center": {}, "lake_formation": {}},
        ),
    ),
    (
        "E-AUTH-034",
        ({"release": "emr-5.9.0", "idle_timeout": None}, {**mapping(), "imds": None}),
        ({"release": "emr-5.10.0", "idle_timeout": None}, {**mapping(), "imds": None}),
    ),
    (
        "E-AUTH-040",
        ({"release": "emr-6.6.0"}, {"runtime_roles": {}}),
        ({"release": "emr-6.7.0"}, {"runtime_roles": {}}),
    ),
    (
        "W-AUTH-042",
        ({"release": "emr-6.14.0"}, {**in_transit(**PEM), "runtime_roles": {}, "lake_formation": {}}),
        ({"release": "emr-6.15.0"}, {**in_transit(**PEM), "runtime_roles": {}, "lake_formation": {}}),
    ),
    ("E-AUTH-067", ({"kerberos": DEDICATED}, ldap()), (ALONE, ldap())),
    ("E-AUTH-070", (THREE, {"runtime_roles": {}}), (ALONE, {"runtime_roles": {}})),
    (
        "E-AUTH-071",
        (THREE, {"encryption": TLS, "identity_center": CENTER}),
        (ALONE, {"encryption": TLS, "identity_center": CENTER}),
    ),
    (
        "E-AUTH-072",
        ({"configurations": GRANTS}, {"kerberos": DEDICATED, "ranger": GUARDED}),
        (ALONE, {"kerberos": DEDICATED, "ranger": GUARDED}),
    ),
    ("E-AUTH-072", ({"configurations": GRANTS}, ldap()), (ALONE, ldap())),
    (
        "E-AUTH-073",
        ({"release": "emr-7.5.0", "applications": ["Spark", "AmazonCloudWatchAgent"]}, {"runtime_roles": {}}),
        ({"release": "emr-7.6.0", "applications": ["Spark", "AmazonCloudWatchAgent"]}, {"runtime_roles": {}}),
    ),
    (
        "W-AUTH-074",
        (ALONE, {"encryption": TLS, "identity_center": CENTER}),
        ({"configurations": GRANTS}, {"encryption": TLS, "identity_center": CENTER}),
    ),
    (
        "E-AUTH-075",
        (BOTH, {"kerberos": DEDICATED, "ranger": GUARDED}),
        ({"applications": ["Spark"]}, {"kerberos": DEDICATED, "ranger": GUARDED}),
    ),
    (
        "W-AUTH-076",
        ({"applications": ["Hadoop"]}, {"kerberos": DEDICATED, "ranger": GUARDED}),
        ({"applications": ["Spark"]}, {"kerberos": DEDICATED, "ranger": GUARDED}),
    ),
    (
        "E-SEC-020",
        ({"release": "emr-6.1.0"}, {"imds": {"version": 2}}),
        ({"release": "emr-6.2.0"}, {"imds": {"version": 2}}),
    ),
    (
        "W-SEC-042",
        (BOTH, {"encryption": TLS, "kerberos": DEDICATED}),
        ({**BOTH, "configurations": NO_SSL}, {"encryption": TLS, "kerberos": DEDICATED}),
    ),
]


def _ids(rows: list[tuple[str, Any, Any]]) -> list[str]:
    return [f"{code}-{number}" for number, (code, _, _) in enumerate(rows)]


@pytest.mark.parametrize(("code", "broken", "in_order"), PARTS, ids=_ids(PARTS))
def test_a_rule_speaks_of_what_breaks_it_and_not_of_what_is_in_order(code, broken, in_order):
    assert code in found_in(broken)
    said = found_in(in_order)
    assert code not in said
    assert [c for c in said if c.startswith("E-")] == []


@pytest.mark.parametrize(("code", "broken", "in_order"), ON_CLUSTERS, ids=_ids(ON_CLUSTERS))
def test_a_rule_of_a_cluster_speaks_of_what_breaks_it_and_not_of_what_is_in_order(code, broken, in_order):
    assert code in found_on(*broken)
    said = found_on(*in_order)
    assert code not in said
    assert [c for c in said if c.startswith("E-")] == []


def test_every_code_of_security_has_both_tests():
    import re
    from pathlib import Path

    import emrkit_model

    folder = Path(emrkit_model.__file__).parent
    modules = [*(folder / "security").glob("*.py"), folder / "cluster_rules/authorization.py"]
    said = {code for path in modules for code in re.findall(r'"((?:ENC|KRB|SEC|AUTH)-\d{3})"', path.read_text("utf-8"))}
    tested = {code[2:] for code, _, _ in [*PARTS, *ON_CLUSTERS]}
    assert said - tested == set()
    assert tested - said <= {"CLUS-041"}
