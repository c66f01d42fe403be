"""A token at any place of a random cluster passes, or is refused by a rule; so does what is no value at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, cast

from emrkit_model.checking import check
from emrkit_model.cluster import Cluster
from emrkit_model.network.fitness import check_cluster, most_nodes
from emrkit_model.permissions import Place, needed_permissions
from emrkit_model.render import cloudformation, request, task
from emrkit_model.rules import clusters as guardrails
from emrkit_model.tokens import UNKNOWN_LIST, UNKNOWN_NUMBER, UNKNOWN_TEXT
from emrkit_model.values import InvalidModel
from tests.random_clusters import Example, each, examples
from tests.random_ground import Plain

HOW_MANY, PLACES = 40, 10
WRONG = (
    None,
    -1,
    0,
    "",
    [],
    {},
    "x",
    True,
    3.5,
    10**30,
    float("nan"),
    float("inf"),
    [None],
    {"a": None},
    "${",
    "€" * 300,
)
Path = tuple[str | int, ...]


class Resolvable:
    """What CDK resolves by itself, such as the outcome of a condition."""

    creation_stack = ()

    def resolve(self, _: object) -> object:
        raise AssertionError("nobody asks at synthesis")


def test_a_token_at_any_place_passes_or_is_refused_by_a_rule() -> None:
    def passes(example: Example) -> None:
        random = Random(json.dumps(example.document))
        for path in _some(example.document, random):
            _try(example.document, path, _token(_at(example.document, path), random))

    each(examples(HOW_MANY), passes)


def test_what_is_no_value_is_refused_by_a_rule() -> None:
    def is_refused(example: Example) -> None:
        random = Random(json.dumps(example.document))
        for path in _some(example.document, random):
            _try(example.document, path, random.choice(WRONG))

    each(examples(HOW_MANY), is_refused)


def _try(document: Plain, path: Path, value: object) -> None:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    try:
        cluster = Cluster.parse({name: field for name, field in changed.items() if name != "steps"})
    except InvalidModel:
        return
    except Exception as failure:
        failure.add_note(f"{value!r} at {path}")
        raise
    try:
        _use(cluster)
    except Exception as failure:
        failure.add_note(f"{value!r} at {path}")
        raise


def _use(cluster: Cluster) -> None:
    """All that is asked of a cluster before it is launched or written into a template."""
    assert cluster.replace() == cluster
    check(cluster)
    needed_permissions(cluster, Place("aws", "eu-central-1", "111122223333"))
    most_nodes(cluster)
    list(check_cluster(cluster, way_out=False, services=(), service_ports=True, service_endpoint=True, addresses=10))
    request.run_job_flow(cluster)
    for render in (_template, task.create_cluster, guardrails.check_cluster):
        try:
            render(cluster)
        except InvalidModel as refused:
            # What only requests say; a realm, or a secret in a configuration, and a state machine.
            codes = {found.code for found in refused.diagnostics}
            assert codes <= {"E-CLUS-097", "E-KRB-030", "E-META-030"}, codes


def _template(cluster: Cluster) -> object:
    return cloudformation.to_l1(cloudformation.CLUSTER, cloudformation.cluster_properties(cluster))


def _token(old: object, random: Random) -> object:
    if random.random() < 0.4:
        return Resolvable()
    if isinstance(old, list):
        return list(UNKNOWN_LIST)
    number = isinstance(old, (int, float)) and not isinstance(old, bool)
    return UNKNOWN_NUMBER if number and random.random() < 0.7 else UNKNOWN_TEXT


def _some(document: Plain, random: Random) -> list[Path]:
    found = [path for path in _places(document) if path[0] != "steps"]
    return random.sample(found, min(PLACES, len(found)))


def _places(value: object, above: Path = ()) -> Iterator[Path]:
    """Every list, and everything that is no list and no map, by its path."""
    if isinstance(value, dict):
        for key, inner in cast("Plain", value).items():
            yield from _places(inner, (*above, key))
        return
    yield above
    if isinstance(value, list):
        for number, inner in enumerate(cast("list[object]", value)):
            yield from _places(inner, (*above, number))


def _at(document: Plain, path: Path) -> object:
    place: Any = document
    for step in path:
        place = place[step]
    return place
