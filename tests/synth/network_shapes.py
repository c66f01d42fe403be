"""Networks of every shape in one synthesis, and ways to look at them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

import emrkit as emr
from tests.synth.assembly import flat

RELEASE = "emr-7.12.0"
VPC, SUBNETS = "vpc-0123456789abcdef0", ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
GROUPS = ("sg-0123456789abcde11", "sg-0123456789abcde12", "sg-0123456789abcde13")
IDS: dict[str, Any] = {"vpc_id": VPC, "subnet_ids": SUBNETS}
Template = Mapping[str, Any]


def bring_vpc(stack: Stack, **more: Any) -> ec2.IVpc:
    given: dict[str, Any] = {
        "vpc_id": VPC,
        "vpc_cidr_block": "10.20.0.0/16",
        "availability_zones": ["eu-central-1a", "eu-central-1b"],
        "private_subnet_ids": SUBNETS,
        "private_subnet_route_table_ids": ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
        **more,
    }
    return ec2.Vpc.from_vpc_attributes(stack, "Vpc", **given)


def define_stack(app: App, name: str, region: str | None = None) -> Stack:
    return Stack(app, name, env=None if region is None else Environment(region=region))


def place_cluster(stack: Stack, network: emr.Network, release: str = RELEASE) -> emr.Cluster:
    return emr.Cluster(
        stack,
        "Etl",
        network=network,
        security=emr.SecurityConfiguration(stack, "Security"),
        release=release,
        primary=emr.InstanceFleet.on_demand("m5.xlarge"),
        idle_timeout=None,
    )


@cache
def assembly() -> Mapping[str, Template]:
    """One stack for each shape, synthesized together."""
    app = App(builtin_cloud_formation_validation=False)
    limited = emr.GroupRules(egress=emr.Egress.limited("pl-6da54004", ranges=["10.99.0.0/16"]))

    stack = define_stack(app, "Private")
    place_cluster(stack, emr.Network(stack, "Network", zones=3, nat_gateways=2))
    stack = define_stack(app, "Public")
    place_cluster(stack, emr.Network(stack, "Network", public=True))
    stack = define_stack(app, "PublicLists")
    emr.Network(stack, "Network", public=True, access_lists=True, interface_endpoints=())
    stack = define_stack(app, "Limited")
    place_cluster(stack, emr.Network(stack, "Network", nat_gateways=0, rules=limited))
    stack = define_stack(app, "Https")
    emr.Network(stack, "Network", rules=emr.GroupRules(egress=emr.Egress.limited(https=True)))
    stack = define_stack(app, "Newer")
    place_cluster(stack, emr.Network(stack, "Network", releases=["emr-spark-8.1.0"], rules=limited), "emr-spark-8.1.0")
    stack = define_stack(app, "Both")
    emr.Network(stack, "Network", releases=["emr-spark-8.1.0", RELEASE])
    stack = define_stack(app, "Lists")
    emr.Network(stack, "Network", access_lists=True, cidr="10.7.0.0/16")
    stack = define_stack(app, "Names")
    emr.Network(stack, "Network", dhcp_options=True)
    stack = define_stack(app, "NamesBrought", "eu-west-1")
    emr.Network(stack, "Network", dhcp_options="dopt-0123456789abcdef0")
    stack = define_stack(app, "Virginia", "us-east-1")
    emr.Network(stack, "Network", dhcp_options=True, releases=[RELEASE])
    stack = define_stack(app, "China", "cn-north-1")
    emr.Network(stack, "Network", interface_endpoints=["sts", "kms"], dhcp_options=True)
    stack = define_stack(app, "GovCloud", "us-gov-west-1")
    emr.Network(stack, "Network", dhcp_options=True)
    stack = define_stack(app, "Sydney", "ap-southeast-2")
    emr.Network(stack, "Network", releases=["emr-spark-8.1.0"])
    stack = define_stack(app, "Zones", "eu-central-1")
    emr.Network(stack, "Network", zones=["eu-central-1a", "eu-central-1c"], cidr="10.0.0.0/22", subnet_prefix=25)
    stack = define_stack(app, "LaterRange")
    parameter = CfnParameter(stack, "Cidr", type="String")
    emr.Network(stack, "Network", cidr=parameter.value_as_string, subnet_prefix=22)
    stack = define_stack(app, "Bucket")
    logs = s3.Bucket(stack, "Logs")
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_bucket(logs, parquet=True, interval=60, traffic="REJECT"))
    stack = define_stack(app, "BucketBrought")
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_bucket("their-logs", prefix="/"))
    stack = define_stack(app, "GroupBrought")
    role = "arn:aws:iam::123456789012:role/flow"
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_log_group("theirs", role=role))
    stack = define_stack(app, "GroupMade")
    key = cast("kms.IKey", kms.Key(stack, "Key"))
    emr.Network(stack, "Network", flow_logs=emr.FlowLogs.to_log_group(retention_days=90), key=key)
    stack = define_stack(app, "Endpoints")
    gateway = emr.InterfaceEndpoint(service="execute-api", private_dns=False)
    own = emr.InterfaceEndpoint(service="com.amazonaws.vpce.eu-west-1.vpce-svc-0123", policy={"Statement": []})
    emr.Network(stack, "Network", interface_endpoints=["glue", "ecr.api", gateway, own], dynamodb=True)
    stack = define_stack(app, "OwnPolicy")
    emr.Network(stack, "Network", s3_policy={"Version": "2012-10-17", "Statement": []}, interface_endpoints=())
    stack = define_stack(app, "NoS3")
    emr.Network(stack, "Network", s3_endpoint=False, interface_endpoints=(), flow_logs=False)
    stack = define_stack(app, "Admitted")
    theirs = ec2.SecurityGroup.from_security_group_id(stack, "Theirs", "sg-0123456789abcdef9")
    inbound = [
        emr.InboundRule(source="10.8.0.0/16", port=8998, description="Livy"),
        emr.InboundRule(source="fd00::/64", port=18080, to_port=18090),
        emr.InboundRule(source="pl-6da54004", port=53, protocol="udp"),
    ]
    rules = emr.GroupRules(
        primary_inbound=inbound,
        core_inbound=[emr.InboundRule(source=theirs, port=8042)],
        additional_primary=[theirs],
        additional_core=["sg-0123456789abcdef8"],
    )
    place_cluster(stack, emr.Network(stack, "Network", rules=rules))
    stack = define_stack(app, "EmrsGroups")
    groups = emr.SecurityGroups.emr_managed(additional_primary=["sg-0123456789abcdef7"])
    place_cluster(stack, emr.Network(stack, "Network", security_groups=groups))
    stack = define_stack(app, "GroupsBrought")
    groups = emr.SecurityGroups.from_ids(*GROUPS, additional_core=["sg-0123456789abcde14"])
    place_cluster(stack, emr.Network.from_attributes(stack, "Network", **IDS, security_groups=groups))
    stack = define_stack(app, "VpcBrought")
    place_cluster(
        stack,
        emr.Network.from_vpc(
            stack,
            "Network",
            vpc=bring_vpc(stack),
            s3_endpoint=True,
            dynamodb=True,
            interface_endpoints=["kms"],
            flow_logs=True,
            access_lists=True,
            dhcp_options="dopt-0123456789abcdef0",
        ),
    )
    stack = define_stack(app, "NewerBrought")
    place_cluster(
        stack,
        emr.Network.from_vpc(stack, "Network", vpc=bring_vpc(stack), releases=["emr-spark-8.1.0"]),
        "emr-spark-8.1.0",
    )
    stack = define_stack(app, "SubnetsMade")
    emr.Network(
        stack,
        "Network",
        vpc=bring_vpc(stack),
        cidr="10.20.128.0/17",
        nat_gateways=["nat-0123456789abcdef0"],
        access_lists=True,
    )
    stack = define_stack(app, "NatMade")
    emr.Network(
        stack,
        "Network",
        vpc=bring_vpc(stack),
        cidr="10.20.128.0/17",
        nat_gateways=1,
        internet_gateway_id="igw-0123456789abcdef0",
    )
    network = define_stack(app, "Shared")
    shared = emr.Network(network, "Network")
    place_cluster(define_stack(app, "Elsewhere"), shared)
    made = app.synth()
    return {stack.stack_name: stack.template for stack in made.stacks}


def of(name: str, kind: str) -> dict[str, dict[str, Any]]:
    resources = assembly()[name]["Resources"]
    return {i: r["Properties"] for i, r in resources.items() if r["Type"] == kind}


def services(name: str) -> dict[str, dict[str, Any]]:
    return {flat(e["ServiceName"]): e for e in of(name, "AWS::EC2::VPCEndpoint").values()}


def group(name: str, what: str) -> dict[str, Any]:
    (found,) = [g for g in of(name, "AWS::EC2::SecurityGroup").values() if g["GroupDescription"] == f"EMR: {what}"]
    return found


def instances(name: str) -> dict[str, Any]:
    (found,) = of(name, "AWS::EMR::Cluster").values()
    return found["Instances"]


SERVICE = "access of the service to the nodes"
