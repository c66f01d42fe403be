"""`python -m docs`: write the generated pages of docs/reference from the source, and the examples into the guides."""

from __future__ import annotations

from . import combination_rules, coverage, errors, guardrails, guides, project_file, python

PAGES = (combination_rules, coverage, errors, guardrails, project_file, python)

if __name__ == "__main__":
    for module in PAGES:
        module.PAGE.parent.mkdir(parents=True, exist_ok=True)
        module.PAGE.write_text(module.page(), encoding="utf-8")
    for guide in guides.guides():
        guide.write_text(guides.filled(guide.read_text("utf-8")), encoding="utf-8")
