"""Secrets by reference: every way to name one, in every place that one is named."""

from __future__ import annotations

import pytest

from emrkit_model import SecretField
from emrkit_model.secret_references import open_secret, secret_address, secret_id, secret_reference

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:kdc-AbCdEf"
TOKEN = "${Token[Secret.Ref.4]}"


class Secret:
    """A secret of the CDK, as far as the model looks."""

    @property
    def secret_arn(self) -> str:
        return ARN


@pytest.mark.parametrize(
    ("secret", "reference", "address"),
    [
        (ARN, f"{{{{resolve:secretsmanager:{ARN}:SecretString:::}}}}", ARN),
        (Secret(), f"{{{{resolve:secretsmanager:{ARN}:SecretString:::}}}}", ARN),
        (TOKEN, f"{{{{resolve:secretsmanager:{TOKEN}:SecretString:::}}}}", TOKEN),
        (SecretField(ARN, "pw"), f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw::}}}}", f"{ARN}#pw"),
        (SecretField(Secret(), "pw"), f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw::}}}}", f"{ARN}#pw"),
        ("{{resolve:secretsmanager:kdc}}", "{{resolve:secretsmanager:kdc}}", "kdc"),
        (
            f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw:AWSCURRENT:}}}}",
            f"{{{{resolve:secretsmanager:{ARN}:SecretString:pw:AWSCURRENT:}}}}",
            f"{ARN}#pw",
        ),
    ],
)
def test_a_secret_in_a_template_and_in_a_contract(secret, reference, address):
    assert secret_reference(secret) == reference
    assert secret_address(secret) == address
    assert secret_id(secret) == address.partition("#")[0]


def test_an_address_opens_the_secret_or_one_field_of_it():
    assert open_secret(ARN, "hunter2") == "hunter2"
    assert open_secret(f"{ARN}#pw", '{"pw": "hunter2"}') == "hunter2"


@pytest.mark.parametrize("value", ["hunter2", '["hunter2"]', '{"other": "hunter2"}', '{"pw": ["hunter2"]}', "3"])
def test_a_secret_without_the_field_is_refused_without_its_value(value):
    with pytest.raises(ValueError, match="pw") as caught:
        open_secret(f"{ARN}#pw", value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
