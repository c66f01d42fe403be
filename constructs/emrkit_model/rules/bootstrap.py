"""The rule on code that runs as root: bootstrap scripts come from keys that name their content."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .catalogue import Problem, Rule
from .template import Template, join_literals

__all__ = ["BOOTSTRAP", "is_content_addressed"]

_DIGEST = re.compile(r"(?:^|[/._-])[0-9a-f]{16,64}(?=$|[/._-])")
_HINT = "hand the script to the construct as a file, which puts it under the digest of its content"


def is_content_addressed(path: str) -> bool:
    """Whether a part of the path is a digest of 16 to 64 hexadecimal figures.

    >>> is_content_addressed("s3://artifacts/bundles/0123456789abcdef0123456789abcdef/setup.sh")
    True
    >>> is_content_addressed("s3://artifacts/setup.sh")
    False
    """
    return bool(_DIGEST.search(path))


def _scripts(template: Template) -> Iterator[Problem]:
    for cluster in template.of_type("AWS::EMR::Cluster"):
        for action in template.items(cluster.properties, "BootstrapActions"):
            for found in template.at(action.value, "ScriptBootstrapAction", "Path"):
                place = (*action.path, *found.path)
                text = join_literals(found.value)
                if text is None:
                    continue
                if not is_content_addressed(text):
                    yield Problem(
                        cluster.id,
                        place,
                        "a bootstrap script can be changed without anybody noticing",
                        _HINT,
                        got=text,
                        allowed="a key with the digest of its content",
                    )
                elif isinstance(found.value, str):
                    yield Problem(
                        cluster.id,
                        place,
                        "a bootstrap script comes from a bucket that this app does not refer to",
                        "refer to the bucket (an asset, a construct, an import), or accept this rule with the reason",
                        got=text,
                    )


BOOTSTRAP = Rule(
    "E-RULE-014",
    "bootstrap scripts come from content-addressed keys in a bucket of the app",
    "a bootstrap action runs as root on every node: who can overwrite the script owns the cluster",
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html",
    _scripts,
    "G12",
)
