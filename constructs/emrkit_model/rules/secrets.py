"""The rule on secrets in plain sight: arguments, configurations, tags and names are readable by many."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import Problem, Rule
from .template import Template, is_intrinsic, is_mapping, is_sequence, join_literals

__all__ = ["SECRETS", "Suspicion", "describe", "suspect", "suspect_words"]

# What is a secret wherever it stands: keys and tokens with a form of their own, private keys, passwords inside URLs.
_FORMS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password inside a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@?#${}]+:[^/\s@${}]+@"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{22,})\b"),
    "a token of Slack": re.compile(r"\bxox[abeprs]-[0-9A-Za-z-]{10,}\b"),
    "a password inside a connection string": re.compile(
        r"[?;&](?:password|passwd|pwd|secret|token)=(?![${])[^;&\s]{3,}", re.I
    ),
}
# Keys whose value is a secret, if it is text that stands for nothing else.
_KEY = re.compile(
    r"(?:^|[.\-_ ])(?:pass(?:word|wd|phrase)?|pwd|secret(?:[._-]?(?:key|token))?|api[._-]?key|auth[._-]?token"
    r"|access[._-]?(?:key|token)|private[._-]?key|client[._-]?secret|credentials?|token)"
    r"(?:[._-]?value)?$",
    re.I,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Values that only point at a secret, or say that there is none.
_HARMLESS = re.compile(
    r"^(?:$|true|false|none|null|\d{1,5}|\$\{.*\}|\{\{resolve:.*|EMR\.secret@.*|arn:.*|(?:[a-z0-9]+://|/).*"
    r"|[a-z]\w*(?:\.\w+){2,}|\*+|<.*>)$",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A literal that looks like a secret; the value itself is never repeated."""

    what: str
    shown: str


def suspect(key: str, value: object) -> Suspicion | None:
    """Whether the value of a setting looks like a secret.

    A reference is none: `{{resolve:…}}`, `${…}`, `EMR.secret@…`, an ARN, a path, a class name.

    >>> suspect("javax.jdo.option.ConnectionPassword", "hunter2!").what
    'a password or key'
    >>> suspect("javax.jdo.option.ConnectionPassword", "EMR.secret@hive-metastore") is None
    True
    """
    if not isinstance(value, str):
        return None
    for what, form in _FORMS.items():
        if form.search(value):
            return Suspicion(what, _masked(value))
    if _KEY.search(_CAMEL.sub("-", key)) and not _HARMLESS.match(value.strip()):
        return Suspicion("a password or key", _masked(value))
    return None


def suspect_words(words: list[str]) -> Iterator[tuple[int, Suspicion]]:
    """The arguments of a command that look like secrets, by their positions.

    >>> [number for number, _ in suspect_words(["job.py", "--password", "hunter2!", "--day=2026-01-01"])]
    [2]
    """
    for number, word in enumerate(words):
        name, equals, rest = word.partition("=")
        if equals:
            # `--conf spark.x.password=…` and `--password=…` alike.
            found = suspect(name.lstrip("-"), rest) or suspect("", word)
        else:
            before = words[number - 1] if number else ""
            named = before.lstrip("-") if before.startswith("-") and "=" not in before else ""
            found = None if named and word.startswith("--") else suspect(named, word)
        if found is not None:
            yield number, found


def _masked(value: str) -> str:
    return f"{len(value)} characters, not shown"


def _hidden(template: Template) -> Iterator[Problem]:
    for cluster in template.of_type("AWS::EMR::Cluster"):
        yield from _in_text(template, cluster.id, cluster.properties, "Name")
        yield from _in_tags(template, cluster.id, cluster.properties)
        yield from _in_configurations(template, cluster.id, cluster.properties, ("Configurations",), ())
        yield from _in_nodes(template, cluster.id, cluster.properties)
        yield from _in_mapping(template, cluster.id, cluster.properties, "KerberosAttributes", ())
        for step in template.items(cluster.properties, "Steps"):
            yield from _in_args(template, cluster.id, step.value, ("HadoopJarStep", "Args"), step.path)
            yield from _in_properties(template, cluster.id, step.value, ("HadoopJarStep", "StepProperties"), step.path)
        for action in template.items(cluster.properties, "BootstrapActions"):
            yield from _in_args(template, cluster.id, action.value, ("ScriptBootstrapAction", "Args"), action.path)
    for step in template.of_type("AWS::EMR::Step"):
        yield from _in_text(template, step.id, step.properties, "Name")
        yield from _in_args(template, step.id, step.properties, ("HadoopJarStep", "Args"), ())
        yield from _in_properties(template, step.id, step.properties, ("HadoopJarStep", "StepProperties"), ())
    for fleet in template.of_type("AWS::EMR::InstanceFleetConfig"):
        for kind in template.items(fleet.properties, "InstanceTypeConfigs"):
            yield from _in_configurations(template, fleet.id, kind.value, ("Configurations",), kind.path)
    for group in template.of_type("AWS::EMR::InstanceGroupConfig"):
        yield from _in_configurations(template, group.id, group.properties, ("Configurations",), ())
    for machine in template.of_type("AWS::StepFunctions::StateMachine"):
        yield from _in_definition(template, machine.id, machine.properties)
    for application in template.of_type("AWS::EMRServerless::Application"):
        yield from _in_text(template, application.id, application.properties, "Name")
        yield from _in_tags(template, application.id, application.properties)
        yield from _in_configurations(template, application.id, application.properties, ("RuntimeConfiguration",), ())


def _in_definition(template: Template, owner: str, properties: object) -> Iterator[Problem]:
    """The steps and configurations inside the text of a state machine's definition."""
    for found in template.at(properties, "DefinitionString"):
        text = join_literals(found.value, "${}")
        try:
            states: object = json.loads(text) if text is not None else None
        except ValueError:
            states = None
        # One finding for each secret, at the text that holds it.
        for suspicion in dict.fromkeys(_suspicions(states)):
            yield describe(owner, found.path, suspicion)


def _suspicions(value: object, key: str = "") -> Iterator[Suspicion]:
    if is_mapping(value):
        for name, item in value.items():
            yield from _suspicions(item, name)
    elif is_sequence(value):
        if all(isinstance(item, str) for item in value):
            yield from (suspicion for _, suspicion in suspect_words([str(item) for item in value]))
        else:
            for item in value:
                yield from _suspicions(item)
    elif suspicion := suspect(key, value):
        yield suspicion


def _in_text(template: Template, owner: str, properties: object, name: str) -> Iterator[Problem]:
    for found in template.at(properties, name):
        if suspicion := suspect("", found.value):
            yield describe(owner, found.path, suspicion)


def _in_tags(template: Template, owner: str, properties: object) -> Iterator[Problem]:
    for tag in template.items(properties, "Tags"):
        if is_mapping(tag.value) and (suspicion := suspect(str(tag.value.get("Key")), tag.value.get("Value"))):
            yield describe(owner, (*tag.path, "Value"), suspicion)


def _in_nodes(template: Template, owner: str, properties: object) -> Iterator[Problem]:
    """Configurations of single instance types and groups."""
    for found in template.at(properties, "Instances"):
        if not is_mapping(found.value) or is_intrinsic(found.value):
            continue
        for name, part in found.value.items():
            if name.endswith(("InstanceFleet", "InstanceFleets")):
                for fleet in template.items(part):
                    for kind in template.items(fleet.value, "InstanceTypeConfigs"):
                        place = (*found.path, name, *fleet.path, *kind.path)
                        yield from _in_configurations(template, owner, kind.value, ("Configurations",), place)
            elif name.endswith(("InstanceGroup", "InstanceGroups")):
                for group in template.items(part):
                    place = (*found.path, name, *group.path)
                    yield from _in_configurations(template, owner, group.value, ("Configurations",), place)


def _in_configurations(
    template: Template, owner: str, value: object, path: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[Problem]:
    for row in template.items(value, *path):
        here = (*place, *row.path)
        for field in ("ConfigurationProperties", "Properties"):
            yield from _in_mapping(template, owner, row.value, field, here)
        yield from _in_configurations(template, owner, row.value, ("Configurations",), here)


def _in_mapping(
    template: Template, owner: str, value: object, field: str, place: tuple[str | int, ...]
) -> Iterator[Problem]:
    for found in template.at(value, field):
        if is_mapping(found.value) and not is_intrinsic(found.value):
            for key, item in found.value.items():
                if suspicion := suspect(key, item):
                    yield describe(owner, (*place, *found.path, key), suspicion)


def _in_properties(
    template: Template, owner: str, value: object, path: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[Problem]:
    """Pairs of `Key` and `Value`."""
    for row in template.items(value, *path):
        if is_mapping(row.value) and (suspicion := suspect(str(row.value.get("Key")), row.value.get("Value"))):
            yield describe(owner, (*place, *row.path, "Value"), suspicion)


def _in_args(
    template: Template, owner: str, value: object, path: tuple[str, ...], place: tuple[str | int, ...]
) -> Iterator[Problem]:
    for found in template.at(value, *path):
        if is_sequence(found.value):
            words = [word if isinstance(word, str) else "${}" for word in found.value]
            for number, suspicion in suspect_words(words):
                yield describe(owner, (*place, *found.path, number), suspicion)


def describe(owner: str, path: tuple[str | int, ...], suspicion: Suspicion) -> Problem:
    """A suspicion as a problem of a resource, without the value."""
    return Problem(
        owner,
        path,
        f"{suspicion.what} stands here in clear text",
        "keep it in Secrets Manager and name it: `EMR.secret@<name>` in a configuration, its ARN in an argument",
        got=suspicion.shown,
    )


SECRETS = Rule(
    "E-RULE-012",
    "no secret stands in arguments, configurations, bootstrap actions, tags or names",
    "whoever may describe the cluster or the stack reads them, and they end up in logs and histories",
    "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/storing-sensitive-data.html",
    _hidden,
    "G10",
)
