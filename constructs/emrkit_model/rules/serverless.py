"""Rules on EMR Serverless applications: they stop, they have a ceiling, they stand in a VPC, their logs have a key."""

from __future__ import annotations

from collections.abc import Iterator

from .catalogue import Problem, Rule
from .template import ABSENT, Template, is_sequence

__all__ = ["SERVERLESS_LIMITS", "SERVERLESS_PROTECTION"]

_APPLICATION = "AWS::EMRServerless::Application"
_PAGES = "https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/"
_STORES = {
    "ManagedPersistenceMonitoringConfiguration": "the logs that EMR keeps",
    "S3MonitoringConfiguration": "the logs in Amazon S3",
    "CloudWatchLoggingConfiguration": "the logs in CloudWatch",
}


def _limited(template: Template) -> Iterator[Problem]:
    for application in template.of_type(_APPLICATION):
        for found in template.at(application.properties, "AutoStopConfiguration", "Enabled"):
            if found.value in (False, "false"):
                yield Problem(
                    application.id,
                    found.path,
                    "the application never stops by itself",
                    "leave AutoStopConfiguration out (it stops after 15 idle minutes), or set IdleTimeoutMinutes",
                    got="false",
                    allowed="true",
                )
        for found in template.at(application.properties, "MaximumCapacity"):
            if found.is_absent:
                yield Problem(
                    application.id,
                    found.path,
                    "the application may grow without end",
                    'set MaximumCapacity, for example {"Cpu": "400 vCPU", "Memory": "3000 GB"}',
                )


def _protected(template: Template) -> Iterator[Problem]:
    for application in template.of_type(_APPLICATION):
        for found in template.at(application.properties, "NetworkConfiguration", "SubnetIds"):
            if found.is_absent or (is_sequence(found.value) and not found.value):
                yield Problem(
                    application.id,
                    found.path,
                    "the application runs outside of every VPC",
                    "set NetworkConfiguration.SubnetIds, or accept this rule with the reason why none is needed",
                )
        yield from _logs(template, application.id, application.properties)


def _logs(template: Template, owner: str, properties: object) -> Iterator[Problem]:
    for name, words in _STORES.items():
        for store in template.at(properties, "MonitoringConfiguration", name):
            if store.is_absent:
                # EMR keeps logs by itself unless it is told not to; the other two exist only when asked for.
                if name != "ManagedPersistenceMonitoringConfiguration":
                    continue
                enabled: object = ABSENT
            else:
                enabled = next((f.value for f in template.at(store.value, "Enabled")), ABSENT)
            if enabled in (False, "false"):
                continue
            for found in template.at(properties, "MonitoringConfiguration", name, "EncryptionKeyArn"):
                if found.is_absent:
                    yield Problem(
                        owner,
                        found.path,
                        f"{words} are not encrypted with a key of yours",
                        f"set MonitoringConfiguration.{name}.EncryptionKeyArn to the ARN of a KMS key",
                    )


SERVERLESS_LIMITS = Rule(
    "E-RULE-010",
    "a serverless application stops when it is idle and has a ceiling",
    "pre-initialised workers are paid for while they wait, and one wrong job can take every worker there is",
    _PAGES + "application-capacity.html",
    _limited,
    "G08",
)
SERVERLESS_PROTECTION = Rule(
    "E-RULE-015",
    "a serverless application stands in a VPC and its logs are encrypted with your key",
    "outside of a VPC no security group and no endpoint policy holds; logs hold arguments, paths and data samples",
    _PAGES + "vpc-access.html",
    _protected,
    "G13",
)
