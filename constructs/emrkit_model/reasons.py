"""How long a reason must be to be one: the same for whoever acknowledges a finding and for who judges that."""

from __future__ import annotations

__all__ = ["SHORTEST_REASON"]

SHORTEST_REASON = 20
"""Characters that a reason has at least."""
