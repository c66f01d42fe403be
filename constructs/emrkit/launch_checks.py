"""What a state machine looks at before it asks for a cluster: overrides within their bounds, no cluster of that name.

Pure data in the Amazon States Language with JSONata, like `state_language`: each check is a few states that go on to
the next, or end the execution with a cause that says what to change. Nothing has been paid for until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emrkit_model.cluster import Cluster
from emrkit_model.overrides import Override, defaults_of
from emrkit_model.values import Json

__all__ = ["LaunchCheck", "check_numbers", "look_for_cluster"]

State = dict[str, Json]

_LIVING: list[Json] = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


# What is wrong with the numbers that an execution was given, as text; nothing is wrong if that is empty. Each question
# is asked inside the answer to the one before: the operators of JSONata evaluate both of their sides.
_REFUSED = _one_line(
    """{% $not($type($given) = 'object') ? 'overrides are a map of names to whole numbers' : $join([
$map($keys($given), function($name) {(
  $value := $lookup($given, $name);
  $bound := $lookup($bounds, $name);
  $shown := $substring($string($value), 0, 40);
  $words := $exists($bound.allowed)
    ? $join($map($bound.allowed, function($one) { $string($one) }), ', ')
    : $string($bound.minimum) & ' to ' & $string($bound.maximum);
  $outside := "override '" & $name & "' is " & $shown & ', allowed: ' & $words;
  $not($exists($bound))
    ? "there is no override '" & $substring($name, 0, 64) & "', but " & $join([$keys($bounds)], ', ')
    : $not($type($value) = 'number') ? $outside
    : $value != $floor($value) ? $outside
    : $exists($bound.allowed) ? ($value in $bound.allowed ? () : $outside)
    : $value < $bound.minimum ? $outside
    : $value > $bound.maximum ? $outside
    : ()
)})], '; ') %}"""
)
_PAGE = """{% $merge([{'ClusterStates': $living}, $marker = '' ? {} : {'Marker': $marker}]) %}"""
_NAMESAKES = "{% [$states.result.Clusters[Name = $name].(Id & ' (' & Status.State & ')')] %}"


@dataclass(frozen=True)
class LaunchCheck:
    """States that come before the cluster."""

    first: str
    """The state that the check begins with."""
    states: Mapping[str, State]
    """Its states; those that go on to `then` lead out of it."""
    then: str
    """What follows when nothing is wrong."""
    variables: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What the state machine's first state must put into variables."""


def check_numbers(overrides: Mapping[str, Override], cluster: Cluster, then: str) -> LaunchCheck:
    """Every number that the execution was given is declared, whole and within its bounds; `$chosen` then has them all.

    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    bounds: dict[str, Json] = {}
    for name, override in overrides.items():
        limits: dict[str, Json] = {"minimum": override.minimum, "maximum": override.maximum}
        bounds[name] = {"allowed": list(override.allowed)} if override.allowed else limits
    check, choice, refused = "Check overrides", "Overrides within their bounds?", "Override refused"
    return LaunchCheck(
        first=check,
        then=then,
        variables={
            "given": "{% $exists($states.input.overrides) ? $states.input.overrides : {} %}",
            "bounds": bounds,
            "defaults": dict(defaults_of(overrides, cluster)),
        },
        states={
            check: {"Type": "Pass", "Assign": {"refused": _REFUSED}, "Next": choice},
            choice: {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $refused = '' %}",
                        "Assign": {"chosen": "{% $merge([$defaults, $given]) %}"},
                        "Next": then,
                    }
                ],
                "Default": refused,
            },
            refused: {"Type": "Fail", "Error": "Emrkit.OverrideRefused", "Cause": "{% $refused %}"},
        },
    )


def look_for_cluster(name: Json, then: str, *, partition: str) -> LaunchCheck:
    """No cluster of this name starts, runs or waits: every page of ListClusters is looked at, fifty clusters each.

    It is a look, not a lock: two executions that look at the same moment both see nothing.
    https://docs.aws.amazon.com/emr/latest/APIReference/API_ListClusters.html
    """
    look, choice, refused = "Look for a cluster of this name", "Does one run?", "Cluster runs already"
    task: State = {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::aws-sdk:emr:listClusters",
        "Arguments": _PAGE,
        "Assign": {
            "marker": "{% $type($states.result.Marker) = 'string' ? $states.result.Marker : '' %}",
            "running": _NAMESAKES,
        },
        # It only reads: whatever went wrong may be tried again.
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}],
        "Next": choice,
    }
    return LaunchCheck(
        first=look,
        then=then,
        variables={"name": name, "living": _LIVING, "marker": ""},
        states={
            look: task,
            choice: {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $count($running) > 0 %}", "Next": refused},
                    {"Condition": "{% $marker != '' %}", "Next": look},
                ],
                "Default": then,
            },
            refused: {
                "Type": "Fail",
                "Error": "Emrkit.ClusterRunning",
                "Cause": "{% \"cluster '\" & $name & \"' runs already: \" & $join($running, ', ') %}",
            },
        },
    )
