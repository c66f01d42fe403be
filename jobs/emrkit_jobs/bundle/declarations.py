"""What a project file declares beside clusters and jobs: its head, and its targets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from emrkit_facts.instance_types import regions
from emrkit_jobs.bundle.judges import Judges
from emrkit_model.diagnostics import Diagnostic, EmrkitError
from emrkit_model.fields import Flag, Items, Text, words
from emrkit_model.findings import error, warning
from emrkit_model.ownership import Ownership
from emrkit_model.values import Value

__all__ = ["Head", "Target", "check_names", "choose_target"]

_PROJECT = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class Head(Ownership):
    """The top of a project file; clusters, jobs and targets have types of their own."""

    AREA: ClassVar[str] = "FILE"

    project: Text
    """The project's name: small letters, digits and dashes, 2 to 32 characters. It names stacks and parameters."""
    include: Items[Text] = ()
    """Patterns of files with further `clusters`, `jobs` and `variables`, below this file's folder."""
    variables: object = None
    """Names with their default values, for `${var.<name>}`; one without a value must be given one."""
    targets: object = None
    """Where the project is deployed and run."""
    clusters: object = None
    """Clusters by name."""
    jobs: object = None
    """Jobs by name."""
    judges: Judges | None = None
    """Who judges every deployment to AWS, and what is accepted. Default: the usual judges, and nothing."""

    def problems(self) -> Iterator[Diagnostic]:
        """A name that stacks and parameters can carry; tags are judged once variables are filled in."""
        if not _PROJECT.fullmatch(self.project):
            yield error(
                "FILE-050",
                f"'{self.project}' is not a name for a project",
                "project",
                got=self.project,
                allowed="2 to 32 small letters, digits and dashes, a letter first",
            )


class Target(Value):
    """A place where stacks are deployed and jobs run.

    >>> Target(name="prod", kind="aws", mode="production").environment_name
    'prod'
    """

    AREA: ClassVar[str] = "FILE"

    name: Text
    """The target's name: its key under `targets`."""
    kind: Annotated[str, words("local", "localstack", "aws")]
    """`local`: emrkit's own endpoint on this machine. `localstack`: any endpoint by URL. `aws`: AWS itself."""
    account: Text | None = None
    """The AWS account, 12 digits. Default: whichever the credentials belong to, asked for before the first change."""
    region: Text | None = None
    """The AWS region. Default: the one of the AWS configuration; `us-east-1` on a local target."""
    endpoint: Text | None = None
    """The URL of a `localstack` target."""
    mode: Annotated[str, words("development", "production")] = "development"
    """`production` asks before every change, and keeps data when stacks go."""
    environment: Text | None = None
    """The environment whose stacks belong to this target. Default: the target's name."""
    judges: Judges | None = None
    """Who judges this target as well, and what is accepted there. Default: as the project says."""
    default: Flag = False
    """Whether this target is meant when none is named."""

    @property
    def environment_name(self) -> str:
        """The environment, or the target's own name."""
        return self.environment or self.name

    @property
    def is_local(self) -> bool:
        """Whether the target is an endpoint given by emrkit or by a URL, never AWS itself."""
        return self.kind != "aws"

    def problems(self) -> Iterator[Diagnostic]:
        """An account of 12 digits, a region that is known, an endpoint where one is needed and nowhere else."""
        if self.account is not None and not re.fullmatch(r"[0-9]{12}", self.account):
            yield error("FILE-051", "an AWS account has 12 digits", "account", got=self.account)
        if self.region is not None and not _REGION.fullmatch(self.region):
            yield error(
                "FILE-052", f"'{self.region}' is not a region", "region", got=self.region, hint="for example eu-west-1"
            )
        elif self.region is not None and self.region not in (known := regions()):
            beside = [region for region in known if region[:3] == self.region[:3]]
            close = get_close_matches(self.region, known, 3) or beside
            yield warning(
                "FILE-064",
                f"region '{self.region}' is not known",
                "region",
                got=self.region,
                reason="it is newer than the packaged data, or misspelt",
                hint=f"did you mean {', '.join(close)}?" if close else None,
            )
        if self.environment is not None and not _NAME.fullmatch(self.environment):
            yield error(
                "FILE-053",
                f"'{self.environment}' is not a name for an environment",
                "environment",
                got=self.environment,
                allowed="letters, digits, `-` and `_`, a letter first",
            )
        if self.kind == "localstack" and self.endpoint is None:
            yield error(
                "FILE-054", "a localstack target needs an endpoint", "endpoint", hint="endpoint: http://127.0.0.1:4566"
            )
        if self.endpoint is not None:
            yield from self._check_endpoint(self.endpoint)

    def _check_endpoint(self, endpoint: str) -> Iterator[Diagnostic]:
        if self.kind != "localstack":
            yield error(
                "FILE-055",
                f"a target of kind {self.kind} has no endpoint of its own",
                "endpoint",
                got=_without_user(endpoint),
                hint="use `kind: localstack` for an endpoint by URL",
            )
            return
        try:
            url = urlsplit(endpoint)
            good = url.scheme in {"http", "https"} and bool(url.hostname) and not url.username and url.port != 0
        except ValueError:
            good = False
        if not good:
            yield error(
                "FILE-056",
                "the endpoint is not a URL",
                "endpoint",
                got=_without_user(endpoint),
                allowed="http://HOST:PORT or https://HOST:PORT, without user and password",
            )


def _without_user(endpoint: str) -> str:
    """The endpoint as it may be shown: user and password left out."""
    return re.sub(r"[^/]*@", "…@", endpoint)


def check_names(kind: str, names: Mapping[str, object]) -> Iterator[Diagnostic]:
    """Names that can stand in ids, tags and paths."""
    for name in names:
        if not _NAME.fullmatch(name):
            yield error(
                "FILE-057",
                f"{name!r} is not a name for {kind}",
                name,
                got=name,
                allowed="1 to 63 letters, digits, `-` and `_`, a letter first",
            )


def choose_target(
    targets: Mapping[str, Target],
    option: str | None = None,
    context: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Target:
    """The one rule by which the CLI and app.py choose a target.

    `option` is `--target`, `context` is `cdk -c target=…`; if both are given they must agree. Then the environment
    variable EMRKIT_TARGET, then the target marked `default`, then the only one there is.
    """
    known = ", ".join(targets) or "the file declares no target"
    if option and context and option != context:
        raise EmrkitError(
            Diagnostic(
                "E-FILE-060",
                f"two targets are named: '{option}' and '{context}'",
                reason="--target and -c target= must agree",
                hint="name one of them",
            )
        )
    variables = os.environ if environment is None else environment
    name = option or context or variables.get("EMRKIT_TARGET") or None
    if name is None:
        marked = [target for target in targets.values() if target.default]
        if len(marked) == 1:
            return marked[0]
        if len(targets) == 1:
            return next(iter(targets.values()))
        raise EmrkitError(
            Diagnostic(
                "E-FILE-061",
                "no target is named",
                allowed=known,
                hint="name one with `--target NAME` or EMRKIT_TARGET, or mark one with `default: true`",
            )
        )
    if name not in targets:
        close = get_close_matches(name, targets, 1)
        raise EmrkitError(
            Diagnostic(
                "E-FILE-062",
                f"there is no target '{name}'",
                got=name,
                allowed=known,
                hint=f"did you mean `{close[0]}`?" if close else "add it under `targets:`",
            )
        )
    return targets[name]
