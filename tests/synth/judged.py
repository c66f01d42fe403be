"""An assembly that the judges have seen: their reports, what was acknowledged, and its policies as plain documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = [
    "UNKNOWN_TO_PARLIAMENT",
    "JudgedAssembly",
    "acknowledgements",
    "findings",
    "listed",
    "plain",
    "policies",
    "read",
]

# parliament's list of actions is older than these services; anything else it does not know is a misspelling.
UNKNOWN_TO_PARLIAMENT: frozenset[str] = frozenset()
ATTRIBUTE_OF = {
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/placeholder",
    "AWS::S3::Bucket": "arn:aws:s3:::placeholder",
    "AWS::KMS::Key": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "AWS::SNS::Topic": "arn:aws:sns:eu-central-1:123456789012:placeholder",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:placeholder-AbCdEf",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:123456789012:log-group:placeholder:*",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:eu-central-1:123456789012:stateMachine:placeholder",
    "AWS::EC2::VPC": "vpc-0123456789abcdef0",
}
REFERRED_TO_BY_ARN = {"AWS::StepFunctions::StateMachine", "AWS::SecretsManager::Secret", "AWS::SNS::Topic"}
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "placeholder",
}


@dataclass(frozen=True)
class JudgedAssembly:
    """What one synthesis left behind."""

    folder: Path
    exit_code: int
    words: str

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        return {p.name.removesuffix(".template.json"): read(p) for p in sorted(self.folder.glob("*.template.json"))}

    @cached_property
    def reports(self) -> list[dict[str, Any]]:
        """The judges' reports; a judge without a word to say has none."""
        path = self.folder / "validation-report.json"
        return read(path)["pluginReports"] if path.exists() else []


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def acknowledgements(assembly: JudgedAssembly) -> Iterator[tuple[tuple[str, str], str]]:
    for path in [*assembly.folder.glob("*.metadata.json"), assembly.folder / "manifest.json"]:
        document = read(path)
        stacks = (
            [document]
            if "artifacts" not in document
            else [a.get("metadata", {}) for a in document["artifacts"].values()]
        )
        for stack in stacks:
            for where, entries in stack.items():
                for entry in entries if isinstance(entries, list) else []:
                    if entry.get("type") == "aws:cdk:acknowledged-rules":
                        for rule, reason in entry.get("data", {}).items():
                            yield (rule, where.removeprefix("/")), reason


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def policies(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identity policies; key, bucket and trust policies are documents of other kinds."""
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::IAM::"):
            properties = resource.get("Properties", {})
            documents = [
                properties.get("PolicyDocument"),
                *(p["PolicyDocument"] for p in properties.get("Policies", [])),
            ]
            yield from ((name, document) for document in documents if document)


def plain(value: Any, template: dict[str, Any], all_templates: dict[str, dict[str, Any]]) -> Any:
    """The value with what CloudFormation would fill in replaced by something of the right shape."""
    if isinstance(value, list):
        return [plain(item, template, all_templates) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::")):
        return {key: plain(item, template, all_templates) for key, item in value.items()}
    ((function, argument),) = value.items()
    if function == "Ref":
        kind = template["Resources"].get(argument, {}).get("Type")
        return ATTRIBUTE_OF[kind] if kind in REFERRED_TO_BY_ARN else PSEUDO.get(argument, "placeholder")
    if function == "Fn::GetAtt":
        return ATTRIBUTE_OF[template["Resources"][argument[0]]["Type"]]
    if function == "Fn::Join":
        return argument[0].join(str(plain(item, template, all_templates)) for item in argument[1])
    if function == "Fn::Sub":
        return re.sub(r"\$\{([\w:]+)\}", lambda name: PSEUDO[name[1]], argument)
    if function == "Fn::ImportValue":
        for other in all_templates.values():
            for output in other.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == argument:
                    return plain(output["Value"], other, all_templates)
    raise AssertionError(f"no placeholder for {value}")


def findings(assembly: JudgedAssembly) -> list[str]:
    """What no judge forgave and nobody acknowledged."""
    return [
        f"{report['pluginName']} {violation['ruleName']} at {place['constructPath']}: {violation['description']}"
        for report in assembly.reports
        for violation in report["violations"]
        for place in violation["violatingConstructs"]
    ]
