"""Planted secrets, and the watch that fails the run when one of them turns up where secrets must not be.

A test that hands a password to emrkit hands it `plant("kdc-admin-password")`: text that stands nowhere in the
repository, because half of it is made up anew in each run. When the run ends, everything that it left behind is read:
the temporary folders of pytest (synthesized templates and whole assemblies, journals, the state of local EMR with its
logs, transcripts of the command line), what went to the temporary folder of the system, what the tests printed and
logged. One find and the run fails, whatever its tests say.

What holds secrets because that is its task is in `VAULTS`, with the reason; the rest of such a file is read.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["VAULTS", "Leak", "Watch", "forget_when_done", "leaks_in", "plant", "record", "scan"]

_SEED, _TRANSCRIPTS = "EMRKIT_CANARY_SEED", "EMRKIT_CANARY_TRANSCRIPTS"
_CHUNK = 1 << 20
_LARGEST_ARCHIVE = 64 << 20

VAULTS: Mapping[str, str] = {
    "secretsmanager": "the emulator's Secrets Manager keeps the secrets themselves; no other service of it does",
}
"""Services of the emulator that may hold a planted secret in their saved state, and the reason."""
_STATE = "emulator/state.db"


@dataclass(frozen=True, order=True)
class Leak:
    """Where a planted secret turned up, and which one; never the secret."""

    place: str
    kind: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}"


def _prefix() -> str:
    return "Cnry" + os.environ.setdefault(_SEED, os.urandom(6).hex())


def plant(kind: str) -> str:
    """A secret of this run for one purpose: letters and digits, so that no escaping changes it.

    >>> plant("kdc-admin-password") == plant("kdc-admin-password") != plant("trust-password")
    True
    """
    return f"{_prefix()}x{kind.encode().hex()}x"


def leaks_in(data: bytes) -> set[str]:
    """The kinds of planted secrets in these bytes: as they are, in UTF-16, in hexadecimal digits or in base64."""
    whole = _prefix().encode()
    found = set(re.findall(re.escape(whole) + rb"x([0-9a-f]+)x", data))
    kinds = {bytes.fromhex(kind.decode()).decode() for kind in found}
    if kinds or not any(form in data for form in _forms(whole)):
        return kinds
    return {"one of them, encoded or cut off"}


def _forms(whole: bytes) -> Iterator[bytes]:
    yield whole
    yield whole.decode().encode("utf-16-le")
    yield whole.hex().encode()
    for shift in range(3):
        # What stands before and after changes the first and the last characters of base64.
        yield base64.b64encode(b"\0" * shift + whole)[4 * bool(shift) : -4]


def scan(folder: Path, vaults: Mapping[str, str] = VAULTS) -> list[Leak]:
    """Every planted secret in the files of a folder, also inside zip and gzip archives; vaults are passed over."""
    found: set[Leak] = set()
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_symlink() or not path.is_file():
                continue
            place = str(path.relative_to(folder))
            if f"/{_STATE}" in f"/{path}" and vaults:
                found |= {Leak(f"{place} ({row})", kind) for row, kind in _in_state(path, vaults)}
            else:
                found |= {Leak(place, kind) for kind in leaks_in(name.encode()) | _in_file(path)}
    return sorted(found)


def _in_file(path: Path) -> set[str]:
    found: set[str] = set()
    try:
        with path.open("rb") as stream:
            before = b""
            while chunk := stream.read(_CHUNK):
                found |= leaks_in(before + chunk)
                before = chunk[-1024:]
        if path.stat().st_size <= _LARGEST_ARCHIVE:
            found |= _in_archive(path)
    except OSError:
        pass  # it went away while it was read
    return found


def _in_state(path: Path, vaults: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The emulator's saved state, service by service; its journal beside it holds the same once more."""
    if not path.name.endswith(".db"):
        return
    with closing(sqlite3.connect(path)) as state:
        for service, text in state.execute("select name, state from service"):
            if service not in vaults:
                for kind in leaks_in(str(text).encode()):
                    yield service, kind


def _in_archive(path: Path) -> set[str]:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return {kind for name in archive.namelist() for kind in leaks_in(archive.read(name))}
        with path.open("rb") as stream:
            if stream.read(2) == b"\x1f\x8b":
                return leaks_in(gzip.decompress(path.read_bytes()))
    except (zipfile.BadZipFile, EOFError, RuntimeError, gzip.BadGzipFile):
        pass
    return set()


def record(*texts: str) -> None:
    """Keep what a command printed, so that it is read when the run ends."""
    if folder := os.environ.get(_TRANSCRIPTS):
        (Path(folder) / os.urandom(8).hex()).write_text("\n".join(texts), encoding="utf-8")


class forget_when_done:  # noqa: N801 - reads as a sentence in a `with`
    """A file that the user wrote with a planted secret in it: it is there for the command, and gone afterwards."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self._text = path, text

    def __enter__(self) -> Path:
        self.path.write_text(self._text, encoding="utf-8")
        return self.path

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


class Watch:
    """The plugin: begins before the first test (and before the workers), ends after the last."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: set[Leak] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Everything that is written to the system's temporary folder from now on stays with the run."""
        if self._is_worker:
            return
        _prefix()
        for name, variable in (("scratch", "TMPDIR"), ("transcripts", _TRANSCRIPTS)):
            folder = self._base / name
            folder.mkdir(exist_ok=True)
            os.environ[variable] = str(folder)
        tempfile.tempdir = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a test printed, logged, and failed with."""
        texts = [content for _, content in report.sections]
        texts.append(report.longreprtext)
        for kind in leaks_in("\n".join(texts).encode()):
            self._found.add(Leak(f"output of {report.nodeid}", kind))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Read what the run left behind."""
        if self._is_worker:
            return
        self._found |= set(scan(self._base))
        if self._found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where planted secrets turned up."""
        if self._found:
            terminalreporter.section("planted secrets turned up", red=True)
            for leak in sorted(self._found):
                terminalreporter.line(str(leak))

    @property
    def _is_worker(self) -> bool:
        return "PYTEST_XDIST_WORKER" in os.environ

    @property
    def _base(self) -> Path:
        factory: pytest.TempPathFactory = self._config._tmp_path_factory  # type: ignore[attr-defined]
        return factory.getbasetemp()
