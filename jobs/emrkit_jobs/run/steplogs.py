"""The logs of steps, read from the cluster's log location, and the lines of them that say why a step failed."""

from __future__ import annotations

import gzip
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from emrkit_jobs.run.uploading import split_uri
from emrkit_jobs.targets.protocol import Objects

__all__ = ["StepLogs", "find_cause"]

STREAMS = ("stdout", "stderr", "controller")
_LARGEST = 64 << 20
_APPLICATION = re.compile(r"application_\d+_\d+")
_TRACEBACK = "Traceback (most recent call last):"
_CAUSE = re.compile(r"^(?:[\w$]+\.)*\w*(?:Error|Exception|Interrupt|Exit|Warning)\b.*$|^(?:Error|error|ERROR)\b.+$")
_CAUSE_LINES = 12


@dataclass(frozen=True)
class StepLogs:
    """The logs of one step. Driver output of Spark's cluster mode lies in containers and is found too.

    Example: `StepLogs(target.objects, cluster.log_uri, "j-1", "s-1").read("stderr")`
    """

    objects: Objects
    log_uri: str
    cluster: str
    step: str

    @property
    def uri(self) -> str:
        """The folder of the step's logs."""
        return f"{self.log_uri.rstrip('/')}/{self.cluster}/steps/{self.step}/"

    def read(self, stream: str) -> str | None:
        """One of `stdout`, `stderr`, `controller`; None while EMR has not put it there."""
        return self._text(f"{split_uri(self.uri)[1]}{stream}")

    def wait(self, stream: str, seconds: float, sleep: Callable[[float], None] = time.sleep) -> str | None:
        """The same, waiting for EMR to put it there (it does so every five minutes)."""
        end = time.monotonic() + seconds
        pause = 0.2
        while (text := self.read(stream)) is None and time.monotonic() < end:
            sleep(pause)
            pause = min(pause * 1.5, 15.0)
        return text

    def containers(self, stream: str) -> tuple[str, ...]:
        """What the step's containers wrote to `stdout` or `stderr`, the driver's first."""
        bucket, prefix = split_uri(self.uri)
        places = [f"{prefix}containers/"]
        if found := _APPLICATION.search(self.read("stderr") or ""):
            base = split_uri(f"{self.log_uri.rstrip('/')}/{self.cluster}/containers/")[1]
            places.append(f"{base}{found.group()}/")
        keys = [item.key for place in places for item in self.objects.list(bucket, place)]
        chosen = sorted(key for key in keys if key.rpartition("/")[2] in (stream, f"{stream}.gz"))
        texts = (self._text(key.removesuffix(".gz")) for key in chosen[:50])
        return tuple(text for text in texts if text)

    def cause(self) -> tuple[str, ...]:
        """The last lines of the traceback, or the last error line, wherever the step wrote them."""
        texts = [self.read("stderr") or "", self.read("stdout") or ""]
        texts += [*self.containers("stdout"), *self.containers("stderr")]
        for wanted in (True, False):
            for text in texts:
                if (_TRACEBACK in text) is wanted and (lines := find_cause(text)):
                    return lines
        return tuple(line for line in (texts[0] or texts[1]).strip().splitlines()[-5:])

    def _text(self, key: str) -> str | None:
        bucket = split_uri(self.log_uri)[0]
        packed = self.objects.get(bucket, f"{key}.gz")
        if packed is None:
            plain = self.objects.get(bucket, key)
            return None if plain is None else plain[-_LARGEST:].decode("utf-8", "replace")
        try:
            inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
            return inflate.decompress(packed, _LARGEST).decode("utf-8", "replace")
        except (zlib.error, gzip.BadGzipFile):
            return packed[-_LARGEST:].decode("utf-8", "replace")


def find_cause(text: str) -> tuple[str, ...]:
    """The end of the last Python traceback in a log, else its last line that names an error.

    Example: `find_cause(log)[-1]` is `ValueError: no such region`.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    starts = [n for n, line in enumerate(lines) if _TRACEBACK in line]
    if starts:
        block: list[str] = []
        for line in lines[starts[-1] :]:
            block.append(line)
            # The traceback ends with its first line that is not indented: the exception itself.
            if len(block) > 1 and line and not line.startswith((" ", "\t")):
                break
        return tuple(block[-_CAUSE_LINES:])
    errors = [line.strip() for line in lines if _CAUSE.match(line.strip())]
    return tuple(errors[-1:])
