"""Questions about the network: subnets and security groups, their tags, name resolution, block public access."""

from __future__ import annotations

from collections.abc import Iterator

from emrkit_facts.iam import EMR_TAG
from emrkit_jobs.preflight.needs import ClusterNeeds
from emrkit_jobs.targets.account import Account, GroupView
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.findings import error, warning

__all__ = ["check_groups", "check_names", "check_public_access", "check_subnets", "check_tags"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"
_VPC = _GUIDE + "emr-clusters-in-a-vpc.html"
_GROUPS = _GUIDE + "emr-man-sec-groups.html"
_BLOCK = _GUIDE + "emr-block-public-access.html"
_POLICY = _GUIDE + "emr-managed-iam-policies.html"
_SCOPED_POLICY = "AmazonEMRServicePolicy_v2"
_SSH = (22, 22)


def check_subnets(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every subnet exists, all in one VPC, all public or all private."""
    if not needs.subnets:
        return
    found = account.subnets(needs.subnets)
    for missing in (subnet for subnet in needs.subnets if subnet not in found):
        yield error(
            "PRE-020",
            f"subnet {missing} does not exist in {needs.region}",
            "subnets",
            got=missing,
            reason=f"EMR refuses the cluster after it has started to make it ({_VPC})",
            hint="name a subnet of this account and Region; `emrkit deploy` makes the project's own",
        )
    vpcs = sorted({view.vpc for view in found.values()})
    if len(vpcs) > 1:
        yield error(
            "PRE-021",
            "the subnets are in different VPCs",
            "subnets",
            got=", ".join(f"{view.id} in {view.vpc}" for view in found.values()),
            reason=f"EMR chooses one of them, and the security groups belong to one VPC ({_VPC})",
            hint="name subnets of one VPC",
        )
    elif vpcs:
        public = account.public_subnets(vpcs[0], found)
        if public and len(public) < len(found):
            yield error(
                "PRE-027",
                "some subnets are public and some are private",
                "subnets",
                got=f"public: {', '.join(sorted(public))}",
                reason=f"a public and a private subnet need different security groups ({_VPC})",
                hint="name private subnets alone",
            )


def check_groups(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Every security group exists, in the VPC of the subnets."""
    if not needs.groups:
        return
    found = account.groups(needs.groups.values())
    vpcs = {view.vpc for view in account.subnets(needs.subnets).values()} if needs.subnets else set[str]()
    for what, group in needs.groups.items():
        view = found.get(group)
        if view is None:
            yield error(
                "PRE-026",
                f"the {what} does not exist",
                got=group,
                reason=f"EMR refuses the cluster after it has started to make it ({_GROUPS})",
                hint="name a group of this account and Region, or leave it to the stack",
            )
        elif vpcs and view.vpc not in vpcs:
            yield error(
                "PRE-028",
                f"the {what} belongs to another VPC than the subnets",
                got=f"{group} in {view.vpc}",
                allowed=", ".join(sorted(vpcs)),
                reason=f"EMR refuses the cluster after it has started to make it ({_GROUPS})",
                hint="name a group of that VPC",
            )


def check_tags(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Under the v2 service policy, subnets and security groups carry EMR's tag."""
    if not needs.subnets and not needs.groups:
        return
    scoped = needs.scoped or (
        needs.service_role is not None
        and account.role(needs.service_role)
        and _SCOPED_POLICY in account.attached_policies(needs.service_role)
    )
    if not scoped:
        return
    key, value = EMR_TAG
    subnets = account.subnets(needs.subnets).values() if needs.subnets else ()
    groups = account.groups(needs.groups.values()).values() if needs.groups else ()
    bare = [view.id for view in (*subnets, *groups) if view.tags.get(key) != value]
    if bare:
        yield error(
            "PRE-022",
            "the service role reaches only what is tagged for EMR, and this is not",
            got=", ".join(bare),
            allowed=f"the tag {key} = {value}",
            reason=f"{_SCOPED_POLICY} makes it a condition; EMR fails with UnauthorizedOperation ({_POLICY})",
            hint=f"`aws ec2 create-tags --resources {' '.join(bare)} --tags Key={key},Value={value}`",
        )


def check_names(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Names resolve in the VPC as Hadoop needs it."""
    if not needs.subnets:
        return
    subnets = account.subnets(needs.subnets)
    for vpc in sorted({view.vpc for view in subnets.values()}):
        dns = account.dns(vpc)
        off = [name for name, on in (("DNS resolution", dns.support), ("DNS hostnames", dns.hostnames)) if not on]
        public = account.public_subnets(vpc, [view.id for view in subnets.values() if view.vpc == vpc])
        if off and (public or not dns.support):
            yield error(
                "PRE-023",
                f"{' and '.join(off)} of the VPC must be on",
                "subnets",
                got=vpc,
                reason=f"nodes find each other by name; without names HDFS does not start ({_VPC})",
                hint=f"`aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-hostnames`, likewise for support",
            )
        elif off:
            yield warning(
                "PRE-023",
                f"{' and '.join(off)} of the VPC should be on",
                "subnets",
                got=vpc,
                reason=f"VPC endpoints with private names need it, and a move to a public subnet does ({_VPC})",
                hint=f"`aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-hostnames`",
            )
        expected = "ec2.internal" if needs.region == "us-east-1" else f"{needs.region}.compute.internal"
        strange = [f"servers {', '.join(dns.servers)}"] if dns.servers else []
        strange += [f"domain {dns.domain}"] if dns.domain not in (None, expected) else []
        if strange:
            yield warning(
                "PRE-024",
                "the VPC resolves names in its own way",
                "subnets",
                got=f"{vpc}: {'; '.join(strange)}",
                allowed=f"AmazonProvidedDNS and {expected}",
                reason=f"without reverse records for every node the cluster does not start ({_VPC})",
                hint="use the default DHCP options, or see that your servers answer forward and reverse look-ups",
            )


def check_public_access(needs: ClusterNeeds, account: Account) -> Iterator[Diagnostic]:
    """Block public access is on, and does not refuse this cluster."""
    block = account.public_access()
    if not block.on:
        yield warning(
            "PRE-025",
            f"EMR's block public access is off in {needs.region}",
            reason=f"nothing keeps a cluster of this account from being open to everybody ({_BLOCK})",
            hint="`aws emr put-block-public-access-configuration` with BlockPublicSecurityGroupRules=true",
        )
        return
    if not needs.subnets or not needs.groups:
        return
    subnets = account.subnets(needs.subnets)
    public = {s for vpc in {v.vpc for v in subnets.values()} for s in account.public_subnets(vpc, subnets)}
    if not public:
        return
    permitted = block.permitted or (_SSH,)
    opened = [
        f"{group.id} port {_ports(*ports)}"
        for group in account.groups(needs.groups.values()).values()
        for ports in _refused(group, permitted)
    ]
    if opened:
        yield error(
            "PRE-025",
            "block public access refuses the cluster: a security group is open to everybody",
            got=", ".join(opened),
            allowed=", ".join(_ports(*ports) for ports in permitted),
            reason=f"in a public subnet ({', '.join(sorted(public))}) EMR starts no such cluster ({_BLOCK})",
            hint="close the rule, or give the cluster private subnets",
        )


def _refused(group: GroupView, permitted: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    for first, last in group.open:
        if not any(low <= first and last <= high for low, high in permitted):
            yield first, last


def _ports(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
