"""Turn `sources/*.json` (what was read from AWS, with notes) into `data/*.json` (what the package ships).

Deterministic: the same sources give the same bytes, and a test compares them with what is committed. Run it after a
change of the sources::

    python constructs/emrkit_facts/generate.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
GUIDE = "https://docs.aws.amazon.com/emr/latest/"
PAGES: dict[str, dict[str, str]] = {
    "7x-2026": {"page": GUIDE + "ReleaseGuide/emr-release-app-versions-7.x.html", "read": "2026-11"},
    "6x-2026": {"page": GUIDE + "ReleaseGuide/emr-release-app-versions-6.x.html", "read": "2026-11"},
    "5x-2026": {"page": GUIDE + "ReleaseGuide/emr-5362-release.html", "read": "2026-11"},
    "5x-2022": {"page": GUIDE + "ReleaseGuide/emr-release-app-versions-5.x.html", "read": "2022-01-24"},
    "spark8-2026": {"page": GUIDE + "ReleaseGuide/emr-spark810-release.html", "read": "2026-11"},
}
# The name PrestoSQL was Trino's until 6.3.x; the version tables print both in one row.
PRESTOSQL = ("emr-6.1.0", "emr-6.3.1")


def read(name: str) -> Any:
    """One source document."""
    return json.loads((HERE / "sources" / f"{name}.json").read_text(encoding="utf-8"))


def version(label: str) -> tuple[int, ...]:
    """`emr-7.10.0` as (7, 10, 0), for sorting."""
    return tuple(int(part) for part in re.findall(r"\d+", label))


def default_python(label: str) -> str | None:
    """The Python that PySpark uses unless told otherwise; None where the pages read do not say."""
    number = version(label)
    if label.startswith("emr-spark-"):
        return "3.11"
    if number < (6, 0, 0):
        return None
    if number < (7, 0, 0):
        return "3.7"
    return "3.9" if number < (7, 13, 0) else "3.11"


def releases() -> Mapping[str, Any]:
    """Release label -> applications with versions, operating system, Java and Python defaults, lifecycle."""
    source = read("releases")
    rows: dict[str, Any] = {}
    for label in sorted(source["releases"], key=lambda x: (x.startswith("emr-spark-"), version(x))):
        row = source["releases"][label]
        applications = dict(row["applications"])
        if version(PRESTOSQL[0]) <= version(label) <= version(PRESTOSQL[1]) and "Trino" in applications:
            applications["PrestoSQL"] = applications.pop("Trino")
        pythons = (row.get("runtimes") or {}).get("Python")
        rows[label] = {
            "applications": dict(sorted(applications.items())),
            "os": row["os"],
            "java": row["java"]["default"],
            "java_also": row["java"]["also"],
            "python": default_python(label),
            "pythons": pythons.split(", ") if pythons else [],
            "source": row["source"],
        }
        if lifecycle := row.get("lifecycle"):
            rows[label]["lifecycle"] = {
                key: lifecycle[key] for key in ("initial_release", "standard_support_until") if key in lifecycle
            }
    return {"sources": PAGES, "releases": rows}


def applications(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Application -> the releases that have it, as first and last of each series, and its successor."""
    windows: dict[str, dict[str, list[str]]] = {}
    for label, row in table["releases"].items():
        series = "spark-8" if label.startswith("emr-spark-") else f"{version(label)[0]}.x"
        for name in row["applications"]:
            first_last = windows.setdefault(name, {}).setdefault(series, [label, label])
            first_last[1] = label
    source = read("applications")
    successors, advice = source["successors"], source["advice"]
    return {
        "page": PAGES["7x-2026"]["page"],
        "read": PAGES["7x-2026"]["read"],
        "applications": {
            name: {"windows": windows[name], "successor": successors.get(name), "advice": advice.get(name)}
            for name in sorted(windows)
        },
        "excludes": source["excludes"],
        "without_yarn": source["without_yarn"],
    }


def instance_types() -> Mapping[str, Any]:
    """Instance type -> architecture, EMR's vCPU and memory, and what YARN gets of it."""
    source, yarn = read("instance-types"), read("yarn-memory")
    floors = source["min_release"]
    rows: dict[str, Any] = {}
    for name in sorted(source["catalogue"]):
        arch, ec2_vcpu, ec2_memory, vcpu, memory, _, disks, ebs_only, gpus, regions = source["catalogue"][name]
        if vcpu is None:
            continue
        rows[name] = [arch, vcpu, memory, ec2_vcpu, ec2_memory, disks or 0, int(bool(ebs_only)), gpus or 0, regions]
    return {
        "page": GUIDE + "ManagementGuide/emr-supported-instance-types.html",
        "read": "2026-11",
        "columns": [
            "arch",
            "vcpu",
            "memory_gb",
            "ec2_vcpu",
            "ec2_memory_gib",
            "disks",
            "ebs_only",
            "gpus",
            "regions_bitmask",
        ],
        "regions": source["_meta"]["regions"],
        "types": rows,
        "families": floors["families"],
        "exceptions": floors["exceptions"],
        "default_ebs": {
            "page": GUIDE + "ManagementGuide/emr-plan-storage.html",
            "since": "5.22.0",
            "by_size": source["default_ebs"]["volumes_by_size"],
        },
        "yarn": {
            "page": GUIDE + "ReleaseGuide/emr-hadoop-task-config.html",
            "exceptions": {k: v for k, v in yarn["legacy_exceptions"].items() if isinstance(v, int)},
        },
    }


def classifications() -> Mapping[str, Any]:
    """The classifications known for any release, and the releases whose lists were read in full."""
    source = read("classifications")
    return {
        "page": GUIDE + "ReleaseGuide/emr-configure-apps.html",
        "read": "2026-11",
        "lists": {label: sorted(names) for label, names in sorted(source["full_lists"].items())},
        # What the older copy knows of classifications that ended: series -> first and last release.
        "ended": {
            name: ended
            for name, rows in source["first_last_2022"].items()
            if (ended := {series[0]: windows for series, windows in rows.items() if windows[1]})
        },
        "since": {"trino-exchange-manager": "6.9.0", "hive": "6.0.0"},
        "renamed": {"spark-log4j": ["spark-log4j2", "6.8.0"], "prestosql-*": ["trino-*", "6.4.0"]},
    }


def settings(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keys that the service owns, names that were replaced, and which AWS SDK is behind S3A by release."""
    source = read("settings")
    labels = [label for label in table["releases"] if not label.startswith("emr-spark-")]

    def hadoop(label: str) -> tuple[int, ...]:
        return version(str(table["releases"][label]["applications"].get("Hadoop", "0")).split("-")[0])

    return {
        "page": source["pages"]["owned"],
        "read": "2026-11",
        **{key: value for key, value in source.items() if key != "_meta"},
        # S3A came to the SDK v2 with Hadoop 3.4; the emr-spark train has no SDK v1 at all.
        "s3a_on_sdk_v2_since": next(label for label in labels if hadoop(label) >= (3, 4)).removeprefix("emr-"),
    }


def yarn() -> Mapping[str, Any]:
    """What is left for YARN beside HBase, where AWS prints it, and the overhead of Spark's containers."""
    source = read("yarn-memory")
    return {
        "page": GUIDE + "ReleaseGuide/emr-hadoop-task-config.html",
        "read": "2026-11",
        # x2iedn prints nothing or less: there the value has to be set by hand.
        "with_hbase": {name: mb for name, mb in source["with_hbase"]["documented_2026"].items() if mb > 0},
        "unusable_with_hbase": [name for name, mb in source["with_hbase"]["documented_2026"].items() if mb <= 0],
        "overhead": {"factor": 0.1875, "since": "5.22.0", "before": 0.1, "driver": 0.1, "floor_mb": 384},
    }


def iam() -> Mapping[str, Any]:
    """Managed policies, trust policies and the permissions of the Step Functions integrations."""
    source = read("iam-policies")
    integrations = source["step_functions"]
    return {
        "page": GUIDE + "ManagementGuide/emr-iam-roles.html",
        "read": "2026-11",
        "managed_policies": source["managed_policies"],
        "trust_policies": {
            name: {key: value for key, value in document.items() if not key.startswith("_")}
            for name, document in source["trust_policies"].items()
        },
        "step_functions": {
            "page": "https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
            "events_rule_actions": integrations["events_rule_actions"],
            "rules": {key: name for key, name in integrations["rules"].items() if name.startswith("StepFunctions")},
        },
    }


def surface() -> Mapping[str, Any]:
    """The keys of the CloudFormation types that the model renders: property -> nested type, or null for a leaf."""
    source = read("cfn-surface")
    wanted = ("Cluster", "SecurityConfiguration", "Step", "InstanceFleetConfig", "InstanceGroupConfig")
    types: dict[str, Any] = {}
    for name in wanted:
        resource = source["resources"][f"AWS::EMR::{name}"]
        nested = resource.get("types") or {}

        def leaf(spec: Mapping[str, Any], nested: Mapping[str, Any] = nested) -> str | None:
            inner = re.sub(r"^List<(.*)>$", r"\1", spec["type"])
            return inner if inner in nested else None

        types[f"AWS::EMR::{name}"] = {
            "": {key: leaf(spec) for key, spec in resource["properties"].items() if spec["update"] != "read-only"},
            **{kind: {key: leaf(spec) for key, spec in body["properties"].items()} for kind, body in nested.items()},
        }
    return {
        "page": "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EMR.html",
        "read": "2026-10",
        "types": types,
        "replacement": {name: resource["replacement"] for name, resource in source["resources"].items()},
        "enums": {name: body["values"] for name, body in source["api_enums"].items()},
    }


def security_grammar() -> Mapping[str, Any]:
    """Every settable member of a security configuration with its values and conditions, and what excludes what."""
    source, conditions = read("security-config-grammar"), read("security-conditions")
    members: dict[str, Any] = {}
    said: set[str] = set()

    def visit(path: str, node: Any) -> None:
        """A member: keys with a capital are its own members, the others say something about it."""
        if isinstance(node, str) and node.startswith("returned by"):
            return
        own = conditions["members"].get(path, {})
        facts, inner = _member(node)
        if isinstance(node, dict):
            said.update(say for key in ("requires", "forbids") for say in node.get(key, ()))
            said.update([node["exclusive"]] if "exclusive" in node else [])
        for kind in ("required_when", "only_when"):
            if facts.pop(kind, None) != (own.get(kind) or {}).get("says"):
                raise ValueError(f"{path}: security-conditions.json says something else about {kind}")
        facts = {key: value for key, value in {**facts, **own}.items() if value not in (None, False)}
        for key, value in inner.items():
            visit(f"{path}{key}" if key.startswith("[]") else f"{path}.{key}", value)
        members[path] = {**facts, "leaf": not inner}

    for block, node in source["grammar"].items():
        visit(block, node)
    unknown = sorted(set(conditions["members"]) - set(members))
    unanswered = sorted(said - {row["says"] for row in conditions["combinations"]})
    if unknown or unanswered:
        raise ValueError(f"security-conditions.json: {unknown} are no members, {unanswered} are not answered")
    cluster = source["grammar"]["AuthenticationConfiguration"]["KerberosConfiguration"]["cluster_side"]
    return {
        "page": conditions["_meta"]["page"],
        "read": conditions["_meta"]["read"],
        "blocks": source["top_level"],
        "members": dict(sorted(members.items())),
        "attributes": cluster["KerberosAttributes"],
        "combinations": conditions["combinations"],
    }


def _member(node: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the grammar says about a member, and the members inside it."""
    if isinstance(node, list):
        return {"enum": node}, {}
    if isinstance(node, str):
        return {"required": node.startswith("required")}, {}
    kept = ("enum", "min", "max", "releases", "required_when", "only_when")
    facts: dict[str, Any] = {key: node[key] for key in kept if key in node}
    facts["required"] = node.get("required") is True or str(node.get("required", "")).startswith("required")
    inner = {key: value for key, value in node.items() if key[0].isupper()}
    kind = str(node.get("type", ""))
    if kind.startswith("[{"):
        names = [name.strip(" ?[]") for name in kind.strip("[{}]").split(",")]
        inner = {f"[].{name}": inner.get(name, "") for name in names}
    elif kind:
        facts["type"] = kind
    return facts, inner


def shipped(name: str) -> Mapping[str, Any]:
    """A source that ships as it is, without the notes for its readers and with its pages in full."""

    def complete(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: complete(item) for key, item in value.items()}
        if isinstance(value, list):
            return [complete(item) for item in value]
        whole = isinstance(value, str) and re.match(r"^(ReleaseGuide|ManagementGuide)/[\w.-]+\.html$", value)
        return GUIDE + value if whole else value

    source = read(name)
    notes = source.pop("_meta")
    return complete({"page": notes["page"], "read": notes["read"], "pages": notes.get("pages", {}), **source})


def documents() -> dict[str, str]:
    """File name -> text of everything this program writes."""
    table = releases()
    parts = {
        "releases": table,
        "applications": applications(table),
        "instance_types": instance_types(),
        "classifications": classifications(),
        "iam": iam(),
        "surface": surface(),
        "security_grammar": security_grammar(),
        "settings": settings(table),
        "yarn": yarn(),
        "storage": shipped("storage"),
        "sizing": shipped("sizing"),
        "networking": shipped("networking"),
    }
    return {
        f"{name}.json": json.dumps(part, separators=(",", ":"), ensure_ascii=False) + "\n"
        for name, part in parts.items()
    }


def main() -> None:
    """Write the files and say how big they are."""
    folder = HERE / "data"
    folder.mkdir(exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
