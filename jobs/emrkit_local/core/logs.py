"""Logs in EMR's layout under the cluster's log URI, gzipped; and the lines EMR writes into `controller`."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from .ports import Objects

_log = logging.getLogger(__name__)
_URI = re.compile(r"^s3[an]?://([^/]+)/?(.*)$")
_TRACEBACK = "Traceback (most recent call last)"
_NAMED = re.compile(
    r'^(?:Exception in thread "main" )?(?:[\w$]+\.)*(?=[A-Z])\w*(?:Error|Exception|Interrupt|Exit)\b(?::.*)?$'
    r"|^[Ee]rror: .+$"
)


def parse_uri(uri: str) -> tuple[str, str] | None:
    """Bucket and key of an s3, s3a or s3n URI; None for anything else."""
    found = _URI.match(uri)
    return (found[1], found[2]) if found else None


def line(now: float, words: str) -> str:
    """One line of a controller log, in the form EMR uses."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"{stamp}Z INFO {words}\n"


def append(folder: Path, lines: Iterable[str]) -> None:
    """Add lines to the folder's controller log; a log that cannot be written fails nothing."""
    try:
        with (folder / "controller").open("a", encoding="utf-8") as controller:
            controller.writelines(lines)
    except OSError:
        _log.warning("the controller log in %s could not be written", folder, exc_info=True)


def upload(objects: Objects, log_uri: str, prefix: str, folder: Path) -> str | None:
    """Put stdout, stderr, controller and `containers/**` of a folder under `<log_uri><prefix>/`.

    Returns None when all went well or there is nowhere to put logs, else the reason in the user's words. EMR does not
    fail a step because its logs could not be written, and neither do we.
    """
    place = parse_uri(log_uri)
    if place is None:
        return None
    bucket, base = place
    found = [folder / name for name in ("controller", "stdout", "stderr")]
    found += sorted(p for p in (folder / "containers").rglob("*") if p.is_file() and not p.is_symlink())
    try:
        if not objects.bucket_exists(bucket):
            return f"logs were not written: the bucket {bucket} of the log URI {log_uri} does not exist"
        for path in found:
            if path.is_file():
                body = path.read_bytes()
                name = path.relative_to(folder).as_posix()
                if path.suffix != ".gz":
                    body, name = gzip.compress(body, compresslevel=6, mtime=0), name + ".gz"
                objects.put(bucket, f"{base}{prefix}/{name}", body)
    except Exception as error:
        _log.warning("logs of %s could not be written", prefix, exc_info=True)
        return f"logs were not written to {log_uri}: {error}"
    return None


def last_error(folder: Path) -> tuple[str, str] | None:
    """What went wrong, from the step's own words: the last line that names an error, and the log that holds it.

    A Python traceback goes before everything else; Spark writes it to the driver's stdout.
    """
    found = [folder / "stderr", folder / "stdout"]
    found += sorted(p for p in (folder / "containers").rglob("std*") if p.is_file() and not p.is_symlink())
    tails = {path: _tail(path) for path in found if path.is_file()}
    for look in (_last_traceback, _last_named):
        for path, lines in tails.items():
            if message := look(lines):
                return message[:1000], path.relative_to(folder).as_posix() + ".gz"
    return None


def _last_traceback(lines: list[str]) -> str | None:
    starts = [i for i, x in enumerate(lines) if _TRACEBACK in x]
    # The frames are indented; the first line that is not names the exception, whatever its class is called.
    return next((x for x in lines[starts[-1] + 1 :] if x and not x[0].isspace()), None) if starts else None


def _last_named(lines: list[str]) -> str | None:
    named = [x for x in lines if _NAMED.match(x)]
    return named[-1].removeprefix('Exception in thread "main" ') if named else None


def _tail(path: Path, limit: int = 65536) -> list[str]:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - limit))
        return [x.rstrip() for x in stream.read().decode(errors="replace").splitlines()]
