"""Tags for cost allocation and owner on everything below a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Tags

from emrkit_model.findings import error
from emrkit_model.ownership import Ownership
from emrkit_model.values import refuse

if TYPE_CHECKING:
    from constructs import IConstruct

__all__ = ["tag_everything"]

_BELOW_OWN = 40  # what a resource says itself has 50, what the CDK's Tags say has 100


def tag_everything(scope: IConstruct, ownership: Ownership) -> None:
    """Tag every resource of an app, a stack or a construct that takes tags; what a resource says itself wins.

    Clusters that a pipeline or a run launches are no resources: give them `ownership.all_tags()` as their tags, which
    a project file does by itself.

    Args:
        scope: The app, the stack or the construct.
        ownership: Whose it is, who pays for it, and further tags.

    Raises:
        InvalidModel: This is no ownership (E-TAG-014).

    Example: `emr.tag_everything(app, emr.Ownership(owner="data-platform", cost_center="4711"))`
    """
    refuse(
        []
        if isinstance(ownership, Ownership)
        else [
            error(
                "TAG-014",
                "ownership must be emr.Ownership",
                "ownership",
                got=repr(ownership) if ownership is None or isinstance(ownership, str) else type(ownership).__name__,
                allowed='emr.Ownership(owner="data-platform", cost_center="4711", tags={...})',
            )
        ]
    )
    for key, value in ownership.all_tags().items():
        Tags.of(scope).add(key, value, priority=_BELOW_OWN)
