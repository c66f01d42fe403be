"""Steps: their order, their ends, and what a failure does."""

from __future__ import annotations

from core_doubles import Emr, step


def test_a_step_runs_from_pending_to_completed_and_its_cluster_waits_again(emr: Emr) -> None:
    cluster = emr.start(step("a"))
    emr.run_of(cluster, "a").finish(0)
    done = emr.control.wait_step(cluster, emr.ids(cluster)["a"])
    assert done["Status"]["State"] == "COMPLETED"
    assert emr.until(cluster, "WAITING") == "WAITING"
