"""The guardrail on secrets looks at Kerberos too: a template that emrkit did not write may hold its passwords."""

from __future__ import annotations

import pytest

from emrkit_model import rules

NAMES = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")


def found(attributes: dict[str, object]) -> list[tuple[str | int, ...]]:
    cluster = {"Type": "AWS::EMR::Cluster", "Properties": {"KerberosAttributes": attributes}}
    findings = rules.check_template({"Resources": {"Etl": cluster}})
    assert "hunter2" not in repr(findings)
    return [f.problem.path for f in findings if f.rule.id == "E-RULE-012"]


@pytest.mark.parametrize("name", NAMES)
def test_a_password_in_clear_text_is_found(name: str) -> None:
    assert found({"Realm": "R", name: "hunter2!"}) == [("KerberosAttributes", name)]


def test_a_reference_to_a_secret_is_none() -> None:
    reference = "{{resolve:secretsmanager:kdc:SecretString:::}}"
    joined = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Kdc"}, ":SecretString:::}}"]]}
    assert found({"Realm": "R", "KdcAdminPassword": reference, "ADDomainJoinPassword": joined}) == []
