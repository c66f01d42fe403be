"""Questions about capacity: instance types in the zones, free addresses, quotas of vCPU and of clusters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.targets.account import Account, Market, QuotaView
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning

__all__ = ["check_addresses", "check_cluster_quota", "check_offerings", "check_vcpu_quotas"]

_TYPES = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-discovery.html"
_ADDRESSES = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html"
_QUOTAS = (
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits"
)
_EMR_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/emr.html"
_MOST_CLUSTERS = 500
"""Active clusters by default, where Service Quotas does not tell."""


def check_offerings(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every fleet has a type that the zones of the subnets offer."""
    types = needs.demand.types
    if not types:
        return
    offered = account.offerings(types)
    zones = frozenset(s.zone for s in account.subnets(needs.subnets).values()) if needs.subnets else frozenset[str]()
    where = f"the zones of its subnets ({', '.join(sorted(zones))})" if zones else f"any zone of {needs.region}"
    for pool in needs.demand.pools:
        names = [kind.name for kind in pool.types]
        places = {name: offered.get(name, frozenset[str]()) for name in names}
        yield from (d.within(pool.role) for d in _check_pool(pool.role, places, zones, where))


def _check_pool(
    role: str, offered: Mapping[str, frozenset[str]], zones: frozenset[str], where: str
) -> Iterator[Diagnostic]:
    missing = [name for name, here in offered.items() if not (here & zones if zones else here)]
    if len(missing) == len(offered):
        yield error(
            "PRE-010",
            f"no instance type of the {role} nodes is offered in {where}",
            got=", ".join(offered),
            allowed=_elsewhere(offered),
            reason=f"EMR gives up only after its provisioning timeout ({_TYPES})",
            hint="take other types or other subnets",
        )
    elif missing:
        yield warning(
            "PRE-010",
            f"some instance types of the {role} nodes are not offered in {where}",
            got=", ".join(missing),
            reason=f"the fleet has fewer types to choose from than it seems ({_TYPES})",
            hint="take other types or other subnets",
        )
    elif zones and all(zones - here for here in offered.values()):
        lacking = sorted({zone for here in offered.values() for zone in zones - here})
        yield warning(
            "PRE-013",
            f"in {', '.join(lacking)} not every type of the {role} nodes is offered",
            got=", ".join(offered),
            reason=f"EMR chooses one subnet for the whole cluster ({_TYPES})",
            hint="add types that all zones offer, or leave out the subnets of those zones",
        )


def _elsewhere(offered: Mapping[str, frozenset[str]]) -> str | None:
    zones = sorted({zone for here in offered.values() for zone in here})
    return f"offered in {', '.join(zones)}" if zones else None


def check_addresses(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """A subnet has as many free addresses as the cluster has nodes: at its start, and at most."""
    if not needs.subnets:
        return
    subnets = account.subnets(needs.subnets)
    free = {view.id: view.free_addresses for view in subnets.values()}
    if not free:
        return
    first, most = needs.demand.first_nodes, needs.demand.most_nodes
    shown = ", ".join(f"{subnet}: {count}" for subnet, count in sorted(free.items()))
    if max(free.values()) < first:
        yield error(
            "PRE-011",
            "no subnet has enough free addresses for the nodes that the cluster starts with",
            "subnets",
            got=f"free addresses {shown}",
            allowed=f"at least {first}",
            reason=f"each node takes an address, and all nodes stand in one subnet ({_ADDRESSES})",
            hint="use larger subnets, or fewer and larger nodes",
        )
    elif small := {subnet: count for subnet, count in free.items() if count < most}:
        yield warning(
            "PRE-011",
            "the cluster can grow beyond the free addresses of its subnets",
            "subnets",
            got=f"free addresses {', '.join(f'{s}: {c}' for s, c in sorted(small.items()))}",
            allowed=f"{most} nodes at most",
            reason=f"when the addresses are used up, resizing stops without an error of the cluster ({_ADDRESSES})",
            hint="use larger subnets, or a lower maximum",
        )


@dataclass(frozen=True, slots=True)
class _Class:
    """The instance families that share one vCPU quota."""

    market: Market
    families: tuple[str, ...]
    quota: QuotaView

    @property
    def is_standard(self) -> bool:
        return "(" in self.quota.name


_NAMES: Mapping[Market, re.Pattern[str]] = {
    "on-demand": re.compile(r"Running On-Demand (.+) instances", re.I),
    "spot": re.compile(r"All (.+) Spot Instance Requests", re.I),
}
_FAMILIES = re.compile(r"\((.+)\)")


def _classes(quotas: Iterable[QuotaView]) -> Iterator[_Class]:
    """The vCPU quotas, by the families that their names list: `Standard (A, C, …)`, `G and VT`, `P5`."""
    for quota in quotas:
        for market, form in _NAMES.items():
            if found := form.fullmatch(quota.name.strip()):
                inner = _FAMILIES.search(found[1])
                words = re.split(r",\s*|\s+and\s+", inner[1] if inner else found[1])
                yield _Class(market, tuple(word.strip().lower() for word in words), quota)


def _class_of(name: str, market: Market, classes: Iterable[_Class]) -> _Class | None:
    """The quota that an instance type counts towards; a class of its own goes before the standard one."""
    family = name.partition(".")[0]
    letters = re.match(r"[a-z]*", family)
    word = letters[0] if letters else ""
    mine = [c for c in classes if c.market == market]
    for known in mine:
        if not known.is_standard and any(
            f == word or (f[-1:].isdigit() and family.startswith(f)) for f in known.families
        ):
            return known
    return next((known for known in mine if known.is_standard and word[:1] in known.families), None)


def check_vcpu_quotas(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """The vCPU of the cluster fit the quotas of its instance families, with what runs already."""
    if not needs.demand.types:
        return
    classes = tuple(_classes(account.quotas("ec2")))
    for market in get_args(Market):
        groups: dict[str, list[str]] = {}
        known: dict[str, _Class] = {}
        for name in needs.demand.types:
            if (found := _class_of(name, market, classes)) is not None:
                groups.setdefault(found.quota.name, []).append(name)
                known[found.quota.name] = found
        for title, names in groups.items():
            yield from _check_quota(known[title], names, needs, account, classes)


def _check_quota(
    mine: _Class, names: list[str], needs: ClusterNeeds, account: Account, classes: tuple[_Class, ...]
) -> Iterator[Diagnostic]:
    market, limit, types = mine.market, int(mine.quota.value), f"{mine.market} vCPU ({', '.join(names)})"
    first = needs.demand.first_vcpus(market, frozenset(names))
    most = needs.demand.most_vcpus(market, frozenset(names))
    if most == 0 and first == 0:
        return
    allowed = f"{limit} by the quota '{mine.quota.name}'"
    if first > limit:
        yield error(
            "PRE-012",
            "the cluster needs more vCPU at its start than the account may run",
            got=f"{first} {types}",
            allowed=allowed,
            reason=f"EMR waits for capacity that never comes, then ends the cluster ({_QUOTAS})",
            hint="ask Service Quotas for more, or take fewer or smaller nodes",
        )
        return
    running = sum(
        use.vcpu for use in account.vcpus() if use.market == market and _class_of(use.type, market, classes) == mine
    )
    if first + running > limit:
        yield warning(
            "PRE-014",
            "with what runs already, the cluster needs more vCPU at its start than the account may run",
            got=f"{first} {market} vCPU, and {running} run",
            allowed=allowed,
            reason=f"what runs now may have ended by then; if not, EMR waits, then gives up ({_QUOTAS})",
            hint="end what is not needed, or ask Service Quotas for more",
        )
    elif most + running > limit:
        yield warning(
            "PRE-012",
            "the cluster can grow beyond the vCPU that the account may run",
            got=f"up to {most} {types}, and {running} run",
            allowed=allowed,
            reason=f"scaling stops there without an error of the cluster ({_QUOTAS})",
            hint="ask Service Quotas for more, or lower the maximum",
        )


def check_cluster_quota(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """There is room for one more active cluster."""
    quotas = account.quotas("elasticmapreduce")
    limit = next((int(q.value) for q in quotas if "active clusters" in q.name.lower()), _MOST_CLUSTERS)
    active = account.active_clusters()
    if active >= limit:
        yield error(
            "PRE-015",
            "the account has as many active clusters as it may",
            got=f"{active} active clusters in {needs.region}",
            allowed=f"{limit}",
            reason=f"EMR refuses the next one ({_EMR_QUOTAS})",
            hint="end clusters that are not needed, or ask Service Quotas for more",
        )
