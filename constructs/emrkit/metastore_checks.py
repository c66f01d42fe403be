"""What is refused or warned about before a metastore's database is made."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Protocol, cast

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_kms as kms

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import KeyLike
from emrkit_model.findings import error, warning

__all__ = ["check_engine", "check_key_stays"]

_ENGINES = ("aurora-serverless", "rds")
_KEYS = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
_STAYING = {CfnDeletionPolicy.RETAIN, CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE}


class _Placed(Protocol):
    """A key in the tree."""

    @property
    def node(self) -> _Node: ...


class _Node(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def default_child(self) -> object: ...


def check_engine(engine: object) -> Iterator[Diagnostic]:
    """An engine that nobody makes here."""
    if engine not in _ENGINES:
        close = get_close_matches(str(engine), _ENGINES, n=1, cutoff=0.3)
        yield error(
            "META-041",
            "this is no engine of a metastore's database",
            "engine",
            got=engine,
            allowed=", ".join(_ENGINES),
            hint=f"did you mean '{close[0]}'?" if close else None,
        )


def check_key_stays(key: KeyLike) -> Iterator[Diagnostic]:
    """A key of this app that is deleted with its stack: the database's snapshots stay and cannot be read."""
    if isinstance(key, str) or not hasattr(key, "node"):
        return
    node = cast("_Placed", key).node
    made = node.default_child
    # An imported key has no resource; one without a policy goes, as CloudFormation has it.
    if isinstance(made, kms.CfnKey) and made.cfn_options.deletion_policy not in _STAYING:
        yield warning(
            "META-040",
            "the key of the metastore's database goes with its stack, and the snapshots that stay need it",
            "key",
            got=node.path,
            reason=f"what a deleted key encrypted, nobody reads again ({_KEYS})",
            hint="emr.Foundation(..., keep_data=True), or removal_policy=RemovalPolicy.RETAIN of the key",
        )
