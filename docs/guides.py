"""The guides show examples as they stand in docs/examples: `<!-- example: PATH -->`, a fence, `<!-- end -->`.

What is between the marks is written by `python -m docs`, and a test compares it; nobody pastes.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["filled", "guides", "shown"]

ROOT = Path(__file__).parents[1]
_MARK = re.compile(r"<!-- example: (?P<path>\S+) -->\n(?:.*?<!-- end -->|(?:```.*?\n```))?", re.DOTALL)
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".json": "json", ".sh": "sh"}


def guides() -> tuple[Path, ...]:
    """Every page that may show an example."""
    return (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def filled(text: str) -> str:
    """A guide's text with every example as its file has it now.

    Raises FileNotFoundError for an example that does not exist.
    """
    return _MARK.sub(_shown, text)


def shown(text: str) -> tuple[str, ...]:
    """The paths of the examples that a guide shows."""
    return tuple(found["path"] for found in _MARK.finditer(text))


def _shown(found: re.Match[str]) -> str:
    path = ROOT / found["path"]
    fence = f"```{_LANGUAGES.get(path.suffix, '')}\n{path.read_text('utf-8').strip()}\n```"
    return f"<!-- example: {found['path']} -->\n{fence}\n<!-- end -->"
