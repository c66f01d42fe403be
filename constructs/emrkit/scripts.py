"""Files of yours that nodes need: bootstrap scripts and programs of steps, as assets that the nodes may read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emrkit_model.findings import error
from emrkit_model.tokens import is_token
from emrkit_model.values import InvalidModel, refuse

from .pseudo_parameters import Aws

if TYPE_CHECKING:
    from constructs import Construct

    from emrkit_model.cluster import BootstrapAction
    from emrkit_model.diagnostics import Diagnostic
    from emrkit_model.steps import Step

    from .roles.grants import Statement

__all__ = ["place_actions", "place_step"]

_PROGRAMS = ("entry_point", "script", "file", "jar")
_ON_THE_CLUSTER = ("command-runner.jar",)
_LISTS = ("py_files", "files", "jars", "archives")


def place_actions(
    scope: Construct, actions: Sequence[BootstrapAction], statements: list[Statement]
) -> tuple[BootstrapAction, ...]:
    """The actions with their local scripts as assets; what the nodes need to read them goes to `statements`.

    Raises `InvalidModel` (E-CLUS-096) for scripts that are neither in S3 nor a file here; every one is named.
    """
    placed: list[BootstrapAction] = []
    lost = []
    for i, action in enumerate(actions):
        path = action.path
        if not isinstance(path, str):
            statements.append(_read_asset(path))
        elif not is_token(path) and "://" not in path:
            if Path(path).is_file():
                action = action.replace(path=_place(scope, f"BootstrapAction{i + 1}", path, statements))
            else:
                lost.append(
                    error(
                        "CLUS-096",
                        f"the script of bootstrap action '{action.name}' is not here",
                        "bootstrap_actions",
                        i,
                        "path",
                        got=path,
                        allowed="an s3:// address, or the path of a file",
                        hint='give the path from this file: str(Path(__file__).parent / "setup.sh")',
                    )
                )
        placed.append(action)
    if lost:
        raise InvalidModel(lost)
    return tuple(placed)


def place_step(scope: Construct, step: Step, statements: list[Statement]) -> Step:
    """The step with its local files as assets. An absolute path that is no file here is one on the cluster, and stays.

    Raises `InvalidModel` (E-STEP-056) for a program that is neither here nor anywhere on the cluster.
    """
    refuse(_lost_programs(step))
    changes: dict[str, object] = {}
    for name, path in _local_files(step):
        changes[name] = _place(scope, name.title().replace("_", ""), path, statements)
    for name in _LISTS:
        paths: Sequence[str] = getattr(step, name, ())
        if not is_token(paths) and any(_is_local(path) for path in paths):
            changes[name] = [
                _place(scope, f"{name.title().replace('_', '')}{i + 1}", path, statements) if _is_local(path) else path
                for i, path in enumerate(paths)
            ]
    return step.replace(**changes) if changes else step


def _lost_programs(step: Step) -> Iterator[Diagnostic]:
    """Programs by a relative path that is no file here: on the cluster a step starts in an empty folder."""
    for name in _PROGRAMS:
        path = getattr(step, name, None)
        if not isinstance(path, str) or is_token(path) or "://" in path or path.startswith("/"):
            continue
        if path not in _ON_THE_CLUSTER and not Path(path).is_file():
            yield error(
                "STEP-056",
                f"the {name.replace('_', ' ')} of step '{step.name}' is not here",
                "steps",
                step.name,
                name,
                got=path,
                allowed="an s3:// address, the path of a file here, or an absolute path on the cluster",
                hint='give the path from this file: str(Path(__file__).parent / "job.py")',
            )


def _local_files(step: Step) -> Iterator[tuple[str, str]]:
    for name in _PROGRAMS:
        path = getattr(step, name, None)
        if isinstance(path, str) and _is_local(path):
            yield name, path


def _is_local(path: str) -> bool:
    return not is_token(path) and "://" not in path and Path(path).is_file()


def _place(scope: Construct, id: str, path: str, statements: list[Statement]) -> str:  # noqa: A002  # CDK's own word
    from aws_cdk import aws_s3_assets

    asset = aws_s3_assets.Asset(scope, id, path=path)
    statements.append(_read_asset(asset))
    return asset.s3_object_url


def _read_asset(asset: Any) -> Statement:
    return {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:{Aws.PARTITION}:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}",
    }
