"""Secrets in clear text among properties: found closely, and not looked for where there is no trace of one."""

from __future__ import annotations

import pytest

from emrkit_model.clear_secrets import find_clear_secrets
from emrkit_model.rules.secrets import SECRETS

CLUSTER = "AWS::EMR::Cluster"


@pytest.mark.parametrize(
    "properties",
    [
        {"Tags": [{"Key": "password", "Value": "hunter2!"}]},
        {"Tags": [{"Key": "apiKey", "Value": "hunter2!"}]},
        {"Tags": [{"Key": "access-key", "Value": "hunter2!"}]},
        {"Tags": [{"Key": "x.credential", "Value": "hunter2!"}]},
        {"Tags": [{"Key": "auth_token", "Value": "hunter2!"}]},
        {"Tags": [{"Key": "pwd", "Value": "hunter2!"}]},
        {"Name": "AKIAIOSFODNN7EXAMPLE"},
        {"Name": "jdbc://reader:hunter2@host/db"},
        {"Name": "ghp_" + "a" * 36},
        {"Name": "xoxb-1234567890-abc"},
        {"Name": "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF"},
        {"Name": "-----BEGIN RSA PRIVATE KEY-----"},
        {"Name": "jdbc:x?pwd=hunter2"},
    ],
    ids=str,
)
def test_whatever_the_rule_finds_leaves_a_trace(properties: dict[str, object]) -> None:
    (found,) = find_clear_secrets(CLUSTER, properties)
    assert found.code == "W-SEC-044"
    assert "hunter2" not in str(found)


def test_without_a_trace_the_rule_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(SECRETS), "findings", lambda *asked: pytest.fail("asked"))
    tags = [{"Key": "team", "Value": "data"}, {"Key": "stack", "Value": "${Token[TOKEN.4]}"}]
    assert list(find_clear_secrets(CLUSTER, {"Name": "etl", "Tags": tags})) == []
