"""`python -m docs`: write the generated pages of docs/reference from the source."""

from __future__ import annotations

from . import errors, guardrails, project_file

PAGES = (errors, guardrails, project_file)

if __name__ == "__main__":
    for module in PAGES:
        module.PAGE.parent.mkdir(parents=True, exist_ok=True)
        module.PAGE.write_text(module.page(), encoding="utf-8")
