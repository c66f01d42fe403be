"""Tags for cost allocation and owner on everything below a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Tags

from emrkit_model.values import refuse

from .arguments import check_value

if TYPE_CHECKING:
    from constructs import IConstruct

    from emrkit_model.ownership import Ownership

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
        InvalidModel: This is no ownership (E-CLUS-113).

    Example: `emr.tag_everything(app, emr.Ownership(owner="data-platform", cost_center="4711"))`
    """
    refuse(
        check_value(
            "ownership", ownership, "Ownership", allowed='emr.Ownership(owner="data-platform", cost_center="4711")'
        )
    )
    for key, value in ownership.all_tags().items():
        Tags.of(scope).add(key, value, priority=_BELOW_OWN)
