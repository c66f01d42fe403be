"""Configuration classifications known to EMR, by release.

Page: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

from functools import cache

from .tables import load

__all__ = ["known", "suggestions"]


def known(name: str) -> bool:
    """Whether any release whose list was read in full has the classification (`export` is the nested one)."""
    return name == "export" or name in _names()


@cache
def suggestions(name: str) -> tuple[str, ...]:
    """Close names, best first. Remembered: comparing a name with all others is dear, and each copy of a value asks."""
    from difflib import get_close_matches

    # A name that has too few of the letters at all cannot be close; asking that first spares most comparisons. Sorted,
    # so that names equally close come in the same order in every process.
    wanted = (n for n in sorted(_names()) if 2 * sum(map(n.__contains__, name)) >= 0.6 * (len(n) + len(name)))
    return tuple(get_close_matches(name, list(wanted), n=2, cutoff=0.6))


@cache
def _names() -> frozenset[str]:
    return frozenset(name for names in load("classifications")["lists"].values() for name in names)
