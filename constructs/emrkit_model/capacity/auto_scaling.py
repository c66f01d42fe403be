"""Custom automatic scaling of instance groups: rules over CloudWatch metrics, within a minimum and a maximum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from emrkit_model.diagnostics import Diagnostic
from emrkit_model.fields import Count, FrozenMap, Items, Number, Seconds, Settings, Text, words
from emrkit_model.findings import error, warning
from emrkit_model.tokens import is_token
from emrkit_model.values import Value

__all__ = ["AutoScaling", "ScalingRule"]

_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html"
_CLUSTER_ID = "${emr.clusterId}"
_STATISTICS = ("AVERAGE", "SAMPLE_COUNT", "SUM", "MINIMUM", "MAXIMUM")
_COMPARISONS = {
    "below": "LESS_THAN",
    "at_most": "LESS_THAN_OR_EQUAL",
    "above": "GREATER_THAN",
    "at_least": "GREATER_THAN_OR_EQUAL",
}


_THIS_CLUSTER: Mapping[str, str] = FrozenMap({"JobFlowId": _CLUSTER_ID})


class ScalingRule(Value):
    """When a metric is beyond a threshold for some time, the group grows or shrinks.

    The alarm looks at `periods` values in a row, each of `period` seconds; EMR publishes a value every five minutes.
    https://docs.aws.amazon.com/emr/latest/APIReference/API_ScalingRule.html

    >>> rule = ScalingRule(name="grow", metric="AppsPending", comparison="above", threshold=3, adjustment=2)
    >>> rule.comparison, rule.cool_down
    ('GREATER_THAN', 300)
    """

    AREA: ClassVar[str] = "SCALE"

    name: Text
    """The rule's name, unique within the policy."""
    metric: Text
    """The metric, for example `YARNMemoryAvailablePercentage`, `ContainerPendingRatio`, `AppsPending`."""
    comparison: Annotated[str, words(*_COMPARISONS.values(), **_COMPARISONS)]
    """`below`, `at_most`, `above` or `at_least` the threshold; EMR's own words too."""
    threshold: Number
    """What the metric is compared with, in its own unit."""
    adjustment: Count
    """Nodes to add, or with a minus sign to remove; a percentage or the new count by `adjustment_type`."""
    adjustment_type: Annotated[str, words("CHANGE_IN_CAPACITY", "PERCENT_CHANGE_IN_CAPACITY", "EXACT_CAPACITY")] = (
        "CHANGE_IN_CAPACITY"
    )
    """What `adjustment` means: a number of nodes, a percentage of the group, or the new count."""
    period: Seconds = 300
    """Seconds that one value of the metric stands for. Default: 300, EMR's own."""
    periods: Count = 1
    """Values in a row that must be beyond the threshold. Default: 1."""
    cool_down: Seconds = 300
    """Seconds after an adjustment before the next one. Default: 300."""
    statistic: Annotated[str, words(*_STATISTICS)] = "AVERAGE"
    """How the samples of a period are put together. Default: their average."""
    unit: Text | None = None
    """The metric's unit: `PERCENT`, `COUNT`, … Default: as it is published."""
    namespace: Text = "AWS/ElasticMapReduce"
    """The metric's namespace. Default: EMR's."""
    dimensions: Settings = _THIS_CLUSTER
    """The metric's dimensions. Default: this cluster, whose id EMR puts in at run time."""
    market: Annotated[str | None, words("ON_DEMAND", "SPOT")] = None
    """The market of the nodes that the rule adds. Default: the group's."""
    description: Text | None = None
    """What the rule is for."""

    def problems(self) -> Iterator[Diagnostic]:
        """A period that CloudWatch knows, at least one of them, an adjustment that does something."""
        if not is_token(self.period) and (self.period < 60 or self.period % 60):
            yield error(
                "SCALE-030",
                "period is a multiple of 60 seconds",
                "period",
                got=f"{self.period} s",
                allowed="60 s, 120 s, … (EMR publishes every 300 s)",
                reason=_PAGE,
            )
        elif not is_token(self.period) and self.period < 300 and self.namespace == "AWS/ElasticMapReduce":
            yield warning(
                "SCALE-031",
                f"EMR publishes its metrics every 300 s, the rule looks every {self.period} s",
                "period",
                got=f"{self.period} s",
                reason=_PAGE,
                hint="300 s, or a metric of your own",
            )
        if not is_token(self.periods) and self.periods < 1:
            yield error("SCALE-032", "periods is at least 1", "periods", got=self.periods, reason=_PAGE)
        if not is_token(self.cool_down) and self.cool_down < 0:
            yield error("SCALE-033", "cool_down is not negative", "cool_down", got=self.cool_down, reason=_PAGE)
        if is_token(self.adjustment):
            return
        exact = self.adjustment_type == "EXACT_CAPACITY"
        if (exact and self.adjustment < 0) or (not exact and self.adjustment == 0):
            yield error(
                "SCALE-034",
                "the adjustment does nothing" if not exact else "a group cannot have fewer than no nodes",
                "adjustment",
                got=self.adjustment,
                allowed="0 or more" if exact else "a number other than 0",
                reason=_PAGE,
            )


class AutoScaling(Value):
    """Custom automatic scaling of one core or task group: never of primary nodes, never of fleets.

    It needs the cluster's auto scaling role, which the construct makes, and excludes managed scaling. EMR's own advice
    is managed scaling; this is for rules of one's own, for other metrics and for groups that follow different ones.
    Local EMR checks and records a policy; its rules act on AWS alone.
    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html

    >>> [rule.name for rule in AutoScaling(minimum=2, maximum=10).rules][:2]
    ['scale-out-memory', 'scale-out-pending']
    """

    AREA: ClassVar[str] = "SCALE"

    minimum: Count
    """The least number of nodes."""
    maximum: Count
    """The largest number of nodes."""
    rules: Items[ScalingRule] = Field(default_factory=lambda: _reference(1))
    """The rules. Default: those of `reference` with an adjustment of one node."""

    @classmethod
    def reference(cls, minimum: int, maximum: int, adjustment: int = 1) -> AutoScaling:
        """The rules that fit most YARN clusters; `adjustment` nodes at a time (one by default: it never overshoots).

        Out when less than 15 % of YARN's memory is free for 5 minutes, or when more than 0.75 containers wait for each
        one that runs for 5 minutes. In when more than 75 % is free for 15 minutes, or when less than 0.1 wait for each
        for 15 minutes. 300 seconds of rest after each adjustment.

        >>> AutoScaling.reference(2, 10, adjustment=3).rules[0].adjustment
        3
        """
        return cls(minimum=minimum, maximum=maximum, rules=_reference(adjustment))

    def explain(self) -> tuple[str, ...]:
        """What the policy does, a sentence for each rule, with its numbers."""
        return (f"between {self.minimum} and {self.maximum} nodes", *(_sentence(rule) for rule in self.rules))

    def problems(self) -> Iterator[Diagnostic]:
        """Minimum at most maximum; at least one rule; no name twice."""
        if not is_token(self.minimum) and self.minimum < 0:
            yield error("SCALE-035", "minimum is not negative", "minimum", got=self.minimum, reason=_PAGE)
        if not is_token(self.minimum) and not is_token(self.maximum) and self.maximum < self.minimum:
            yield error(
                "SCALE-036",
                f"maximum {self.maximum} is below minimum {self.minimum}",
                "maximum",
                got=self.maximum,
                allowed=f"{self.minimum} or more",
                reason=_PAGE,
            )
        if is_token(self.rules):
            return
        if not self.rules:
            yield error(
                "SCALE-037",
                "a policy without rules does nothing",
                "rules",
                reason=_PAGE,
                hint="leave rules out for the reference rules",
            )
        names = [rule.name for rule in self.rules]
        for i, name in enumerate(names):
            if name in names[:i] and not is_token(name):
                yield error("SCALE-038", f"two rules are named '{name}'", "rules", i, "name", got=name, reason=_PAGE)


def _reference(adjustment: int) -> tuple[ScalingRule, ...]:
    memory, pending = "YARNMemoryAvailablePercentage", "ContainerPendingRatio"
    rows = (
        ("scale-out-memory", memory, "LESS_THAN", 15, adjustment, 1),
        ("scale-out-pending", pending, "GREATER_THAN", 0.75, adjustment, 1),
        ("scale-in-memory", memory, "GREATER_THAN", 75, -adjustment, 3),
        ("scale-in-pending", pending, "LESS_THAN", 0.1, -adjustment, 3),
    )
    return tuple(
        ScalingRule(
            name=name,
            metric=metric,
            comparison=comparison,
            threshold=threshold,
            adjustment=change,
            periods=periods,
            unit="PERCENT" if metric == memory else "COUNT",
        )
        for name, metric, comparison, threshold, change, periods in rows
    )


_WORDS = {value: word.replace("_", " ") for word, value in _COMPARISONS.items()}


def _sentence(rule: ScalingRule) -> str:
    minutes = rule.period * rule.periods // 60
    how = {
        "CHANGE_IN_CAPACITY": f"{rule.adjustment:+d} nodes",
        "PERCENT_CHANGE_IN_CAPACITY": f"{rule.adjustment:+d} % of the nodes",
        "EXACT_CAPACITY": f"{rule.adjustment} nodes in all",
    }[rule.adjustment_type]
    when = f"{rule.metric} {_WORDS[rule.comparison]} {rule.threshold:g} for {minutes} minutes"
    return f"{how} when {when}, then {rule.cool_down} s of rest"
