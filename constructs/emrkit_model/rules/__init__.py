"""Guardrails: what a safe EMR deployment must have, as pure rules over plain data.

The same rules judge a synthesized template (in CI and before a deploy to AWS) and a cluster of the project file
(`emrkit validate`). They import neither CDK nor boto3 and change nothing.

Example:
    >>> from emrkit_model import rules
    >>> bad = {"Resources": {"Etl": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [
    ...     "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole"]}}}}
    >>> [(finding.rule.id, finding.resource) for finding in rules.check_template(bad)]
    [('E-RULE-008', 'Etl')]
"""

from __future__ import annotations

from collections.abc import Mapping

from .access import INGRESS, PASS_ROLE, SERVICE_POLICY
from .acknowledgements import ACKNOWLEDGEMENTS, Acknowledged, check_acknowledgements
from .bootstrap import BOOTSTRAP
from .buckets import BUCKETS
from .capacity import CORE_NOT_ON_SPOT
from .catalogue import Finding, Problem, Rule
from .clusters import check_cluster, check_job
from .lifetime import IDLE_TERMINATION
from .placement import PRIVATE_SUBNETS
from .protection import ENCRYPTION, IMDS, LOGS, SECURITY_CONFIGURATION
from .secrets import SECRETS
from .serverless import SERVERLESS_LIMITS, SERVERLESS_PROTECTION
from .template import Json, Template

__all__ = [
    "ACKNOWLEDGEMENTS",
    "CATALOGUE",
    "Acknowledged",
    "Finding",
    "Json",
    "Problem",
    "Rule",
    "Template",
    "check_acknowledgements",
    "check_cluster",
    "check_job",
    "check_template",
    "check_templates",
]

CATALOGUE: tuple[Rule, ...] = (
    SECURITY_CONFIGURATION,
    ENCRYPTION,
    IMDS,
    INGRESS,
    PASS_ROLE,
    IDLE_TERMINATION,
    LOGS,
    SERVICE_POLICY,
    PRIVATE_SUBNETS,
    SERVERLESS_LIMITS,
    CORE_NOT_ON_SPOT,
    SECRETS,
    BUCKETS,
    BOOTSTRAP,
    SERVERLESS_PROTECTION,
)
"""Every rule over templates, in the order of its code; `ACKNOWLEDGEMENTS` judges what was accepted of them."""


def check_template(template: Json) -> tuple[Finding, ...]:
    """Judge one CloudFormation template by every rule; an empty tuple means that nothing was found.

    Intrinsic functions are followed as far as a template alone tells: both branches of `Fn::If`, a parameter's
    default, references to resources of the same template. What only the service can resolve is given the benefit
    of the doubt, except where the rule asks for a reference.
    """
    return check_templates({"": template})[""]


def check_templates(templates: Mapping[str, Json]) -> dict[str, tuple[Finding, ...]]:
    """Judge templates that are deployed together: an import leads to the resource behind it.

    >>> check_templates({"empty": {"Resources": {}}})
    {'empty': ()}
    """
    views = Template.family(templates.values())
    return {
        name: tuple(finding for rule in CATALOGUE for finding in rule.findings(view))
        for name, view in zip(templates, views, strict=True)
    }
