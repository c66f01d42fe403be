"""Logical ids of the demo's stacks, apart from their templates: a changed id is a replaced resource at every user.

A difference here means that a release would replace clusters, buckets or keys that exist. It is accepted only with a
note in the changelog on what is replaced and how data is kept.
"""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.synth.assembly import Assembly


def test_a_release_would_replace_nothing_that_is_deployed(each: Assembly, snapshot: SnapshotAssertion) -> None:
    ids = {
        stack: {name: resource["Type"] for name, resource in template["Resources"].items()}
        for stack, template in each.templates.items()
    }
    assert ids == snapshot(extension_class=JSONSnapshotExtension)


def test_exports_that_other_stacks_import_keep_their_names(each: Assembly, snapshot: SnapshotAssertion) -> None:
    """A renamed export cannot be deployed: CloudFormation refuses to take away what another stack imports."""
    exports = {
        stack: sorted(output["Export"]["Name"] for output in template.get("Outputs", {}).values() if "Export" in output)
        for stack, template in each.templates.items()
    }
    assert any(exports.values())
    assert exports == snapshot(extension_class=JSONSnapshotExtension)
