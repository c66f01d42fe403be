"""cfn-lint over templates as plain data, with its rules loaded once for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.match import Match
from cfnlint.runner import Runner

__all__ = ["lint"]

REGION = "eu-central-1"


def lint(template: Mapping[str, Any]) -> Sequence[Match]:
    """What cfn-lint says of a template."""
    decoded, errors = decode_str(json.dumps(template))
    return errors if errors else list(_runner().validate_template(decoded))


@cache
def _runner() -> Runner:
    return Runner(ConfigMixIn(regions=[REGION]))
