"""The machine image: EMR's own in a chosen Amazon Linux release, or one's own for the cluster or for some nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emrkit_model.diagnostics import Diagnostic, FieldPath
from emrkit_model.findings import error
from emrkit_model.gating import gate_problem

from .nodes import typed_paths

if TYPE_CHECKING:
    from emrkit_model.cluster import Cluster

__all__ = ["check_images"]

_GUIDE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/"


def check_images(cluster: Cluster) -> Iterator[Diagnostic]:
    """An image for the cluster or for some types, a chosen Amazon Linux release, or neither."""
    if cluster.os_release is not None:
        yield from gate_problem("os-release", cluster.release, "CLUS-065", "os_release")
    if cluster.custom_ami is not None:
        yield from _check_image(cluster, ("custom_ami",))
    for _, path, nodes in cluster.placed_nodes():
        for where, item in typed_paths(path, nodes):
            if item.custom_ami is None:
                continue
            if cluster.custom_ami is None:
                yield from _check_image(cluster, (*where, "custom_ami"))
                continue
            yield error(
                "CLUS-022",
                "an AMI for the cluster and one for an instance type or group exclude each other",
                *where,
                "custom_ami",
                reason=f"the launch fails with both ({_GUIDE}emr-custom-ami.html)",
            )


def _check_image(cluster: Cluster, path: FieldPath) -> Iterator[Diagnostic]:
    yield from gate_problem("custom-ami", cluster.release, "CLUS-063", *path)
    if cluster.os_release is not None:
        yield error(
            "CLUS-064",
            "os_release and custom_ami exclude each other",
            "os_release",
            got=cluster.os_release,
            reason=f"{_GUIDE}emr-default-ami.html",
            hint="an image of your own brings its own Amazon Linux",
        )
