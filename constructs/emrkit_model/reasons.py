"""Reasons of accepted findings: the same for whoever acknowledges a finding and for who judges that."""

from __future__ import annotations

__all__ = ["OWN_MARK", "SHORTEST_REASON"]

SHORTEST_REASON = 20
"""Characters that a reason has at least."""

OWN_MARK = "(emrkit)"
"""How the reason of what emrkit accepts for itself ends: whether that is still needed is for emrkit's own tests."""
