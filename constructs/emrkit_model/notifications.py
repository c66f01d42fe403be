"""Where a pipeline says how its executions ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from .diagnostics import Diagnostic
from .fields import KeyLike, TopicLike
from .findings import error
from .tokens import is_token
from .values import Value

__all__ = ["Notifications"]

_ARN = re.compile(r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?P<fifo>\.fifo)?$")
_TARGETS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html"


class Notifications(Value):
    """Topics that hear how every execution of a pipeline ended; topics are yours, none is made.

    The message is JSON: `job`, `run`, `execution` (the ARN), `status`, `started` and `stopped` in milliseconds since
    1970. The input, the output and the cause of a failure are left out of it, because they hold the arguments of steps.
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html

    >>> Notifications(failure="arn:aws:sns:eu-west-1:111122223333:alarms").success is None
    True
    """

    AREA: ClassVar[str] = "JOB"

    success: TopicLike | None = None
    """The topic, or its ARN, that hears of `SUCCEEDED`. Default: nobody does."""
    failure: TopicLike | None = None
    """The topic, or its ARN, that hears of `FAILED`, `TIMED_OUT` and `ABORTED`. Default: nobody does."""
    key: KeyLike | None = None
    """The KMS key of the topics, if they are encrypted with one of yours; its policy must leave permissions to IAM.
    Default: a topic's own, where the topic is an object that tells, else none."""

    def problems(self) -> Iterator[Diagnostic]:
        """At least one topic, each a standard one."""
        if self.success is None and self.failure is None:
            yield error("JOB-050", "notifications go to a topic", "failure", hint="failure: the ARN of an SNS topic")
        for name in ("success", "failure"):
            topic: object = getattr(self, name)
            if not isinstance(topic, str) or is_token(topic):
                continue
            read = _ARN.match(topic)
            if read is None:
                yield error(
                    "JOB-051",
                    f"{name} is not the ARN of a topic",
                    name,
                    got=topic,
                    allowed="arn:<partition>:sns:<region>:<account>:<name>",
                )
            elif read["fifo"]:
                yield error(
                    "JOB-052",
                    f"{name} is a FIFO topic, which EventBridge does not publish to",
                    name,
                    got=topic,
                    reason=_TARGETS,
                    hint="take a standard topic",
                )
