"""Tags for owner and costs: what they become, and what AWS does not take."""

from __future__ import annotations

import pytest

from emrkit_model.ownership import Ownership
from emrkit_model.tokens import UNKNOWN_TEXT
from emrkit_model.values import InvalidModel


def codes(**fields: object) -> dict[str, tuple[str | int, ...]]:
    with pytest.raises(InvalidModel) as caught:
        Ownership.parse(fields)
    return {found.code: found.path for found in caught.value.diagnostics}


def test_nothing_declared_is_no_tag():
    assert Ownership().all_tags() == {}


def test_owner_and_cost_center_come_first_and_everything_is_text():
    ownership = Ownership.parse({"tags": {"tier": 1, "gold": True}, "owner": "data", "cost_center": "4711"})
    assert list(ownership.all_tags().items()) == [
        ("owner", "data"),
        ("cost-center", "4711"),
        ("tier", "1"),
        ("gold", "true"),
    ]


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"owner": "a", "tags": {"owner": "b"}}, "E-TAG-010", ("tags", "owner")),
        ({"cost_center": "a", "tags": {"cost-center": "b"}}, "E-TAG-010", ("tags", "cost-center")),
        ({"tags": {f"key{n}": "x" for n in range(41)}}, "E-TAG-011", ("tags",)),
        ({"tags": {"aws:owner": "x"}}, "E-TAG-012", ("tags", "aws:owner")),
        ({"tags": {"AWS:owner": "x"}}, "E-TAG-012", ("tags", "AWS:owner")),
        ({"tags": {"emrkit:project": "x"}}, "E-TAG-012", ("tags", "emrkit:project")),
        ({"tags": {"k" * 129: "x"}}, "E-TAG-013", ("tags", "k" * 129)),
        ({"tags": {"": "x"}}, "E-TAG-013", ("tags", "")),
        ({"tags": {"key": "v" * 257}}, "E-TAG-013", ("tags", "key")),
        ({"tags": {"key": "a;b"}}, "E-TAG-013", ("tags", "key")),
        ({"owner": "me\N{BLACK HEART SUIT}"}, "E-TAG-013", ("owner",)),
    ],
)
def test_a_tag_that_aws_does_not_take_is_refused_where_it_stands(fields, code, path):
    assert codes(**fields)[code] == path


def test_what_aws_takes_is_accepted():
    tags = {"k" * 128: "v" * 256, "team/data:x=1+2-3@home _.": "", "Straße": "größe"}
    assert Ownership(tags=tags).all_tags() == tags


def test_every_problem_is_reported_at_once():
    assert set(codes(owner="a", tags={"owner": "b", "aws:x": "c", "y": "<"})) == {"E-TAG-010", "E-TAG-012", "E-TAG-013"}


def test_tokens_pass():
    assert Ownership(owner=UNKNOWN_TEXT, tags={"stack": UNKNOWN_TEXT}).all_tags()["owner"] == UNKNOWN_TEXT
