"""What is deployed, in rows with links: a summary for people and scripts, made of contracts and observed states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from emrkit_model.contract import Contract

__all__ = ["Row", "Surroundings", "describe"]


_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True, slots=True)
class Row:
    """One deployed thing: its kind, its name in the project, what the target calls it, its state and a link to it."""

    kind: str
    name: str
    id: str
    state: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the things are: the region for links to the AWS console, or the folders behind the buckets."""

    region: str
    on_aws: bool
    folder_of: Callable[[str], str | None] = lambda _: None

    def cluster(self, cluster_id: str) -> str:
        """The cluster's page in the AWS console."""
        return self._console("emr", f"clusterDetails/{cluster_id}")

    def bucket(self, name: str) -> str:
        """The bucket's page in the AWS console, or its folder."""
        if not self.on_aws:
            return self.folder_of(name) or f"s3://{name}/"
        return f"https://{self._domain}/s3/buckets/{quote(name)}?region={self.region}"

    def machine(self, arn: str) -> str:
        """The state machine's page in the AWS console."""
        return self._console("states", f"statemachines/view/{quote(arn, safe=':')}")

    def key(self, arn: str) -> str:
        """The key's page in the AWS console."""
        return self._console("kms", f"kms/keys/{arn.rsplit('/', 1)[-1]}")

    def _console(self, service: str, page: str) -> str:
        if not self.on_aws:
            return ""
        return f"https://{self.region}.{self._domain}/{service}/home?region={self.region}#/{page}"

    @property
    def _domain(self) -> str:
        """The console's; China and GovCloud have their own."""
        for start, domain in _CONSOLES.items():
            if self.region.startswith(start):
                return domain
        return "console.aws.amazon.com"


def describe(
    contracts: Iterable[Contract], states: Mapping[str, str], around: Surroundings
) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """For each stack its rows; `states` gives the state of a cluster by its id."""
    for contract in contracts:
        rows: list[Row] = []
        for name, cluster in contract.clusters.items():
            state = states.get(cluster.id, "gone") if cluster.id else "launched by runs"
            rows.append(Row("cluster", name, cluster.id or "", state, around.cluster(cluster.id) if cluster.id else ""))
            if cluster.log_uri:
                bucket = cluster.log_uri.removeprefix("s3://").split("/", 1)[0]
                rows.append(Row("logs", name, cluster.log_uri, "", around.bucket(bucket)))
        for name, pipeline in contract.pipelines.items():
            arn = pipeline.state_machine_arn
            rows.append(Row("pipeline", name, arn, "", around.machine(arn)))
        rows += [Row("bucket", name, bucket, "", around.bucket(bucket)) for name, bucket in contract.buckets.items()]
        rows += [Row("key", name, arn, "", around.key(arn)) for name, arn in contract.keys.items()]
        yield contract.stack, tuple(rows)
