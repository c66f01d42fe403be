"""A launch with Kerberos: which secrets are looked up, under which names, and what stands in the request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from emrkit_jobs.run.transient import _attributes
from emrkit_model import Kerberos
from emrkit_model.contract import ContractCluster

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
TRUST = {"realm": "AD", "domain": "ad", "admin_server": "ad", "kdc_server": "ad"}


@dataclass
class Vault:
    """A target that hands out secrets and remembers which."""

    values: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def secret(self, reference: str) -> str:
        self.asked.append(reference)
        return self.values[reference]


def attributes(realm: Kerberos, vault: Vault, **deployed: Any) -> Any:
    contract = ContractCluster(name="etl", release="emr-7.12.0", **deployed)
    workspace: Any = SimpleNamespace(target=vault)
    return _attributes(workspace, contract, realm)


def test_the_secret_that_the_stack_made_is_looked_up() -> None:
    vault = Vault({f"{ARN}made": "one"})
    realm = Kerberos.cluster_dedicated(realm="R")
    assert attributes(realm, vault, kerberos_secret=f"{ARN}made") == {"Realm": "R", "KdcAdminPassword": "one"}
    assert vault.asked == [f"{ARN}made"]


def test_every_password_is_that_of_its_own_secret_and_field() -> None:
    vault = Vault({f"{ARN}kdc": "one", f"{ARN}ad": json.dumps({"trust": "two", "join": "three"})})
    realm = Kerberos.parse(
        {
            "kind": "cluster-dedicated",
            "realm": "R",
            "kdc_admin_password": f"{ARN}kdc",
            "trust": TRUST,
            "trust_password": f"{{{{resolve:secretsmanager:{ARN}ad:SecretString:trust::}}}}",
            "join_user": "joiner",
            "join_password": f"{{{{resolve:secretsmanager:{ARN}ad:SecretString:join::}}}}",
        }
    )
    expected = {
        "Realm": "R",
        "KdcAdminPassword": "one",
        "CrossRealmTrustPrincipalPassword": "two",
        "ADDomainJoinUser": "joiner",
        "ADDomainJoinPassword": "three",
    }
    assert attributes(realm, vault) == expected
    deployed = {"CrossRealmTrustPrincipalPassword": f"{ARN}ad#trust", "ADDomainJoinPassword": f"{ARN}ad#join"}
    assert attributes(realm, vault, kerberos_secret=f"{ARN}kdc", kerberos_secrets=deployed) == expected
