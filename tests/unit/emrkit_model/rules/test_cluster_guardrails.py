"""The guardrails on a declared cluster, as `emrkit validate` shows them."""

from __future__ import annotations

from typing import Any

import pytest

from emrkit_model import AtRest, Cluster, Encryption, Imds, InstanceFleet, InTransit, SecurityConfiguration, Severity
from emrkit_model.rules import check_cluster

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def cluster(**more: Any) -> Cluster:
    given = {"name": "etl", "release": "emr-7.12.0", "primary": InstanceFleet.on_demand("m6g.xlarge"), **more}
    return Cluster(**given)


def found(value: Cluster) -> list[tuple[str, str]]:
    return [(d.code, ".".join(str(part) for part in d.path)) for d in check_cluster(value)]


COMPLETE = Encryption(at_rest=AtRest.kms(KEY), in_transit=InTransit.emr_managed())


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"idle_timeout": None, "keep_alive": False},
        {"security_configuration": SecurityConfiguration(encryption=COMPLETE)},
        {"service_role": "EMR_DefaultRole_V2"},
    ],
)
def test_leaves_a_safe_declaration_alone(more: dict[str, Any]) -> None:
    assert found(cluster(**more)) == []


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"idle_timeout": None}, "E-RULE-006", "idle_timeout"),
        ({"service_role": "EMR_DefaultRole"}, "E-RULE-008", "service_role"),
        ({"instance_profile": "EMR_EC2_DefaultRole"}, "E-RULE-008", "instance_profile"),
        (
            {"security_configuration": SecurityConfiguration(encryption=COMPLETE, imds=Imds(version=1))},
            "E-RULE-003",
            "security_configuration.imds",
        ),
        (
            {"security_configuration": SecurityConfiguration(encryption=COMPLETE, imds=None)},
            "E-RULE-003",
            "security_configuration.imds",
        ),
    ],
)
def test_finds_what_a_declaration_gives_away(more: dict[str, Any], code: str, path: str) -> None:
    value = cluster(**more)
    assert found(value) == [(code, path)]
    assert all(d.hint for d in check_cluster(value))


def test_finds_both_halves_of_missing_encryption() -> None:
    value = cluster(security_configuration=SecurityConfiguration())
    assert found(value) == [("E-RULE-002", "security_configuration.encryption")] * 2


def test_a_name_alone_is_a_warning() -> None:
    (diagnostic,) = check_cluster(cluster(security_configuration="shared"))
    assert (diagnostic.code, diagnostic.severity) == ("W-RULE-001", Severity.WARNING)
