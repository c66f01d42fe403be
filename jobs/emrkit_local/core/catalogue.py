"""ListReleaseLabels, DescribeReleaseLabel and ListSupportedInstanceTypes, from the packaged facts."""

from __future__ import annotations

from emrkit_facts import instance_types, releases

from .context import Core, Scope
from .errors import invalid_request
from .paging import page
from .reading import Document, count, present, record, text, word


def list_release_labels(core: Core, scope: Scope, request: Document) -> Document:  # noqa: ARG001
    """ListReleaseLabels: newest first, filtered by prefix and application ("Spark", or "Spark@3.5.5" by prefix)."""
    filters = record(request, "Filters")
    prefix, application = word(filters, "Prefix"), word(filters, "Application")

    def wanted(label: str) -> bool:
        if not label.startswith(prefix):
            return False
        name, _, version = application.partition("@")
        found = releases.find(label)
        if not name or not isinstance(found, releases.Release):
            return not name
        return any(a.lower() == name.lower() and v.startswith(version) for a, v in found.applications.items())

    size = count(request, "MaxResults", 100)
    labels = list(reversed(releases.labels()))
    found, token = page(labels, lambda x: x, text(request, "NextToken"), size, wanted)
    return present(ReleaseLabels=found, NextToken=token)


def describe_release_label(core: Core, scope: Scope, request: Document) -> Document:  # noqa: ARG001
    """DescribeReleaseLabel: the applications of a release and their versions."""
    label = text(request, "ReleaseLabel")
    if label is None:
        raise invalid_request("A ReleaseLabel must be given.")
    release = releases.find(label)
    if not isinstance(release, releases.Release):
        raise invalid_request(f"The supplied release label is invalid: {label}.")
    size = count(request, "MaxResults", 100)
    names, token = page(sorted(release.applications), lambda x: x, text(request, "NextToken"), size, lambda _: True)
    return present(
        ReleaseLabel=label,
        Applications=[{"Name": n, "Version": release.applications[n]} for n in names],
        NextToken=token,
        AvailableOSReleases=[],
    )


def list_supported_instance_types(core: Core, scope: Scope, request: Document) -> Document:
    """ListSupportedInstanceTypes of a release in this Region, with memory and vCPU as EMR counts them."""
    label = word(request, "ReleaseLabel")
    if not isinstance(releases.find(label), releases.Release):
        raise invalid_request(f"The supplied release label is invalid: {label}.")

    def wanted(name: str) -> bool:
        facts = instance_types.find(name)
        if not isinstance(facts, instance_types.InstanceTypeFacts):
            return False
        return facts.supported_by(label) is not False and (not facts.regions or scope.region in facts.regions)

    size = core.state.settings.page_size
    names, marker = page(instance_types.names(), lambda x: x, text(request, "Marker"), size, wanted)
    return present(SupportedInstanceTypes=[_view(n) for n in names], Marker=marker)


def _view(name: str) -> Document:
    facts = instance_types.find(name)
    assert isinstance(facts, instance_types.InstanceTypeFacts)
    return {
        "Type": name,
        "MemoryGB": facts.memory_gb,
        "VCPU": facts.vcpu,
        "Is64BitsOnly": True,
        "InstanceFamilyId": name.partition(".")[0],
        "NumberOfDisks": facts.disks,
        "EbsStorageOnly": facts.ebs_only,
        "Architecture": facts.arch,
    }
