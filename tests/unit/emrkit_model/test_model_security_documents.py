"""Documents of security configurations: the escape hatch, secrets, tokens, reading back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from emrkit_model import Cluster, SecurityConfiguration
from emrkit_model.values import InvalidModel
from tests.unit.emrkit_model.secured import DIRECTORY, found_on, kerberos, ldap, ranger
from tests.unit.emrkit_model.security_shapes import (
    DEDICATED,
    EXTERNAL,
    JOIN,
    SECRET,
    SHAPES,
    TLS,
    TRUST,
)


def test_kerberos_of_a_request_is_not_judged_by_a_kind_that_nobody_stated():
    read = {"realm": "EC2.INTERNAL", "trust_password": SECRET, **JOIN}
    assert found_on({"kerberos": read}, {}) == set()


def test_the_escape_hatch_is_laid_over_the_document_at_the_end():
    extra = {"AuthorizationConfiguration": {"IAMConfiguration": {"Later": {"A": [1]}}}, "New": {"B": True}}
    document = SecurityConfiguration.parse({"runtime_roles": {}, "extra": extra, "imds": None}).document()
    assert document == {
        "AuthorizationConfiguration": {
            "IAMConfiguration": {"EnableApplicationScopedIAMRole": True, "Later": {"A": [1]}}
        },
        "New": {"B": True},
    }


def test_the_escape_hatch_does_not_change_after_it_was_made():
    extra: dict[str, Any] = {"New": {"B": [1]}}
    value = SecurityConfiguration.parse({"extra": extra})
    extra["New"]["B"].append(2)
    assert value.document()["New"] == {"B": [1]}
    with pytest.raises(TypeError):
        value.extra["New"]["C"] = 1  # type: ignore[index]
    assert hash(value) == hash(SecurityConfiguration.parse({"extra": {"New": {"B": [1]}}}))


def test_the_key_that_aws_spells_in_two_ways_is_written_as_it_was_given():
    for key in ("IdentityCenterApplicationAssigmentRequired", "IdentityCenterApplicationAssignmentRequired"):
        center = {"assignment_required": False, "assignment_key": key}
        document = SecurityConfiguration.parse({"encryption": TLS, "identity_center": center}).document()
        block: Any = document["AuthenticationConfiguration"]
        assert block["IdentityCenterConfiguration"][key] is False


def test_a_refused_secret_is_never_repeated():
    for data in (
        kerberos(DEDICATED, kdc_admin_password="hunter2"),
        kerberos(DEDICATED, kdc_admin_password={"plain": "hunter2"}),
        kerberos(DEDICATED, trust=TRUST, trust_password="hunter2"),
        kerberos(EXTERNAL, active_directory=DIRECTORY, join_user="u", join_password="hunter2"),
        ldap(bind_credentials="hunter2"),
        ldap(bind_credentials=["hunter2"]),
        ranger(admin_secret="hunter2"),
        {"extra": {"New": {"AdminPassword": "hunter2"}}},
    ):
        with pytest.raises(InvalidModel) as caught:
            SecurityConfiguration.parse(data)
        assert "hunter2" not in str(caught.value)
        assert "hunter2" not in repr(caught.value.diagnostics)


def test_kerberos_attributes_are_read_back_from_a_request_without_a_password():
    from emrkit_model.reading import cluster_from_request
    from emrkit_model.render.request import run_job_flow

    reference = "{{resolve:secretsmanager:kdc:SecretString:::}}"
    parts = {"realm": "R", "kdc_admin_password": reference, "trust_password": reference}
    kerberos = {**parts, "join_user": "joiner", "join_password": reference}
    cluster = Cluster.parse(
        {
            "name": "etl",
            "release": "emr-7.12.0",
            "primary": {"on_demand": ["m5.xlarge"]},
            "security_configuration": "named",
            "kerberos": kerberos,
        }
    )
    request = run_job_flow(cluster)
    assert cluster_from_request(request).kerberos == cluster.kerberos
    attributes: Any = request["KerberosAttributes"]
    plain = {
        **request,
        "KerberosAttributes": {**attributes, "KdcAdminPassword": "hunter2", "ADDomainJoinPassword": "x"},
    }
    read = cluster_from_request(plain).kerberos
    assert read is not None
    assert read.kdc_admin_password is None
    assert "hunter2" not in repr(read)


def _texts(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _texts(inner, (*place, str(key)))]
    if isinstance(value, list):
        return [found for i, inner in enumerate(value) for found in _texts(inner, (*place, i))]
    return [place] if isinstance(value, str) else []


TOKEN = "${Token[TOKEN.7]}"
CHOICES = {"kind", "mode", "s3_mode", "ticket_lifetime"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_that_is_only_known_at_deployment_passes_wherever_a_text_may_stand(shape):
    for place in _texts(SHAPES[shape]):
        if place[-1] in CHOICES:
            continue  # which fields belong together hangs on these; hours are made of seconds
        data: Any = copy.deepcopy(SHAPES[shape])
        holder = data
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = TOKEN
        assert TOKEN in json.dumps(_rendered(SecurityConfiguration.parse(data))), place


def _rendered(value: SecurityConfiguration) -> object:
    return [value.document(), None if value.kerberos is None else value.kerberos.attributes(), value.name]
