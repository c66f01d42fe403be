"""What the values warn about, as CDK annotations: `cdk synth` and `cdk deploy` print them beside the construct."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from constructs import IConstruct

__all__ = ["warn"]

_WARNING = "aws:cdk:warning"


def warn(scope: IConstruct, found: Iterable[Diagnostic]) -> None:
    """Annotate a construct with the warnings among the findings; errors were raised where they were found.

    `Annotations.of(scope).acknowledge_warning("emrkit:<code>")` takes one away again.
    """
    for diagnostic in found:
        if diagnostic.severity is Severity.WARNING:
            # As Annotations would, but without its stack trace: that holds paths that differ from run to run.
            scope.node.add_metadata(_WARNING, f"{diagnostic} [ack: emrkit:{diagnostic.code}]")
