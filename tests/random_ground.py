"""What a random cluster stands on: its release with what that has, its applications, and how its nodes are bought."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from emrkit_facts import classifications, instance_types, releases, security

__all__ = [
    "ACCOUNT",
    "NAMES",
    "REGION",
    "RELEASES",
    "TEXTS",
    "Ground",
    "Plain",
    "composite",
    "drawn",
    "example",
    "grounds",
    "key",
    "keys",
    "numbers",
    "pick",
    "role",
    "secret",
    "some",
]

P = ParamSpec("P")
T = TypeVar("T")
Plain = dict[str, Any]
REGION, ACCOUNT = "eu-central-1", "111122223333"
RELEASES = (
    "emr-5.31.0",  # older than IMDSv2 on EMR, and than S3's consistency
    "emr-5.36.2",
    "emr-6.15.0",
    "emr-7.0.0",
    "emr-7.7.0",
    "emr-7.12.0",
    releases.newest(),
    "emr-7.99.0",  # not in the data: a new release must work
    "emr-spark-8.1.0",
)
_FAMILIES = ("m5", "r5", "c5", "m6i", "r6i", "c6i", "m6g", "r6g", "c6g", "m7g")
_WITH_SETTINGS = (
    *("Spark", "Hive", "Tez", "HBase", "Presto", "Trino", "Flink", "Hue"),
    *("Zeppelin", "JupyterHub", "Livy", "Oozie"),
)
_FLAGS = st.booleans()
_RARELY = st.sampled_from([False, False, False, True])
NAMES = st.text("abcdefgh", min_size=1, max_size=8)
TEXTS = st.text("abc é/:-", min_size=1, max_size=8)


class Steady(HypothesisProvider):
    """Draws that depend on the seed alone.

    Hypothesis's own now and then takes a constant out of the code that happens to be loaded: a test beside this one, or
    a number in the product, would make other examples of the same seed.
    """

    def _maybe_draw_constant(self, *_: object, **__: object) -> None:
        return None


AVAILABLE_PROVIDERS["steady"] = f"{__name__}.{Steady.__name__}"


def drawn(strategy: st.SearchStrategy[T], count: int) -> Iterator[T]:
    """So many examples, the same in every run, so that what fails fails again; each is drawn anew."""
    return (example(strategy, number) for number in numbers(count))


def numbers(count: int) -> range:
    """The numbers of so many examples.

    By hand, to hunt: `EMRKIT_RANDOM_SEED` takes others, and `EMRKIT_RANDOM_EXAMPLES` says how many.
    """
    start = int(os.environ.get("EMRKIT_RANDOM_SEED", 0)) * 1_000_000
    return range(start, start + int(os.environ.get("EMRKIT_RANDOM_EXAMPLES", count)))


def example(strategy: st.SearchStrategy[T], number: int) -> T:
    """The second of two: the first is the smallest that there is, and later ones would be changes of earlier ones."""
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        backend="steady",
    )
    @given(strategy)
    def draw(one: T) -> None:
        found.append(one)

    draw()
    return found[-1]


def composite(function: Callable[Concatenate[st.DrawFn, P], T]) -> Callable[P, st.SearchStrategy[T]]:
    """Hypothesis's own, which makes a strategy once for the same arguments: to make one costs more than to draw."""
    return lru_cache(maxsize=256)(st.composite(function))


def pick(draw: st.DrawFn, fields: Mapping[str, st.SearchStrategy[Any]], **always: st.SearchStrategy[Any]) -> Plain:
    """What `some` draws, where the fields are only known while drawing."""
    found = {name: draw(strategy) for name, strategy in always.items()}
    return found | {name: draw(strategy) for name, strategy in fields.items() if draw(_FLAGS)}


def some(fields: Mapping[str, st.SearchStrategy[Any]], **always: st.SearchStrategy[Any]) -> st.SearchStrategy[Plain]:
    """A map that has each of the fields, or has it not."""
    return st.fixed_dictionaries(always, optional=dict(fields))


@dataclass(frozen=True, slots=True)
class Ground:
    """What is drawn first, because everything else depends on it."""

    release: str
    architecture: str
    applications: tuple[str, ...]
    grouped: bool
    """Instance groups; else fleets."""
    three: bool
    """Three primary nodes."""

    @property
    def train(self) -> str:
        """The release whose list of types counts; none is documented for the Spark train and for what is newer."""
        known = isinstance(releases.find(self.release), releases.Release)
        return self.release if known and not self.release.startswith("emr-spark-") else releases.newest()

    @property
    def types(self) -> tuple[str, ...]:
        """The instance types to choose from."""
        return usable_types(self.train, self.architecture)

    def admits(self, gate: str) -> bool:
        """Whether the release has a feature."""
        found = security.gate(gate)
        assert not isinstance(found, security.UnknownGate), gate
        return found.admits(self.release) is not False

    def renders(self, *names: str) -> bool:
        """Whether the release has all these classifications."""
        return all(classifications.in_release(name, self.release) is not False for name in names)

    def has(self, *applications: str) -> bool:
        """Whether one of the applications is installed."""
        return not set(applications).isdisjoint(self.applications)


@cache
def usable_types(release: str, architecture: str) -> tuple[str, ...]:
    """Instance types of one architecture that a release runs in the region the templates are linted for."""
    found: list[str] = []
    for name in instance_types.names():
        facts = instance_types.find(name)
        if not isinstance(facts, instance_types.InstanceTypeFacts) or name.split(".")[0] not in _FAMILIES:
            continue
        big_enough = 4 <= facts.vcpu <= 64 and facts.memory_gb >= 8
        if facts.arch == architecture and big_enough and REGION in facts.regions and facts.supported_by(release):
            found.append(name)
    return tuple(found)


@cache
def offered(release: str) -> tuple[str, ...]:
    """The applications of a release."""
    known = releases.find(release)
    return tuple(known.applications) if isinstance(known, releases.Release) else ("Spark", "Hive", "Hadoop", "Trino")


@composite
def grounds(draw: st.DrawFn) -> Ground:
    """A release, an architecture that it runs, applications that it has, the kind of nodes, how many are primary."""
    release = draw(st.sampled_from(RELEASES))
    names = offered(release)
    # Those that have settings twice as often as the others.
    names += tuple(name for name in names if name in _WITH_SETTINGS)
    applications = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=9))
    if "Presto" in applications:  # the one exclusion: both take the same port
        applications = [name for name in applications if name != "Trino"]
    architecture, grouped = draw(st.sampled_from(["x86_64", "arm64"])), draw(_FLAGS)
    ground = Ground(release, architecture, tuple(applications), grouped=grouped, three=False)
    three = draw(_RARELY) and ground.admits(f"multi-primary-{'groups' if grouped else 'fleets'}")
    return replace(ground, three=three)


@cache
def keys() -> st.SearchStrategy[str]:
    """ARNs of KMS keys."""
    return st.integers(1, 9).map(key)


def key(number: int) -> str:
    """The ARN of a KMS key."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-{number:012}"


def role(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def secret(name: str) -> str:
    """The ARN of a secret."""
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
