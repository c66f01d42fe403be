"""The account of a target that speaks AWS APIs, asked through boto3. Nothing here changes anything."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import TypeVar, cast

from emrkit_facts import instance_types
from emrkit_jobs.targets.account import (
    BucketView,
    DnsView,
    GroupView,
    ImageView,
    KeyView,
    Market,
    ProfileView,
    PublicAccessView,
    QuotaView,
    SubnetView,
    VcpuUse,
)
from emrkit_jobs.targets.calls import Caller
from emrkit_jobs.targets.errors import Denied, Refused

__all__ = ["ApiAccount"]

_T = TypeVar("_T")
_AT_ONCE = 100
_EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
_ALL_PORTS = (0, 65535)
_ACTIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]


class ApiAccount:
    """The `Account` of a target. An answer is kept, so that several clusters share it.

    Example: `ApiAccount(caller, "eu-west-1").bucket("logs")`
    """

    def __init__(self, caller: Caller, region: str) -> None:
        self._caller = caller
        self._region = region
        self._known: dict[tuple[object, ...], object] = {}
        self._lock = Lock()

    # Storage --------------------------------------------------------------------------------------------------------

    def bucket(self, name: str) -> BucketView | None:
        return self._once(("bucket", name), lambda: self._bucket(name))

    def _bucket(self, name: str) -> BucketView | None:
        try:
            answer = self._ask("s3", "head_bucket", "s3:ListBucket", Bucket=name)
        except Refused as error:
            if error.service_code in {"404", "NoSuchBucket", "NotFound"}:
                return None
            # Even an answer that says no tells where the bucket is.
            region = _header(error, "x-amz-bucket-region")
            if region is None:
                raise
            return BucketView(name, region, reachable=False)
        headers = _dict(_dict(answer.get("ResponseMetadata")).get("HTTPHeaders"))
        region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or self._region
        return BucketView(name, str(region))

    def has_object(self, bucket: str, key: str) -> bool:
        try:
            self._ask("s3", "head_object", "s3:GetObject", Bucket=bucket, Key=key)
        except Refused as error:
            if error.service_code in {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}:
                return False
            raise
        return True

    # EC2 ------------------------------------------------------------------------------------------------------------

    def offerings(self, types: Iterable[str]) -> Mapping[str, frozenset[str]]:
        wanted = tuple(sorted(set(types)))
        return self._once(("offerings", *wanted), lambda: self._offerings(wanted))

    def _offerings(self, types: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {name: set() for name in types}
        for some in _portions(types):
            for row in self._pages(
                "ec2",
                "describe_instance_type_offerings",
                "InstanceTypeOfferings",
                LocationType="availability-zone",
                Filters=[{"Name": "instance-type", "Values": list(some)}],
            ):
                found.setdefault(str(row["InstanceType"]), set()).add(str(row["Location"]))
        return {name: frozenset(zones) for name, zones in found.items()}

    def subnets(self, ids: Iterable[str]) -> Mapping[str, SubnetView]:
        wanted = tuple(sorted(set(ids)))
        return self._once(("subnets", *wanted), lambda: self._subnets(wanted))

    def _subnets(self, ids: tuple[str, ...]) -> Mapping[str, SubnetView]:
        # A filter, where unknown ids are left out; by SubnetIds one unknown id fails the whole request.
        rows = self._pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "subnet-id", "Values": list(ids)}])
        return {
            str(row["SubnetId"]): SubnetView(
                str(row["SubnetId"]),
                str(row["VpcId"]),
                str(row["AvailabilityZone"]),
                int(cast("int", row["AvailableIpAddressCount"])),
                _tags(row),
            )
            for row in rows
            if row["SubnetId"] in ids
        }

    def public_subnets(self, vpc: str, ids: Iterable[str]) -> frozenset[str]:
        wanted = frozenset(ids)
        tables = self._once(("tables", vpc), lambda: self._route_tables(vpc))
        main = any(_leads_out(table) for table in tables if _is_main(table))
        found: set[str] = set()
        said: set[str] = set()
        for table in tables:
            for association in _list(table.get("Associations")):
                subnet = association.get("SubnetId")
                if subnet in wanted:
                    said.add(str(subnet))
                    if _leads_out(table):
                        found.add(str(subnet))
        return frozenset(found | (wanted - said if main else frozenset()))

    def _route_tables(self, vpc: str) -> tuple[dict[str, object], ...]:
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        rows = self._pages("ec2", "describe_route_tables", "RouteTables", Filters=filters)
        return tuple(row for row in rows if row.get("VpcId", vpc) == vpc)

    def dns(self, vpc: str) -> DnsView:
        return self._once(("dns", vpc), lambda: self._dns(vpc))

    def _dns(self, vpc: str) -> DnsView:
        def attribute(name: str) -> bool:
            answer = self._ask("ec2", "describe_vpc_attribute", VpcId=vpc, Attribute=name)
            return bool(_dict(answer.get(name[:1].upper() + name[1:])).get("Value"))

        row = next(iter(_list(self._ask("ec2", "describe_vpcs", VpcIds=[vpc]).get("Vpcs"))), {})
        options = str(row.get("DhcpOptionsId") or "default")
        values = self._dhcp(options) if options != "default" else {}
        servers = tuple(s for s in values.get("domain-name-servers", ()) if s != "AmazonProvidedDNS")
        domain = next(iter(values.get("domain-name", ())), None)
        return DnsView(attribute("enableDnsSupport"), attribute("enableDnsHostnames"), domain, servers)

    def _dhcp(self, options: str) -> Mapping[str, tuple[str, ...]]:
        answer = self._ask("ec2", "describe_dhcp_options", DhcpOptionsIds=[options])
        row = next(iter(_list(answer.get("DhcpOptions"))), {})
        return {
            str(pair["Key"]): tuple(str(value.get("Value")) for value in _list(pair.get("Values")))
            for pair in _list(row.get("DhcpConfigurations"))
        }

    def groups(self, ids: Iterable[str]) -> Mapping[str, GroupView]:
        wanted = tuple(sorted(set(ids)))
        return self._once(("groups", *wanted), lambda: self._groups(wanted))

    def _groups(self, ids: tuple[str, ...]) -> Mapping[str, GroupView]:
        filters = [{"Name": "group-id", "Values": list(ids)}]
        rows = self._pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        return {
            str(row["GroupId"]): GroupView(
                str(row["GroupId"]), str(row.get("VpcId", "")), _tags(row), tuple(_open_ports(row))
            )
            for row in rows
            if row["GroupId"] in ids  # an endpoint may not know the filter
        }

    def vcpus(self) -> tuple[VcpuUse, ...]:
        return self._once(("vcpus",), self._vcpus)

    def _vcpus(self) -> tuple[VcpuUse, ...]:
        use: dict[tuple[Market, str], int] = defaultdict(int)
        filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        for reservation in self._pages("ec2", "describe_instances", "Reservations", Filters=filters):
            for instance in _list(reservation.get("Instances")):
                market: Market = "spot" if instance.get("InstanceLifecycle") == "spot" else "on-demand"
                options = _dict(instance.get("CpuOptions"))
                cores = int(cast("int", options.get("CoreCount") or 0))
                vcpu = cores * int(cast("int", options.get("ThreadsPerCore") or 1))
                name = str(instance.get("InstanceType", ""))
                use[market, name] += vcpu or vcpu_of(name)
        return tuple(VcpuUse(market, name, vcpu) for (market, name), vcpu in sorted(use.items()))

    def image(self, identity: str) -> ImageView | None:
        return self._once(("image", identity), lambda: self._image(identity))

    def _image(self, identity: str) -> ImageView | None:
        try:
            answer = self._ask("ec2", "describe_images", ImageIds=[identity])
        except Refused as error:
            if error.service_code.startswith("InvalidAMIID"):
                return None
            raise
        row = next(iter(_list(answer.get("Images"))), None)
        if row is None:
            return None
        return ImageView(
            identity, str(row.get("State")), str(row.get("Architecture")), str(row.get("RootDeviceType") or "ebs")
        )

    def has_key_pair(self, name: str) -> bool:
        filters = [{"Name": "key-name", "Values": [name]}]
        found = _list(self._ask("ec2", "describe_key_pairs", Filters=filters).get("KeyPairs"))
        return any(pair.get("KeyName") == name for pair in found)

    # Quotas and EMR -------------------------------------------------------------------------------------------------

    def quotas(self, service: str) -> tuple[QuotaView, ...]:
        def ask() -> tuple[QuotaView, ...]:
            rows = self._pages("service-quotas", "list_service_quotas", "Quotas", ServiceCode=service)
            return tuple(QuotaView(str(row["QuotaName"]), float(cast("float", row["Value"]))) for row in rows)

        return self._once(("quotas", service), ask)

    def active_clusters(self) -> int:
        return self._once(
            ("clusters",),
            lambda: sum(1 for _ in self._pages("emr", "list_clusters", "Clusters", ClusterStates=_ACTIVE)),
        )

    def public_access(self) -> PublicAccessView:
        return self._once(("public",), self._public_access)

    def _public_access(self) -> PublicAccessView:
        answer = self._ask("emr", "get_block_public_access_configuration")
        said = _dict(answer.get("BlockPublicAccessConfiguration"))
        ranges = _list(said.get("PermittedPublicSecurityGroupRuleRanges"))
        return PublicAccessView(
            bool(said.get("BlockPublicSecurityGroupRules")),
            tuple(
                (int(cast("int", r["MinRange"])), int(cast("int", r.get("MaxRange") or r["MinRange"]))) for r in ranges
            ),
        )

    def security_configuration(self, name: str) -> Mapping[str, object] | None:
        return self._once(("security", name), lambda: self._security_configuration(name))

    def _security_configuration(self, name: str) -> Mapping[str, object] | None:
        try:
            answer = self._ask("emr", "describe_security_configuration", Name=name)
        except Refused as error:
            if isinstance(error, Denied) or error.service_code != "InvalidRequestException":
                raise
            return None
        try:
            return _dict(json.loads(str(answer.get("SecurityConfiguration") or "{}")))
        except ValueError:
            return {}

    # Identity and keys ----------------------------------------------------------------------------------------------

    def role(self, name: str) -> bool:
        def ask() -> bool:
            try:
                self._ask("iam", "get_role", RoleName=name)
            except Refused as error:
                if error.service_code not in {"NoSuchEntity", "NoSuchEntityException"}:
                    raise
                return False
            return True

        return self._once(("role", name), ask)

    def attached_policies(self, role: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            rows = self._pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
            return frozenset(str(row["PolicyName"]) for row in rows)

        return self._once(("policies", role), ask)

    def profile(self, name: str) -> ProfileView | None:
        def ask() -> ProfileView | None:
            try:
                answer = self._ask("iam", "get_instance_profile", InstanceProfileName=name)
            except Refused as error:
                if error.service_code not in {"NoSuchEntity", "NoSuchEntityException"}:
                    raise
                return None
            roles = _list(_dict(answer.get("InstanceProfile")).get("Roles"))
            return ProfileView(name, str(roles[0]["RoleName"]) if roles else None)

        return self._once(("profile", name), ask)

    def key(self, identity: str) -> KeyView | None:
        def ask() -> KeyView | None:
            try:
                row = _dict(self._ask("kms", "describe_key", KeyId=identity).get("KeyMetadata"))
            except Refused as error:
                if error.service_code not in {"NotFoundException", "InvalidArnException"}:
                    raise
                return None
            usage = row.get("KeyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
            symmetric = str(row.get("KeySpec", "SYMMETRIC_DEFAULT")) == "SYMMETRIC_DEFAULT"
            return KeyView(str(row.get("Arn", identity)), str(row.get("KeyState", "Enabled")), usage and symmetric)

        return self._once(("key", identity), ask)

    # Asking ---------------------------------------------------------------------------------------------------------

    def _ask(self, service: str, operation: str, action: str | None = None, **request: object) -> dict[str, object]:
        """One read; `action` is what IAM calls it, where that is not the operation's own name."""
        try:
            return self._caller.ask(service, operation, **request)
        except Refused as error:
            raise Denied.of(error, action, service, operation) or error from error

    def _pages(self, service: str, operation: str, key: str, **request: object) -> Iterator[dict[str, object]]:
        try:
            yield from self._caller.ask_pages(service, operation, key, **request)
        except Refused as error:
            raise Denied.of(error, None, service, operation) or error from error

    def _once(self, key: tuple[object, ...], ask: Callable[[], _T]) -> _T:
        with self._lock:
            if key in self._known:
                return cast("_T", self._known[key])
        answer = ask()
        with self._lock:
            self._known[key] = answer
        return answer


def vcpu_of(name: str) -> int:
    """The vCPU of an instance type as EC2 counts them; 0 for a type that the data does not have."""
    found = instance_types.find(name)
    return (found.ec2_vcpu or found.vcpu) if isinstance(found, instance_types.InstanceTypeFacts) else 0


def _portions(items: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def _is_main(table: Mapping[str, object]) -> bool:
    return any(association.get("Main") for association in _list(table.get("Associations")))


def _leads_out(table: Mapping[str, object]) -> bool:
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in _list(table.get("Routes")))


def _open_ports(group: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    for permission in _list(group.get("IpPermissions")):
        ranges = [row.get("CidrIp") for row in _list(permission.get("IpRanges"))]
        ranges += [row.get("CidrIpv6") for row in _list(permission.get("Ipv6Ranges"))]
        if _EVERYBODY.isdisjoint(str(r) for r in ranges):
            continue
        if str(permission.get("IpProtocol")) == "-1" or "FromPort" not in permission:
            yield _ALL_PORTS
        else:
            yield int(cast("int", permission["FromPort"])), int(cast("int", permission["ToPort"]))


def _header(error: BaseException, name: str) -> str | None:
    """A header of the answer behind an error, from botocore's own exception."""
    cause = error.__cause__
    while cause is not None and not hasattr(cause, "response"):
        cause = cause.__cause__
    response: object = getattr(cause, "response", None)
    value = _dict(_dict(_dict(response).get("ResponseMetadata")).get("HTTPHeaders")).get(name)
    return None if value is None else str(value)


def _tags(row: Mapping[str, object]) -> Mapping[str, str]:
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in _list(row.get("Tags"))}


def _dict(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", value) if isinstance(value, list) else []
