"""Who gets in and what gets out: rules of security groups besides those that EMR needs itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from emrkit_facts import networking as facts
from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, Flag, Items, SecurityGroupLike, Text, read
from emrkit_model.findings import error
from emrkit_model.tokens import has_member, is_token
from emrkit_model.values import Value

__all__ = ["Egress", "GroupRules", "InboundRule"]

_WIDEST = {4: 8, 6: 32}
_PREFIX_LIST = re.compile(r"^pl-[0-9a-f]{8,17}$")
_GROUP = re.compile(r"^sg-[0-9a-f]{8,17}$")
_LIMITS = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"
_LISTS = "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html"


class InboundRule(Value):
    """Somebody who may reach the nodes on some ports: an address range, a security group or a prefix list.

    Never everybody: `0.0.0.0/0`, `::/0` and ranges nearly as wide are refused, as EMR's block public access would
    refuse the cluster.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html

    >>> InboundRule(source="10.20.0.0/16", port=8998, description="Livy for the office").peer()
    {'cidrIp': '10.20.0.0/16'}
    >>> InboundRule(source="sg-0123456789abcdef0", port=18080).peer()
    {'sourceSecurityGroupId': 'sg-0123456789abcdef0'}
    """

    AREA: ClassVar[str] = "NET"

    source: SecurityGroupLike
    """An IPv4 or IPv6 range, the id of a security group (or the CDK's group), or of a prefix list (`pl-…`)."""
    port: Count
    """The port, or the first of several."""
    to_port: Count | None = None
    """The last port. Default: `port` alone."""
    protocol: Text = "tcp"
    """`tcp` or `udp`."""
    description: Text | None = None
    """Why. Default: none."""

    def peer(self) -> dict[str, str]:
        """Who, in the words of CloudFormation."""
        if has_member(self.source, "security_group_id"):
            return {"sourceSecurityGroupId": read(self.source)}
        source = read(self.source)
        if source.startswith("pl-"):
            return {"sourcePrefixListId": source}
        if is_token(source) or source.startswith("sg-"):
            return {"sourceSecurityGroupId": source}
        return {"cidrIpv6": source} if ":" in source else {"cidrIp": source}

    def problems(self) -> Iterator[Diagnostic]:
        """The source is somebody, the ports are ports."""
        if isinstance(self.source, str) and not is_token(self.source):
            yield from _check_source(self.source)
        if not is_token(self.protocol) and self.protocol not in ("tcp", "udp"):
            yield error("NET-030", "protocol", "protocol", got=self.protocol, allowed="tcp, udp", reason=_LIMITS)
        last = self.port if self.to_port is None else self.to_port
        if not is_token(self.port) and not is_token(last) and not 0 <= self.port <= last <= 65535:
            yield error(
                "NET-031",
                "ports",
                "port",
                got=self.port if self.to_port is None else f"{self.port} to {last}",
                allowed="0 to 65535, the first not above the last",
                reason=_LIMITS,
            )


def _check_source(source: str) -> Iterator[Diagnostic]:
    if _GROUP.match(source) or _PREFIX_LIST.match(source):
        return
    try:
        network = ipaddress.ip_network(source)
    except ValueError:
        yield error(
            "NET-032",
            "this is nobody who could be let in",
            "source",
            got=source,
            allowed="an address range (10.0.0.0/8), a security group (sg-…) or a prefix list (pl-…)",
            reason=_LIMITS,
        )
        return
    if network.prefixlen < _WIDEST[network.version]:
        yield error(
            "NET-033",
            "this lets in everybody" if network.prefixlen == 0 else "this lets in a large part of the internet",
            "source",
            got=source,
            allowed=f"a range of at most /{_WIDEST[4]} (IPv4) or /{_WIDEST[6]} (IPv6)",
            reason=f"block public access refuses clusters that are open to everybody ({facts.page('public_access')})",
            hint="name the range of your own network, or reach the nodes through Session Manager",
        )


class Egress(Value):
    """What nodes may send where. Without it everything goes out, which is EMR's own default.

    Limited, each group keeps what the cluster needs: all traffic between the groups, 443 (and up to 7.x 9443) to the
    service, 443 to the interface endpoints, and S3 through its prefix list.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html

    >>> Egress.limited("pl-6da54004").prefix_lists
    ('pl-6da54004',)
    """

    AREA: ClassVar[str] = "NET"

    prefix_lists: Items[Text] = ()
    """Prefix lists that nodes reach on every TCP port: S3's, and DynamoDB's where it has an endpoint."""
    https: Flag = False
    """Whether nodes reach 443 everywhere, for what goes through NAT."""
    ranges: Items[Text] = ()
    """Address ranges that nodes reach on every port: a database's, an office's."""

    @classmethod
    def limited(cls, *prefix_lists: str, https: bool = False, ranges: Sequence[str] = ()) -> Egress:
        """Nothing but what a cluster needs.

        Args:
            prefix_lists: The id of the Region's S3 prefix list, and of others. `aws ec2 describe-managed-prefix-lists`
                tells them; the names are `com.amazonaws.REGION.s3` and `.dynamodb`.
            https: Also 443 to everywhere. Default: no.
            ranges: Also everything to these ranges. Default: none.
        """
        return cls(prefix_lists=prefix_lists, https=https, ranges=tuple(ranges))

    def problems(self) -> Iterator[Diagnostic]:
        """There is a way to S3, and what is named can be what it should be."""
        if not self.prefix_lists and not self.https:
            yield error(
                "NET-034",
                "nodes could not reach S3",
                "prefix_lists",
                allowed="the id of the Region's S3 prefix list, or https",
                reason=f"a security group names a gateway endpoint by its prefix list ({facts.page('ports')})",
                hint="`aws ec2 describe-managed-prefix-lists` tells it: the list is named com.amazonaws.REGION.s3",
            )
        for i, name in enumerate(() if is_token(self.prefix_lists) else self.prefix_lists):
            if not is_token(name) and not _PREFIX_LIST.match(name):
                yield error("NET-035", "no prefix list", "prefix_lists", i, got=name, allowed="pl-…", reason=_LISTS)
        for i, text in enumerate(() if is_token(self.ranges) else self.ranges):
            if is_token(text):
                continue
            try:
                everywhere = ipaddress.ip_network(text).prefixlen == 0
            except ValueError:
                yield error(
                    "NET-036", "no address range", "ranges", i, got=text, allowed="such as 10.1.0.0/16", reason=_LIMITS
                )
                continue
            if everywhere:
                yield error(
                    "NET-037",
                    "what goes everywhere is not limited",
                    "ranges",
                    i,
                    got=text,
                    allowed="the ranges that the cluster uses",
                    reason=_LIMITS,
                    hint="leave `egress` away, or let only HTTPS through (`https`)",
                )


class GroupRules(Value):
    """What the cluster's security groups let through besides what EMR needs, and further groups beside them.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-additional-sec-groups.html

    >>> GroupRules(primary_inbound=[InboundRule(source="10.20.0.0/16", port=8998)]).egress is None
    True
    """

    AREA: ClassVar[str] = "NET"

    primary_inbound: Items[InboundRule] = ()
    """Who else reaches the primary node."""
    core_inbound: Items[InboundRule] = ()
    """Who else reaches core and task nodes."""
    egress: Egress | None = None
    """What goes out. Default: everything."""
    additional_primary: Items[SecurityGroupLike] = ()
    """Further groups of the primary node."""
    additional_core: Items[SecurityGroupLike] = ()
    """Further groups of core and task nodes."""
