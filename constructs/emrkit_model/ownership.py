"""Whose something is and who pays for it: tags for cost allocation and owner, the same on everything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from .diagnostics import Diagnostic
from .fields import NO_SETTINGS, Tags, Text
from .findings import error
from .tokens import is_token
from .values import Value

__all__ = ["COST_CENTER_TAG", "ENVIRONMENT_TAG", "OWNER_TAG", "PROJECT_TAG", "Ownership", "check_tag_text"]

PROJECT_TAG = "emrkit:project"
"""The tag with the project's name, on everything that a project deploys or launches."""
ENVIRONMENT_TAG = "emrkit:environment"
"""The tag with the environment's name."""
OWNER_TAG = "owner"
"""The tag that `owner` becomes."""
COST_CENTER_TAG = "cost-center"
"""The tag that `cost_center` becomes; switch it on for cost allocation in the billing console, once."""

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags-restrictions.html"
_CHARACTERS = re.compile(r"[\w\s.:/=+\-@]*")
_MOST = 40


class Ownership(Value):
    """Owner, cost center and further tags of everything that belongs together.

    EMR passes a cluster's tags on to its instances, volumes and network interfaces, which is where the costs are.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags.html

    >>> Ownership(owner="data-platform", cost_center="4711", tags={"tier": "gold"}).all_tags()
    {'owner': 'data-platform', 'cost-center': '4711', 'tier': 'gold'}
    """

    AREA: ClassVar[str] = "TAG"

    owner: Text | None = None
    """Who answers for it: a team or an address. It becomes the tag `owner`."""
    cost_center: Text | None = None
    """Who pays for it. It becomes the tag `cost-center`, ready for cost allocation."""
    tags: Tags = NO_SETTINGS
    """Further tags, which every stack's resources and every cluster carry."""

    def all_tags(self) -> Mapping[str, str]:
        """Every tag by its key; empty where nothing is declared."""
        named = {OWNER_TAG: self.owner, COST_CENTER_TAG: self.cost_center}
        return {**{key: value for key, value in named.items() if value is not None}, **self.tags}

    def problems(self) -> Iterator[Diagnostic]:
        """Tags that every AWS service takes, each said once."""
        for field, key in (("owner", OWNER_TAG), ("cost_center", COST_CENTER_TAG)):
            if getattr(self, field) is not None and key in self.tags:
                yield error(
                    "TAG-010",
                    f"the tag '{key}' is said twice, by `{field}` and under `tags`",
                    "tags",
                    key,
                    got=self.tags[key],
                    hint=f"leave it to `{field}`, or take `{field}` away",
                )
        if len(self.tags) > _MOST:
            yield error(
                "TAG-011",
                f"{len(self.tags)} tags are too many",
                "tags",
                allowed=f"up to {_MOST}, so that with EMR's and emrkit's own no resource has more than 50",
                reason=_PAGE,
            )
        for key, value in self.tags.items():
            yield from _check_tag(key, value, "tags", key)
        for field in ("owner", "cost_center"):
            if (text := getattr(self, field)) is not None:
                yield from _check_tag("x", text, field)


def _check_tag(key: str, value: str, *path: str) -> Iterator[Diagnostic]:
    if key.lower().startswith("aws:") or key.startswith("emrkit:"):
        yield error(
            "TAG-012",
            f"the tag '{key}' is reserved",
            *path,
            got=key,
            reason=f"keys that begin with aws: are AWS's, those with emrkit: are emrkit's; {_PAGE}",
        )
    yield from check_tag_text(key, value, *path, characters=_CHARACTERS)


def check_tag_text(key: str, value: str, *path: str, characters: re.Pattern[str] | None = None) -> Iterator[Diagnostic]:
    """Key and value of a tag: their length, and the characters that every AWS service takes, if that is asked."""
    for text, most, what in ((key, 128, "key"), (value, 256, "value")):
        if is_token(text):
            continue
        odd = characters is not None and not characters.fullmatch(text)
        if len(text) > most or (what == "key" and not text) or odd:
            yield error(
                "TAG-013",
                f"this is not a tag's {what}",
                *path,
                got=text if len(text) <= 80 else f"{text[:77]}...",
                allowed=f"up to {most} letters, digits, spaces and _ . : / = + - @",
                reason=_PAGE,
            )
