"""Bundles and sample inputs into buckets: only what is missing, the manifest last."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from emrkit_jobs.bundle.archive import MANIFEST, Bundle, check_manifest
from emrkit_jobs.bundle.work import BundledJob
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets.protocol import Objects, Target
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["check_buckets", "place_fixtures", "split_uri", "upload_bundle"]

_MARK = ".emrkit-fixtures"


def upload_bundle(objects: Objects, bucket: str, bundle: Bundle, report: Reporter) -> int:
    """Uploads what the bucket lacks of the bundle; how many files that were. Without its manifest a bundle is none."""
    manifest = objects.get(bucket, bundle.key(MANIFEST))
    if manifest is not None and hashlib.sha256(manifest).hexdigest() == bundle.digest:
        report.say(f"bundle {bundle.digest[:12]} is uploaded already")
        return 0
    there = {item.key: item.size for item in objects.list(bucket, f"{bundle.prefix}/")}
    missing = [file for file in bundle.files if there.get(bundle.key(file.name)) != file.size]
    for file in missing:
        objects.upload(bucket, bundle.key(file.name), file.chunks())
    check_manifest(bundle.manifest(), bundle.digest)
    objects.put(bucket, bundle.key(MANIFEST), bundle.manifest())
    size = sum(file.size for file in missing)
    report.say(f"bundle {bundle.digest[:12]} uploaded: {len(missing)} of {len(bundle.files)} files, {size:,} bytes")
    return len(missing)


def place_fixtures(target: Target, job: BundledJob, state: Path, report: Reporter) -> None:
    """Puts a job's sample inputs where it reads them, if they are missing or changed. Only on local endpoints."""
    for fixture, source in zip(job.job.fixtures, job.fixture_paths, strict=True):
        bucket, prefix = split_uri(fixture.to)
        if not target.objects.bucket_exists(bucket):
            target.objects.create_bucket(bucket)
        wanted = _fingerprint(source, tuple(fixture.args))
        mark = f"{_MARK}/{hashlib.sha256(fixture.to.encode()).hexdigest()[:16]}"
        here = any(not item.key.endswith("/") for item in target.objects.list(bucket, prefix))
        if here and target.objects.get(bucket, mark) == wanted.encode():
            report.say(f"sample data in {fixture.to} are up to date")
            continue
        report.say(f"putting sample data into {fixture.to}")
        if fixture.generate is None:
            _upload_tree(target.objects, bucket, prefix, source)
        else:
            with tempfile.TemporaryDirectory(prefix="emrkit-fixtures-", dir=_scratch(state)) as folder:
                _generate(source, Path(folder), tuple(fixture.args))
                _upload_tree(target.objects, bucket, prefix, Path(folder))
        # The mark comes last: an interrupted upload is repeated.
        target.objects.put(bucket, mark, wanted.encode())


def check_buckets(target: Target, job: BundledJob) -> None:
    """Raises `EmrkitError` (exit 3) for every bucket of the job's inputs and outputs that does not exist."""
    places = {split_uri(uri)[0]: uri for uri in (*job.job.outputs, *job.job.inputs) if uri.startswith("s3://")}
    missing = [uri for bucket, uri in places.items() if not target.objects.bucket_exists(bucket)]
    if missing:
        raise EmrkitError(
            [
                Diagnostic(
                    "E-RUN-012",
                    f"bucket '{split_uri(uri)[0]}' does not exist on target '{target.name}'",
                    got=uri,
                    reason=f"job '{job.name}' names it as input or output",
                    hint=f"create it: `aws s3 mb s3://{split_uri(uri)[0]}`, or name another one",
                )
                for uri in missing
            ],
            ExitCode.TARGET_REFUSED,
        )


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


def _scratch(state: Path) -> Path:
    folder = state / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fingerprint(source: Path, args: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(args).encode())
    for path in sorted(p for p in ([source] if source.is_file() else source.rglob("*")) if p.is_file()):
        digest.update(path.relative_to(source.parent).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _generate(program: Path, folder: Path, args: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, str(program), str(folder), *args],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=program.parent,
        check=False,
    )
    if done.returncode:
        tail = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()][-6:]
        raise EmrkitError(
            Diagnostic(
                "E-RUN-013",
                f"the sample data program {program.name} failed (exit {done.returncode})",
                got=" / ".join(line.strip() for line in tail) or "it said nothing",
                hint=f"run it by itself: `python {program} FOLDER {' '.join(args)}`",
            )
        )


def _upload_tree(objects: Objects, bucket: str, prefix: str, source: Path) -> None:
    base = source if source.is_dir() else source.parent
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    wanted = {prefix + path.relative_to(base).as_posix(): path for path in files}
    stale = [item.key for item in objects.list(bucket, prefix) if item.key not in wanted]
    objects.delete(bucket, stale)
    for key, path in wanted.items():
        objects.upload_file(bucket, key, path)
