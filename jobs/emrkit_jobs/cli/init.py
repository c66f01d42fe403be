"""`emrkit init`: a small new project that passes its own tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emrkit_jobs.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

NAME = r"[a-z][a-z0-9-]{0,30}[a-z0-9]"
_RENAMED = {"gitignore": ".gitignore"}
_LEFT_OUT = ("__pycache__", ".pytest_cache")


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="The project's name. Default: the folder's.")
@click.option("--force", is_flag=True, help="Also into a folder that holds files; none of them is overwritten.")
@click.pass_obj
def command(invocation: Invocation, folder: Path, name: str | None, force: bool) -> None:
    """Start a small new project in FOLDER: a job with sample data, a cluster, stacks and tests.

    Either all files are written or none.
    """
    from emrkit_model.diagnostics import Diagnostic, EmrkitError

    output = invocation.output
    project = name or make_name(folder.resolve().name)
    check_name(project, name is not None)
    files = {path: text.replace("PROJECT", project).replace("RELEASE", _release()) for path, text in read_scaffold()}
    if folder.exists() and not folder.is_dir():
        raise EmrkitError(Diagnostic("E-CLI-020", f"{folder} is not a folder", hint="name a new or an empty folder"))
    present = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    if present and not force:
        raise EmrkitError(
            Diagnostic(
                "E-CLI-021",
                f"{folder.resolve()} is not empty",
                got=", ".join(present[:5]) + (", …" if len(present) > 5 else ""),
                hint="name an empty folder, or add --force: files that are there already stay as they are",
            )
        )
    written, kept = write_files(folder, files)
    for path in kept:
        output.say(f"kept {path}")
    output.say("\nnext:")
    if folder.resolve() != Path.cwd():
        output.say(f"  cd {folder}")
    output.say("  emrkit validate && pytest\n  emrkit deploy && emrkit run orders")
    output.data(
        {"project": project, "folder": str(folder.resolve()), "written": written, "kept": kept},
        f"project {project}: {len(written)} files in {folder.resolve()}",
    )


def make_name(text: str) -> str:
    """A project's name from a folder's: `My Project_2` gives `my-project-2`."""
    import re

    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")[:32].rstrip("-")


def check_name(name: str, given: bool) -> None:
    """Raises `EmrkitError` if stacks and parameters cannot carry the name."""
    import re

    from emrkit_model.diagnostics import Diagnostic, EmrkitError

    if not re.fullmatch(NAME, name):
        raise EmrkitError(
            Diagnostic(
                "E-CLI-022",
                f"{name!r} is not a name for a project" if given else "the folder's name gives no name for a project",
                got=name,
                allowed="2 to 32 small letters, digits and dashes, a letter first",
                hint="emrkit init --name my-project",
            )
        )


def read_scaffold() -> Iterator[tuple[str, str]]:
    """Path and text of each file of a new project, as shipped in the package."""
    from importlib.resources import files

    def walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
        for entry in sorted(folder.iterdir(), key=lambda item: item.name):
            if entry.name in _LEFT_OUT or entry.name.endswith(".pyc"):
                continue
            path = prefix + _RENAMED.get(entry.name, entry.name)
            if entry.is_dir():
                yield from walk(entry, f"{path}/")
            else:
                yield path, entry.read_text(encoding="utf-8")

    yield from walk(files("emrkit_jobs") / "scaffold", "")


def write_files(folder: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Writes the files that are not there yet: all of them or, after any error, none. Gives (written, kept)."""
    made: list[Path] = []
    written: list[str] = []
    kept: list[str] = []
    try:
        for name, text in files.items():
            path = folder / name
            for parent in reversed([p for p in path.parents if not p.exists()]):
                parent.mkdir()
                made.append(parent)
            try:
                with path.open("x", encoding="utf-8", newline="\n") as stream:
                    made.append(path)
                    stream.write(text)
                written.append(name)
            except FileExistsError:
                kept.append(name)
    except BaseException:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise
    return written, kept


def _release() -> str:
    from emrkit_facts import releases

    return releases.newest()
