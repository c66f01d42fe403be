"""Presto and Trino: memory of queries, retries, connectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, cast

from pydantic import AfterValidator

from emrkit_facts import classifications
from emrkit_model.configurations import Configuration
from emrkit_model.contributions import Contribution, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import NO_SETTINGS, Count, Flag, FrozenMap, Settings, Text, words
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

from .amounts import KeyedSettings

__all__ = ["PrestoSettings", "TrinoSettings"]


def _frozen(value: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """A map of maps that does not change and has a hash, as values have."""
    return cast("Mapping[str, Mapping[str, str]]", FrozenMap(cast("dict[str, str]", value)))


_NONE = _frozen({})


class PrestoSettings(KeyedSettings):
    """`presto-config` and Presto's connectors; EMR lets nobody change the options of its Java.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-presto-considerations.html

    >>> [c.classification for _, c in PrestoSettings(query_memory="50GB").configurations("emr-7.12.0", None)]
    ['presto-config']
    """

    query_memory: Text | None = None
    """Memory of one query on all workers, such as `50GB`. Default: Presto's 20GB."""
    query_memory_per_node: Text | None = None
    """Memory of one query on one worker. Default: Presto's, by the heap."""
    query_time: Text | None = None
    """How long a query may run, such as `2h`. Default: Presto's 100 days."""
    port: Count | None = None
    """Port of the coordinator. Default: 8889."""
    hive: Settings = NO_SETTINGS
    """Properties of the Hive connector. Where the tables are described is `Cluster.metastore`'s to say."""
    connectors: Annotated[Mapping[str, Settings], AfterValidator(_frozen)] = _NONE
    """Properties of other connectors by name, for example `mysql` or `kafka`."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Presto",)
    PREFIX: ClassVar[str] = "presto"
    FIELDS: ClassVar[Mapping[str, str]] = {
        "query_memory": "query.max-memory",
        "query_memory_per_node": "query.max-memory-per-node",
        "query_time": "query.max-run-time",
        "port": "http-server.http.port",
    }
    COUNTS: ClassVar[tuple[str, ...]] = ("port",)

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """Every field under the names that the engine's classifications have on the release."""
        for field, key in self.FIELDS.items():
            yield from under(field, self._named("config", release), {key: getattr(self, field)})
        yield from under("hive", self._named("connector-hive", release), dict(self.hive))
        for name, properties in self.connectors.items():
            classification = self._named(f"connector-{name}", release)
            yield ("connectors", name), Configuration.of(classification, dict(properties))

    def _named(self, part: str, release: str) -> str:
        name = f"{self.PREFIX}-{part}"
        return name if is_token(release) else classifications.name_in(name, release) or name


class TrinoSettings(PrestoSettings):
    """`trino-config`, fault tolerance and Trino's connectors; `prestosql-…` up to 6.3.1, where Trino had that name.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-trino.html and
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/trino-ft.html

    >>> [c.classification for _, c in TrinoSettings(query_memory="50GB").configurations("emr-6.2.0", None)]
    ['prestosql-config']
    """

    retry: Annotated[str | None, words("QUERY", "TASK")] = None
    """What is tried again when a worker fails: QUERY for many small queries, TASK for large ones. Default: nothing."""
    exchange: Text | None = None
    """Where retries find what other workers made: `s3://…`, or a path on HDFS; from 6.9.0 on. Default: HDFS."""
    spill: Flag | None = None
    """Let queries that need more memory use disks; needs `spill_path`. Default: false."""
    spill_path: Text | None = None
    """Folders on the workers' disks for that, with commas. Default: none."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("Trino", "PrestoSQL")
    PREFIX: ClassVar[str] = "trino"
    FIELDS: ClassVar[Mapping[str, str]] = {
        **PrestoSettings.FIELDS,
        "retry": "retry-policy",
        "spill": "spill-enabled",
        "spill_path": "spiller-spill-path",
    }

    def contradictions(self) -> Iterator[Diagnostic]:
        """Spilling needs somewhere to spill to."""
        if self.spill is True and self.spill_path is None:
            yield error(
                "CONF-080",
                "spill needs spill_path",
                "spill",
                reason="Trino does not start without it (https://trino.io/docs/current/admin/properties-spilling.html)",
                hint="name folders on the workers' own disks, such as /mnt/trino-spill",
            )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:
        """And the exchange manager, which retries need."""
        yield from super().derived(release, applications)
        if self.retry is None and self.exchange is None:
            return
        field = "retry" if self.exchange is None else "exchange"
        properties: dict[str, object] = {}
        if self.exchange is not None:
            properties["exchange.base-directories"] = self.exchange
            if not is_token(self.exchange) and not self.exchange.startswith("s3://"):
                properties["exchange.use-local-hdfs"] = True
        # Named alone the classification is enough: EMR then keeps the exchange on HDFS.
        yield (field,), Configuration.of("trino-exchange-manager", properties)
