"""CDK's L1 resources, made of properties that are in their final form already.

An L1 class's own constructor turns every argument into a struct and checks its type by reflection, which takes about
as long in Python as everything else that happens to the resource. emrkit's properties come from checked values, their
keys from the table of the CloudFormation surface: they go over as they are. What is made is the L1 class, so Aspects,
Tags, `isinstance` and the escape hatches work as with any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import new_class
from typing import TypeVar, cast

import jsii
from aws_cdk import CfnResource
from constructs import Construct

__all__ = ["make"]

R = TypeVar("R", bound=CfnResource)


def make(kind: type[R], scope: Construct, id: str, properties: Mapping[str, object]) -> R:  # noqa: A002
    """An L1 resource of `kind`; the keys of `properties` are camelCase, and None is left out.

    CDK drops a key that it does not know without a word: keys come from `render.cloudformation.to_l1`, or stand in the
    code beside a test of the template.

    Example:
        ```python
        role = make(iam.CfnRole, self, "Role", {"assumeRolePolicyDocument": trust})
        ```
    """
    given = {key: value for key, value in properties.items() if value is not None}
    return cast("R", _direct(kind)(scope, id, given))


@cache
def _direct(kind: type[CfnResource]) -> Callable[[Construct, str, dict[str, object]], CfnResource]:
    def create(self: CfnResource, scope: Construct, id: str, properties: dict[str, object]) -> None:  # noqa: A002
        jsii.create(kind, self, [scope, id, properties])  # what the class's own constructor ends with

    members = {"__init__": create, "__module__": kind.__module__}
    made = new_class(kind.__name__, (kind,), exec_body=lambda body: body.update(members))
    return cast("Callable[[Construct, str, dict[str, object]], CfnResource]", made)
