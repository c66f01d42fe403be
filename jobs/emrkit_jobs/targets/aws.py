"""A target that speaks AWS APIs: AWS itself, or any endpoint given by URL."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import cast

from emrkit_jobs.targets.account_api import ApiAccount
from emrkit_jobs.targets.calls import Caller, Session
from emrkit_jobs.targets.emr import EmrClusters
from emrkit_jobs.targets.errors import Refused
from emrkit_jobs.targets.protocol import Identity, Json, TargetKind
from emrkit_jobs.targets.s3 import S3Objects
from emrkit_jobs.targets.stacks import CloudFormationStacks, StepFunctions
from emrkit_model.diagnostics import Diagnostic

__all__ = ["LOCAL_ACCOUNT", "LOCAL_KEYS", "ApiTarget", "open_aws"]

LOCAL_ACCOUNT = "000000000000"
"""The account of local endpoints. No AWS account has this number, so it tells the two apart."""

LOCAL_KEYS: Mapping[str, str] = {"aws_access_key_id": LOCAL_ACCOUNT, "aws_secret_access_key": "local"}
"""Credentials for local endpoints, which check none; AWS would refuse them."""


class ApiTarget:
    """A target behind AWS APIs; `caller` decides credentials, endpoint and retries.

    Example: `open_aws("test", environment="test", region="eu-west-1").identity().account`
    """

    def __init__(
        self, name: str, kind: TargetKind, environment: str, region: str, caller: Caller, account: str | None = None
    ) -> None:
        self.name = name
        self.kind: TargetKind = kind
        self.environment = environment
        self.region = region
        self._caller = caller
        self._account = account
        self.clusters = EmrClusters(caller)
        self.objects = S3Objects(caller, region)
        self.pipelines = StepFunctions(caller)
        self.stacks = CloudFormationStacks(caller)
        self.account = ApiAccount(caller, region)

    @property
    def endpoint(self) -> str | None:
        return self._caller.endpoint

    @property
    def poll_seconds(self) -> float:
        # EMR's quota is about one call in two seconds for everybody in the account together.
        return 10.0 if self.endpoint is None else 0.25

    @cached_property
    def _identity(self) -> Identity:
        answer = self._caller.call("sts", "get_caller_identity")
        return Identity(str(answer["Account"]), str(answer["Arn"]), self.region)

    def identity(self) -> Identity:
        found = self._identity
        if self.kind == "aws" and self.endpoint is None and found.account == LOCAL_ACCOUNT:
            raise Refused(
                Diagnostic(
                    "E-TGT-012",
                    f"target '{self.name}' is AWS, but a local endpoint answers",
                    got=f"account {found.account}",
                    hint="unset AWS_ENDPOINT_URL, or use `--target local`",
                )
            )
        if self._account and found.account != self._account:
            raise Refused(
                Diagnostic(
                    "E-TGT-013",
                    f"the credentials do not belong to the account of target '{self.name}'",
                    got=f"account {found.account} ({found.principal})",
                    allowed=self._account,
                    hint="choose the right profile: AWS_PROFILE=…",
                )
            )
        return found

    def contracts(self, project: str) -> tuple[Json, ...]:
        path = f"/emrkit/{project}/{self.environment}"
        found: list[Json] = []
        for item in self._caller.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True):
            try:
                document = json.loads(str(item["Value"]))
            except ValueError:
                document = None
            if not isinstance(document, dict):
                raise Refused(
                    Diagnostic(
                        "E-TGT-015",
                        f"the parameter {item['Name']} is not a contract document",
                        hint=f"deploy again: `emrkit deploy --target {self.name}`",
                    )
                )
            found.append(cast("Json", document))
        return tuple(found)

    def secret(self, reference: str) -> str:
        return str(self._caller.call("secretsmanager", "get_secret_value", SecretId=reference)["SecretString"])

    def process_environment(self) -> Mapping[str, str | None]:
        return {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    def bucket_folder(self, bucket: str) -> Path | None:  # noqa: ARG002 - S3 keeps no files
        return None


def open_aws(
    name: str, *, environment: str, region: str | None, account: str | None = None, endpoint: str | None = None
) -> ApiTarget:
    """AWS by the user's own credentials, in the region of the target, else of their profile.

    Raises `Refused` when AWS_ENDPOINT_URL would quietly send the calls elsewhere.
    """
    diverted = os.environ.get("AWS_ENDPOINT_URL")
    if diverted and diverted != endpoint:
        raise Refused(
            Diagnostic(
                "E-TGT-012",
                f"target '{name}' is AWS, but AWS_ENDPOINT_URL leads elsewhere",
                got=diverted,
                hint="unset AWS_ENDPOINT_URL, or use `--target local`",
            )
        )
    where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if where is None:
        where = _profile_region(name)

    def session() -> Session:
        import boto3

        return EndpointSession(boto3.Session(region_name=where), endpoint)

    hint = (
        "check the network, the proxy and the region" if endpoint is None else f"is anything listening at {endpoint}?"
    )
    return ApiTarget(name, "aws", environment, where, Caller(name, endpoint, session, hint), account)


class EndpointSession:
    """A boto3 session whose clients all talk to one endpoint (None: to AWS)."""

    def __init__(self, session: object, endpoint: str | None) -> None:
        self._session = session
        self._endpoint = endpoint

    def client(self, service_name: str, **settings: object) -> object:
        """A client as boto3 makes it."""
        return self._session.client(service_name, endpoint_url=self._endpoint, **settings)  # pyright: ignore[reportAttributeAccessIssue]


def _profile_region(name: str) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        region = boto3.Session().region_name
    except BotoCoreError:
        region = None
    if region is None:
        raise Refused(
            Diagnostic(
                "E-TGT-016",
                f"target '{name}' names no region, and neither do the environment and the profile",
                hint=f"add `region:` to target '{name}' in the project file, or set AWS_REGION",
            )
        )
    return str(region)
