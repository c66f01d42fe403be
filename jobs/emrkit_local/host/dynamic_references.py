"""Secrets that stacks looked up stay out of the emulator's saved state: their references stand there instead.

CloudFormation needs the values of `{{resolve:secretsmanager:…}}` to compare properties on an update, so the emulator
keeps them with the stack. In memory that is as it must be; on disk only the Secrets Manager keeps secrets. What was
saved is looked up again when local EMR starts.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import cast

from .ministack import Emulator, Json

__all__ = ["conceal", "reveal"]

_log = logging.getLogger(__name__)
_KEPT, _MARK = "_dynamic", "_concealed"
_PARTS = ("Properties", "Attributes")
_SECRET = "{{resolve:secretsmanager:"  # noqa: S105 - how a reference begins


def conceal(text: str) -> str:
    """Saved state of CloudFormation with every looked-up secret replaced by its reference.

    >>> conceal('{"Properties": {"P": "x-hunter2"}, "_dynamic": {"{{resolve:secretsmanager:a}}": "hunter2"}}')
    '{"Properties": {"P": "x-{{resolve:secretsmanager:a}}"}, "_dynamic": {}, "_concealed": true}'
    """
    return json.dumps(_conceal(json.loads(text))) if f'"{_KEPT}"' in text else text


def _conceal(node: object) -> object:
    if isinstance(node, list):
        return [_conceal(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    result: Json = {key: _conceal(value) for key, value in cast("Json", node).items()}
    kept = result.get(_KEPT)
    if not isinstance(kept, dict):
        return result
    found = cast("dict[str, object]", kept)
    secrets = {str(value): literal for literal, value in found.items() if literal.startswith(_SECRET) and value}
    if secrets:
        result |= {part: _put_back(result[part], secrets) for part in _PARTS if part in result}
        result[_KEPT] = {literal: value for literal, value in found.items() if not literal.startswith(_SECRET)}
        result[_MARK] = True
    return result


def _put_back(node: object, secrets: Mapping[str, str]) -> object:
    if isinstance(node, list):
        return [_put_back(item, secrets) for item in cast("list[object]", node)]
    if isinstance(node, dict):
        return {key: _put_back(value, secrets) for key, value in cast("Json", node).items()}
    if isinstance(node, str):
        # The longest first: one secret may be part of another.
        for value in sorted(secrets, key=len, reverse=True):
            if value in node:
                return secrets[value].join(_rest(part, secrets, value) for part in node.split(value))
    return node


def _rest(part: str, secrets: Mapping[str, str], done: str) -> str:
    return str(_put_back(part, {value: literal for value, literal in secrets.items() if value != done}))


def reveal(emulator: Emulator) -> None:
    """Look the secrets of every restored stack up again; a secret that is gone leaves its reference."""
    for account, region, record in emulator.stacks_if_used():
        for name, resource in cast("dict[str, Json]", record.get("_resources") or {}).items():
            if not resource.pop(_MARK, None):
                continue
            with emulator.scope(account, region):
                try:
                    for part in _PARTS:
                        if part in resource:
                            resource[part], found = emulator.look_up_references(resource[part])
                            resource[_KEPT] = {**cast("Json", resource.get(_KEPT) or {}), **found}
                except Exception:
                    _log.warning("a secret that %s refers to cannot be looked up any more", name)
