"""What the values warn about, as CDK annotations: `cdk synth` and `cdk deploy` print them beside the construct."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_cdk import Annotations

from emrkit_model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from constructs import IConstruct

__all__ = ["warn"]


def warn(scope: IConstruct, found: Iterable[Diagnostic]) -> None:
    """Annotate a construct with the warnings among the findings; errors were raised where they were found.

    Each can be acknowledged by its id, `emrkit:<code>`.
    """
    for diagnostic in found:
        if diagnostic.severity is Severity.WARNING:
            Annotations.of(scope).add_warning_v2(f"emrkit:{diagnostic.code}", str(diagnostic))
