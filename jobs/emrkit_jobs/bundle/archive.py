"""The bundle of a job: the files its steps name, under one digest of their contents.

The same files give the same digest on every machine: nothing of owner, mode, clock, umask or folder order goes in.
A bundle holds only what the job names (entry points, queries, `py_files`, `files`, `archives`), so that nothing is
uploaded by accident. Names that cannot mean the same everywhere (links, devices, `..`, absolute paths, names that
differ in case only) are refused, never repaired.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from emrkit_model.diagnostics import Diagnostic, EmrkitError

__all__ = ["MANIFEST", "Bundle", "BundleFile", "Source", "build", "check_manifest", "check_name"]

MANIFEST = "manifest.json"
"""Uploaded last: a bundle without it does not exist."""

MAXIMUM_FILES = 10_000
MAXIMUM_BYTES = 2 << 30
MAXIMUM_NAME = 255

_CHUNK = 1 << 20
_IGNORED_NAMES = frozenset({"__pycache__", "node_modules"})
_IGNORED_SUFFIXES = (".pyc", ".pyo", "~", ".egg-info")
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder to put into a bundle: its name in the bundle and where it is read."""

    name: str
    path: Path
    zipped: bool = False
    """The folder becomes one zip file for Spark's `--py-files`, named `<name>.zip`."""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle, with the digest its content had when it was read."""

    name: str
    size: int
    sha256: str
    path: Path | None = None
    content: bytes | None = None

    def chunks(self) -> Iterator[bytes]:
        """The content; raises `EmrkitError` at the end if it is no longer what the digest says.

        An uploader must not complete the object before the iterator has ended.
        """
        if self.content is not None or self.path is None:
            yield self.content or b""
            return
        digest = hashlib.sha256()
        with _open(self.path, self.name) as stream:
            while block := stream.read(_CHUNK):
                digest.update(block)
                yield block
        if digest.hexdigest() != self.sha256:
            _refuse(
                "009",
                f"{self.name} changed while it was being uploaded",
                got=f"sha256 {digest.hexdigest()[:16]}…",
                allowed=f"sha256 {self.sha256[:16]}…",
                hint="run the command again",
            )

    def read(self) -> bytes:
        """The whole content, checked against the digest."""
        return b"".join(self.chunks())


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a job under the digest of their names and contents.

    Example: `bundle.prefix` is `bundles/<digest>`; a file's key in the bucket is `bundle.key("job.py")`.
    """

    digest: str
    files: tuple[BundleFile, ...]

    @property
    def prefix(self) -> str:
        """The folder of this bundle in the artifacts bucket."""
        return f"bundles/{self.digest}"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def key(self, name: str) -> str:
        """The object key of a file of this bundle."""
        return f"{self.prefix}/{name}"

    def manifest(self) -> bytes:
        """The bundle's table of contents as canonical JSON; its SHA-256 is the bundle's digest."""
        return _manifest(self.files)


def build(root: Path, sources: Iterable[Source]) -> Bundle:
    """Reads and hashes the sources; `root` is the folder that nothing may lead out of.

    Raises `EmrkitError` with every refused name at once.

    Example: `build(Path("jobs/sales"), [Source("job.py", Path("jobs/sales/job.py"))]).digest`
    """
    problems: list[Diagnostic] = []
    files: dict[str, BundleFile] = {}
    total = 0
    for source in sources:
        try:
            for file in _read_source(root, source):
                if (known := files.get(file.name)) is not None and known.sha256 != file.sha256:
                    problems.append(_problem("007", f"two different files would be {file.name!r} in the bundle"))
                files[file.name] = file
                total += file.size
                if len(files) > MAXIMUM_FILES:
                    _refuse("006", "the bundle holds too many files", allowed=f"{MAXIMUM_FILES:,}")
                if total > MAXIMUM_BYTES:
                    _refuse("006", "the bundle is too large", allowed=f"{MAXIMUM_BYTES:,} bytes")
        except EmrkitError as error:
            problems.extend(error.diagnostics)
    problems.extend(_case_collisions(files))
    if problems:
        raise EmrkitError(dict.fromkeys(problems))
    ordered = tuple(files[name] for name in sorted(files))
    return Bundle(hashlib.sha256(_manifest(ordered)).hexdigest(), ordered)


def check_manifest(data: bytes, digest: str) -> tuple[BundleFile, ...]:
    """The files that an uploaded manifest lists, after checking it against the digest in its key.

    Raises `EmrkitError` if it is damaged: such a bundle is uploaded anew.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        _refuse(
            "010",
            "the uploaded manifest is damaged",
            got=f"sha256 {actual[:16]}…",
            allowed=f"sha256 {digest[:16]}…",
            hint="run the command again: the bundle is uploaded anew",
        )
    entries = json.loads(data)["files"]
    return tuple(BundleFile(e["name"], e["size"], e["sha256"]) for e in entries)


def check_name(name: str) -> str | None:
    """Why a name cannot stand in a bundle; None if it can."""
    path = PurePosixPath(name)
    if not name or name == ".":
        return "it is empty"
    if path.is_absolute() or (len(name) > 1 and name[1] == ":"):
        return "it is absolute"
    if "\\" in name:
        return "it holds a backslash"
    for part in name.split("/"):
        if (problem := _check_part(part)) is not None:
            return problem
    return f"it is longer than {MAXIMUM_NAME * 3} bytes" if len(name.encode()) > MAXIMUM_NAME * 3 else None


def _check_part(part: str) -> str | None:
    if part == "..":
        return "it leads out of its folder"
    if part in ("", "."):
        return "it holds an empty part"
    if part[-1] in ". ":
        return "a part ends with a dot or a space"
    if len(part.encode("utf-8", "surrogatepass")) > MAXIMUM_NAME:
        return f"a part is longer than {MAXIMUM_NAME} bytes"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in part):
        return "it holds a control character"
    return "it is a reserved device name on Windows" if part.split(".")[0].lower() in _RESERVED else None


def _read_source(root: Path, source: Source) -> Iterator[BundleFile]:
    name = source.name.rstrip("/")
    if (problem := check_name(name)) is not None:
        _refuse("002", f"{source.name!r} cannot stand in a bundle: {problem}")
    _refuse_links(root, source.path, name)
    if source.zipped:
        yield _zip(source.path, f"{name}.zip", name)
    elif source.path.is_dir():
        for inner in _walk(source.path, name):
            yield _read(inner, f"{name}/{inner.relative_to(source.path).as_posix()}")
    else:
        yield _read(source.path, name)


def _refuse_links(root: Path, path: Path, name: str) -> None:
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        _refuse("003", f"{name!r} lies outside its folder", got=str(path), allowed=f"a path below {root}")
    current = root
    for part in parts:
        if part == "..":
            _refuse("003", f"{name!r} lies outside its folder", got=str(path), allowed=f"a path below {root}")
        current = current / part
        if current.is_symlink():
            _refuse(
                "004",
                f"{name!r} is a link, or lies in one",
                got=str(current),
                hint="name the real file, or copy it into the job's folder",
            )


def _walk(folder: Path, name: str) -> list[Path]:
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                inner = f"{name}/{Path(entry.path).relative_to(folder).as_posix()}"
                if _is_ignored(entry.name):
                    continue
                if (problem := check_name(inner)) is not None:
                    _refuse("002", f"{inner!r} cannot stand in a bundle: {problem}")
                if entry.is_symlink():
                    _refuse(
                        "004",
                        f"{inner!r} is a link, or lies in one",
                        got=entry.path,
                        hint="name the real file, or copy it into the job's folder",
                    )
                if entry.is_dir():
                    waiting.append(Path(entry.path))
                else:
                    found.append(Path(entry.path))
        if len(found) > MAXIMUM_FILES:
            _refuse("006", "the bundle holds too many files", allowed=f"{MAXIMUM_FILES:,}", got=f"in {name}")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED_NAMES or name.endswith(_IGNORED_SUFFIXES)


def _open(path: Path, name: str) -> io.BufferedReader:
    """Opens without following a link and without waiting for a pipe, and looks at what was really opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        _refuse("001", f"{name!r} does not exist", got=str(path))
    except OSError as error:
        _refuse("005", f"{name!r} cannot be read: {error.strerror or error}", got=str(path))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        _refuse("005", f"{name!r} is not a regular file", got=str(path))
    return io.BufferedReader(io.FileIO(descriptor, "rb"))


def _read(path: Path, name: str) -> BundleFile:
    digest, size = hashlib.sha256(), 0
    with _open(path, name) as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
            size += len(block)
            if size > MAXIMUM_BYTES:
                _refuse("006", "the bundle is too large", allowed=f"{MAXIMUM_BYTES:,} bytes", got=f"{name!r}")
    return BundleFile(name, size, digest.hexdigest(), path=path)


def _zip(folder: Path, name: str, label: str) -> BundleFile:
    """A folder as a zip that is the same everywhere: sorted, dated 1980, stored (deflate differs between libraries).

    A package (a folder with `__init__.py`) keeps its own name inside, so that `import <folder>` works; any other
    folder is a source root, and its contents stand at the top.
    """
    if not folder.is_dir():
        _refuse("001", f"{label!r} is not a folder", got=str(folder))
    top = f"{folder.name}/" if (folder / "__init__.py").is_file() else ""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in _walk(folder, label):
            entry = zipfile.ZipInfo(top + path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            with _open(path, f"{label}/{path.name}") as stream:
                archive.writestr(entry, stream.read())
            if buffer.tell() > MAXIMUM_BYTES // 8:
                _refuse(
                    "006", f"the folder {label!r} is too large to be zipped", allowed=f"{MAXIMUM_BYTES // 8:,} bytes"
                )
    content = buffer.getvalue()
    return BundleFile(name, len(content), hashlib.sha256(content).hexdigest(), content=content)


def _manifest(files: Sequence[BundleFile]) -> bytes:
    entries = [{"name": file.name, "sha256": file.sha256, "size": file.size} for file in files]
    return json.dumps({"format": 1, "files": entries}, sort_keys=True, separators=(",", ":")).encode()


def _case_collisions(files: Iterable[str]) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for name in sorted(files):
        for part in (name, *map(str, list(PurePosixPath(name).parents)[:-1])):
            folded = unicodedata.normalize("NFC", part).casefold()
            if (other := seen.setdefault(folded, part)) != part:
                yield _problem(
                    "008", f"{other!r} and {part!r} are the same name on some systems", hint="rename one of them"
                )


def _problem(
    number: str, summary: str, *, got: str | None = None, allowed: str | None = None, hint: str | None = None
) -> Diagnostic:
    return Diagnostic(f"E-BUNDLE-{number}", summary, got=got, allowed=allowed, hint=hint)


def _refuse(
    number: str, summary: str, *, got: str | None = None, allowed: str | None = None, hint: str | None = None
) -> NoReturn:
    raise EmrkitError(_problem(number, summary, got=got, allowed=allowed, hint=hint))
