"""Preflight: what EMR would refuse after minutes is asked before anything is paid for.

`needs` reads what a cluster will ask of the account, from a RunJobFlow request or from synthesized templates. Each
module of questions compares that with what the account says; `asking` puts all of them at once, within a deadline.
Nothing is changed anywhere.

Example:
    found = check([read_request("nightly", request, region)], target.account)
"""

from __future__ import annotations

from emrkit_jobs.preflight.asking import Inquiry, check
from emrkit_jobs.preflight.needs import ClusterNeeds, Demand, Place, read_request

__all__ = ["ClusterNeeds", "Demand", "Inquiry", "Place", "check", "read_request"]
