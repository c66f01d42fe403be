"""Bundles compared with what the artifacts bucket holds: what `run` would upload."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from emrkit_jobs.bundle.archive import MANIFEST, Bundle
from emrkit_jobs.plan.actions import Action, Effect

__all__ = ["Uploaded", "compare_bundle"]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the artifacts bucket holds of one bundle: the keys below its prefix. A bundle without manifest is none."""

    keys: Collection[str] = ()

    def is_complete(self, bundle: Bundle) -> bool:
        """Whether the manifest, which is uploaded last, is there."""
        return bundle.key(MANIFEST) in self.keys


def compare_bundle(job: str, bundle: Bundle, uploaded: Uploaded) -> Iterator[Action]:
    """The uploads of a job in their order: files that are missing, the manifest last."""
    short = bundle.digest[:12]
    if uploaded.is_complete(bundle):
        yield Action(Effect.UNCHANGED, "bundle", short, job)
        return
    for file in bundle.files:
        effect = Effect.UNCHANGED if bundle.key(file.name) in uploaded.keys else Effect.UPLOAD
        yield Action(effect, "file", file.name, job)
    yield Action(Effect.UPLOAD, "bundle", short, job)
