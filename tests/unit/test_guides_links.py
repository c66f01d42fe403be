"""What the guides point to is there: pages, headings, arguments of constructs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted([*DOCS.glob("*.md"), DOCS.parent / "README.md"])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_of_a_guide_leads_somewhere(guide: Path) -> None:
    lost: list[str] = []
    for link in LINK.findall(prose(guide)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        page = guide.parent / name if name else guide
        if not page.exists() or (anchor and anchor not in headings(page)):
            lost.append(link)
    assert lost == []


CARRIED_OVER = {
    "default_fail_if_cluster_running": "when_running",
    "wait_for_cluster_start": "Pipeline",
    "use_glue_catalog": "metastore",
    "keep_job_flow_alive_when_no_steps": "Pipeline",
    "auto_termination_policy": "idle_timeout",
    "scale_down_behavior": "scale_down",
    "log_uri": "log_prefix",
    "iam_instance_profile_policies": "managed_policies",
    "master_public_dns": "primary_dns",
    "ec2_attributes.key_name": "key_pair",
    "custom_ami_id": "custom_ami",
    "ebs_root_volume_size": "root_volume",
    "bootstrap_action": "bootstrap_actions",
}


@pytest.mark.parametrize("theirs", CARRIED_OVER)
def test_what_somebody_comes_with_has_a_row_that_names_what_there_is_here(theirs: str) -> None:
    here = CARRIED_OVER[theirs]
    rows = [row for row in (DOCS / "coming-from.md").read_text(encoding="utf-8").splitlines() if f"`{theirs}`" in row]
    assert any(re.search(rf"\b{here}\b", row.rpartition("|")[0].split(" | ", 1)[1]) for row in rows)
    assert re.search(rf"\b{here}\b", (DOCS / "reference/python.md").read_text(encoding="utf-8"))
