"""What the nearest peer costs: aws-emr-launch 2.0.1 and emrkit build the shape that both can express.

The peer is installed into a folder of the bench's own in emrkit's cache and runs on the same Python, CDK and Node. What
both templates must agree on is compared first: the cluster that is asked for (release, applications, fleets with their
volumes, classifications, managed scaling, subnets), the encryption of its security configuration, and the rules between
its security groups. The rest differs, because the libraries do: the peer keeps its configuration in three parameters
and asks Lambda functions to put the request together, emrkit writes the request into the state machine.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from emrkit_local.environments.registries import uv_environment
from emrkit_local.folders import cache_folder, ensure_folder

from .apps import Run, counted, per_unit, spanned
from .measuring import Result, interleave_spans, run

__all__ = ["agreed", "install", "measure"]

_VERSION = "2.0.1"
_LOCK = Path(__file__).with_suffix(".txt")
_FEW, _MANY = 1, 21
_ROLES = {"Primary": "primary", "MasterGroup": "primary", "Core": "core", "WorkersGroup": "core", "Service": "service"}
_SIDES = ("ours", "theirs")
# The goals are for the shape as each library draws it; the other two say what the choice is worth, in calls alone.
_SHARING = {
    "groups": ("roles and security configuration each", 1 / 5, 1 / 15, 7),
    "nothing": ("groups too", None, None, 0),
    "profile": ("launch alone", None, None, 0),
}


def measure(folder: Path) -> Iterator[Result]:
    """Calls and time per cluster, emrkit's divided by the peer's."""
    env = {"EMR_LAUNCH_FOLDER": str(install()), "PYTHONWARNINGS": "ignore", "JSII_DEPRECATED": "quiet"}
    for sharing, (words, time_goal, calls_goal, rounds) in _SHARING.items():
        write = partial(_written, folder, sharing)
        runs = {(side, n): counted(write(side, n), folder, env) for side in _SIDES for n in (_FEW, _MANY)}
        ours, theirs = (agreed(runs[side, _FEW].template) for side in _SIDES)
        if ours != theirs:
            raise RuntimeError(f"emrkit and aws-emr-launch ask for different clusters:\n{ours}\n{theirs}")
        calls = [_slope(runs, side, "calls") for side in _SIDES]
        resources = [_slope(runs, side, "resources") for side in _SIDES]
        name = f"÷ aws-emr-launch {_VERSION}, {words}"
        detail = f"{calls[0]:g} against {calls[1]:g}, for {resources[0]:g} and {resources[1]:g} resources"
        yield Result(f"bridge calls per cluster {name}", calls[0] / calls[1], calls_goal, detail=detail)
        if not rounds:
            continue
        taken = {
            n: interleave_spans({side: spanned(write(side, n), folder, env) for side in _SIDES}, rounds)
            for n in (_FEW, _MANY)
        }
        a, b = (per_unit(taken, side) for side in _SIDES)
        detail = f"{a.wall:.1f} ms against {b.wall:.1f}; CPU {a.cpu:.1f} against {b.cpu:.1f}"
        yield Result(f"synthesis per cluster {name}", a.wall / b.wall, time_goal, detail=detail)


def install() -> Path:
    """Where the peer's packages are, fetched on first use from the index that pip is configured for."""
    from uv import find_uv_bin

    root = cache_folder() / "bench" / f"aws-emr-launch-{_VERSION}"
    if not root.is_dir():
        ensure_folder(root.parent, "EMRKIT_CACHE_DIR")
        part = root.with_name(f"{root.name}.{os.getpid()}.part")
        argv = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", part]
        try:
            run([*argv, "--requirement", _LOCK], uv_environment())
            part.rename(root)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return root


def _written(folder: Path, sharing: str, side: str, units: int) -> Path:
    file = folder / f"launch_{sharing}_{side}_{units}.py"
    file.write_text(
        "from bench import emr_launch_shape\n\n"
        f"def build(stack):\n    emr_launch_shape.build_{side}(stack, {units}, sharing={sharing!r})\n"
    )
    return file


def _slope(runs: Mapping[tuple[str, int], Run], side: str, what: str) -> float:
    few, many = runs[side, _FEW], runs[side, _MANY]
    if what == "calls":
        return (many.calls - few.calls) / (_MANY - _FEW)
    return (len(many.template["Resources"]) - len(few.template["Resources"])) / (_MANY - _FEW)


def agreed(template: Mapping[str, Any]) -> dict[str, Any]:
    """What both libraries must say alike of the first unit, in one form."""
    resources: Mapping[str, Any] = template["Resources"]
    security = next(r for r in resources.values() if r["Type"] == "AWS::EMR::SecurityConfiguration")
    cluster = _cluster(resources)
    return {
        "release": cluster["ReleaseLabel"],
        "applications": [a["Name"] for a in cluster["Applications"]],
        "classifications": cluster["Configurations"],
        "scaling": cluster["ManagedScalingPolicy"],
        "subnets": cluster["Instances"]["Ec2SubnetIds"],
        "fleets": [_fleet(f) for f in cluster["Instances"]["InstanceFleets"]],
        "encryption": security["Properties"]["SecurityConfiguration"]["EncryptionConfiguration"],
        "rules": sorted(_rules(resources)),
    }


def _cluster(resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request for the cluster: in the state machine, or in the parameter that its functions read."""
    for body in resources.values():
        if body["Type"] == "AWS::SSM::Parameter":
            held = json.loads(_text(body["Properties"]["Value"]))
            if isinstance(held.get("ClusterConfiguration"), dict):
                return held["ClusterConfiguration"]
    machine = next(r for r in resources.values() if r["Type"] == "AWS::StepFunctions::StateMachine")
    states = json.loads(_text(machine["Properties"]["DefinitionString"]))["States"]
    return next(s["Arguments"] for s in states.values() if s.get("Resource", "").endswith(":createCluster"))


def _fleet(body: Mapping[str, Any]) -> list[Any]:
    """A fleet without its name, its allocation strategy and the weight 1, which are defaults of one or the other."""
    targets = [body.get(f"Target{kind}Capacity") or 0 for kind in ("OnDemand", "Spot")]
    types = [
        (t["InstanceType"], t.get("WeightedCapacity", 1), t["EbsConfiguration"]) for t in body["InstanceTypeConfigs"]
    ]
    return [body["InstanceFleetType"], targets, types]


def _rules(resources: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Every rule between groups: direction, protocol, ports, and the two groups by what they are for."""
    for name, body in resources.items():
        given = body["Properties"]
        kind = body["Type"].removeprefix("AWS::EC2::SecurityGroup")
        if kind in ("Ingress", "Egress") and body["Type"].startswith("AWS::EC2::SecurityGroup"):
            yield _rule(kind, _role(given["GroupId"]), given)
        elif body["Type"] == "AWS::EC2::SecurityGroup":
            for kind in ("Ingress", "Egress"):
                for rule in given.get(f"SecurityGroup{kind}", ()):
                    if "CidrIp" not in rule:
                        yield _rule(kind, _role({"Fn::GetAtt": [name]}), rule)


def _rule(kind: str, group: str, rule: Mapping[str, Any]) -> tuple[Any, ...]:
    peer = rule["SourceSecurityGroupId" if kind == "Ingress" else "DestinationSecurityGroupId"]
    return kind, group, _role(peer), rule["IpProtocol"], rule["FromPort"], rule["ToPort"]


def _role(reference: Mapping[str, Any]) -> str:
    name = reference["Fn::GetAtt"][0]
    roles = {
        "Primary": "primary",
        "MasterGroup": "primary",
        "Core": "core",
        "WorkersGroup": "core",
        "Service": "service",
    }
    return next(role for word, role in roles.items() if word in name)


def _text(value: Any) -> str:
    """A string with its references as words in braces."""
    if isinstance(value, str):
        return value
    function, argument = next(iter(value.items()))
    if function == "Fn::Join":
        return "".join(_text(part) for part in argument[1])
    return "{" + (argument if isinstance(argument, str) else ".".join(argument)) + "}"
