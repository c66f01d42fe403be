"""A plan: frozen, ordered actions, as text and as data. Nothing here touches a network or a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Action", "Effect", "Plan", "join"]


class Effect(StrEnum):
    """What happens to a thing."""

    CREATE = "create"
    UPDATE = "update in place"
    REPLACE = "replace"
    CHANGE = "change"
    """CloudFormation decides whether in place or by a new one."""
    DELETE = "delete"
    UPLOAD = "upload"
    UNCHANGED = "unchanged"


_MARKS = {
    Effect.CREATE: "+",
    Effect.UPDATE: "~",
    Effect.REPLACE: "±",
    Effect.CHANGE: "~",
    Effect.DELETE: "-",
    Effect.UPLOAD: "↑",
    Effect.UNCHANGED: "=",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing and what happens to it.

    `kind` is `stack`, `bundle`, `file`, or a CloudFormation type; `owner` the stack or job it belongs to; `because`
    the properties that differ.
    """

    effect: Effect
    kind: str
    name: str
    owner: str = ""
    because: tuple[str, ...] = ()

    def line(self) -> str:
        """`± AWS::EMR::Cluster Etl (replace: ReleaseLabel)`."""
        reasons = f": {', '.join(self.because)}" if self.because else ""
        return f"{_MARKS[self.effect]} {self.kind} {self.name} ({self.effect}{reasons})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What `deploy` and `run` would do on a target, in that order."""

    target: str
    actions: tuple[Action, ...]

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that change something."""
        return tuple(action for action in self.actions if action.effect is not Effect.UNCHANGED)

    def counts(self) -> dict[str, int]:
        """How many things each effect meets."""
        found = Counter(action.effect for action in self.actions)
        return {effect.value: found[effect] for effect in Effect if found[effect]}

    def text(self) -> str:
        """The plan for a reader: by stack and job, changes only, a summary at the end."""
        lines: list[str] = []
        for owner in dict.fromkeys(action.owner for action in self.actions):
            mine = [action for action in self.changes if action.owner == owner]
            lines.append(f"{owner}: {'unchanged' if not mine else ''}".rstrip())
            lines += [f"  {action.line()}" for action in mine]
        counts = self.counts()
        summary = ", ".join(f"{counts[e.value]} to {e}" for e in Effect if e.value in counts and e != Effect.UNCHANGED)
        same = counts.get(Effect.UNCHANGED.value, 0)
        lines += ["", f"on {self.target}: {summary or 'nothing to do'}" + (f", {same} unchanged" if same else "")]
        return "\n".join(lines)

    def data(self) -> dict[str, object]:
        """The plan as plain data for `--output json`."""
        rows = [
            {"effect": a.effect.value, "kind": a.kind, "name": a.name, "owner": a.owner, "because": list(a.because)}
            for a in self.actions
        ]
        return {"target": self.target, "changed": bool(self.changes), "counts": self.counts(), "actions": rows}


def join(target: str, *parts: Iterable[Action]) -> Plan:
    """One plan of several lists of actions."""
    return Plan(target, tuple(action for part in parts for action in part))
