"""Security configurations of any kind, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

from emrkit_model import Cluster, check
from emrkit_model.values import InvalidModel
from tests.unit.emrkit_model.security_shapes import (
    DEDICATED,
    LDAP,
    RANGER,
    TLS,
)

DIRECTORY = {"realm": "AD.EXAMPLE.COM", "domain": "ad.example.com"}


def found_on(cluster: Mapping[str, object], security: Mapping[str, object]) -> set[str]:
    """The same about a cluster that has it."""
    old = str(cluster.get("release", "")).startswith(("emr-4.", "emr-5."))
    node = "m4.xlarge" if old else "m5.xlarge"
    base = {"name": "etl", "release": "emr-7.12.0", "primary": {"on_demand": [node]}}
    try:
        value = Cluster.parse({**base, **cluster, "security_configuration": security})
    except InvalidModel as error:
        return {d.code for d in error.diagnostics}
    return {d.code for d in check(value)}


def kerberos(base: Mapping[str, object], **fields: object) -> dict[str, object]:
    return {"kerberos": {**base, **fields}}


def ldap(**fields: object) -> dict[str, object]:
    return {"encryption": TLS, "ldap": {**LDAP, **fields}}


def ranger(**fields: object) -> dict[str, object]:
    return {"kerberos": DEDICATED, "ranger": {**RANGER, **fields}}
