"""HBase's servers: heap, caches, regions. Where its data and its log lie is `Cluster.hbase`'s to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from emrkit_model.contributions import Contribution, export, under
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Seconds
from emrkit_model.findings import error
from emrkit_model.tokens import is_token

from .amounts import Bytes, KeyedSettings, Megabytes, Share

__all__ = ["HBaseSettings"]

_BOOK = "https://hbase.apache.org/book.html#config.files"
_LIMIT = 0.8


class HBaseSettings(KeyedSettings):
    """`hbase-site` and `hbase-env`.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hbase-configure.html

    >>> [dict(c.properties) for _, c in HBaseSettings(handlers=60).configurations("emr-7.12.0", None)]
    [{'hbase.regionserver.handler.count': '60'}]
    """

    heap: Megabytes | None = None
    """MB of heap of each of HBase's servers. Default: EMR's for the type."""
    block_cache: Share | None = None
    """Share of a region server's heap that caches what is read, 0 to 1. Default: HBase's 0.4."""
    memory_stores: Share | None = None
    """Share of a region server's heap that holds what is not written yet, 0 to 1. Default: HBase's 0.4."""
    handlers: Count | None = None
    """Threads of a region server for requests. Default: EMR's."""
    region_size: Bytes | None = None
    """Bytes at which a region is split. Default: HBase's 10g."""
    flush_size: Bytes | None = None
    """Bytes at which what was written to a region goes to its file. Default: HBase's 128m."""
    major_compaction_milliseconds: Count | None = None
    """Time between major compactions; 0 never by itself. Default: HBase's week."""

    session_timeout: Seconds | None = None
    """How long a region server may be silent before its regions go to others. Default: 40 seconds."""

    APPLICATIONS: ClassVar[tuple[str, ...]] = ("HBase",)
    KEYS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "block_cache": ("hbase-site", "hfile.block.cache.size"),
        "memory_stores": ("hbase-site", "hbase.regionserver.global.memstore.size"),
        "handlers": ("hbase-site", "hbase.regionserver.handler.count"),
        "region_size": ("hbase-site", "hbase.hregion.max.filesize"),
        "flush_size": ("hbase-site", "hbase.hregion.memstore.flush.size"),
        "major_compaction_milliseconds": ("hbase-site", "hbase.hregion.majorcompaction"),
    }
    SHARES: ClassVar[tuple[str, ...]] = ("block_cache", "memory_stores")
    COUNTS: ClassVar[tuple[str, ...]] = ("heap", "handlers", "region_size", "flush_size")

    def contradictions(self) -> Iterator[Diagnostic]:
        """Both caches together leave a fifth of the heap, or no region server starts."""
        cache = 0.4 if self.block_cache is None else self.block_cache
        stores = 0.4 if self.memory_stores is None else self.memory_stores
        if not is_token(cache) and not is_token(stores) and round(cache + stores, 6) > _LIMIT:
            field = "memory_stores" if self.block_cache is None else "block_cache"
            yield error(
                "CONF-070",
                f"block_cache {cache:g} and memory_stores {stores:g} are more than {_LIMIT:g} of the heap",
                field,
                got=f"{cache + stores:g}",
                allowed=f"at most {_LIMIT:g} together",
                reason=f"a region server with less than a fifth of free heap does not start ({_BOOK})",
                hint="set both: one can rise only if the other falls",
            )

    def derived(self, release: str, applications: frozenset[str] | None) -> Iterator[Contribution]:  # noqa: ARG002
        """The heap, which is a variable of the environment; the time-out, which HBase counts in milliseconds."""
        yield from export("heap", "hbase-env", {"HBASE_HEAPSIZE": self.heap})
        if self.session_timeout is not None:
            known = not is_token(self.session_timeout)
            milliseconds = self.session_timeout * 1000 if known else self.session_timeout
            yield from under("session_timeout", "hbase-site", {"zookeeper.session.timeout": milliseconds})
