"""What one command line is about: the options that every verb shares, and the project and target they choose."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from emrkit_jobs.cli.output import Form, Output
from emrkit_model.diagnostics import Diagnostic, EmrkitError

if TYPE_CHECKING:
    from emrkit_jobs.bundle.project import LoadedProject

__all__ = ["Invocation"]

PROJECT_FILE = "emrkit.yaml"


@dataclass
class Invocation:
    """The shared options; `click.pass_obj` hands it to a verb.

    Example:
        @click.command()
        @click.pass_obj
        def validate(invocation: Invocation) -> None:
            invocation.output.say(f"{invocation.project_path} is valid")
    """

    target_name: str | None = None
    project_file: str | None = None
    form: Form = "text"
    variables: dict[str, str] = field(default_factory=dict[str, str])
    verbose: bool = False

    def choose(self, option: str, value: object) -> None:
        """Takes one shared option as it was given on the command line."""
        match option:
            case "target":
                self.target_name = str(value)
            case "project_file":
                self.project_file = str(value)
            case "output":
                self.form = cast("Form", value)
            case "verbose":
                self.verbose = bool(value)
            case "variables":
                for text in cast("tuple[str, ...]", value):
                    name, equals, given = text.partition("=")
                    if not equals or not name:
                        raise EmrkitError(
                            Diagnostic(
                                "E-CLI-003", "a variable is set as NAME=VALUE", got=repr(text), hint="--var rows=1000"
                            )
                        )
                    self.variables[name] = given
            case _:
                raise AssertionError(option)

    @property
    def output(self) -> Output:
        """The streams, in the form that was asked for."""
        return Output(self.form, verbose=self.verbose)

    @cached_property
    def project_path(self) -> Path:
        """The project file: as named, else `emrkit.yaml` in this folder or the nearest one above that has it."""
        if self.project_file:
            path = Path(self.project_file)
            return path / PROJECT_FILE if path.is_dir() else path
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder / PROJECT_FILE
        raise EmrkitError(
            Diagnostic(
                "E-CLI-004",
                f"there is no {PROJECT_FILE} in {here} or above",
                hint="change to the project's folder, name it with --project-file, or start one with `emrkit init`",
            )
        )

    @cached_property
    def project(self) -> LoadedProject:
        """The project, loaded once; its warnings are shown, its errors raised."""
        from emrkit_jobs.bundle.project import load

        return load(self.project_path, self.variables)

    @property
    def chosen_target(self) -> str | None:
        """The target's name by option or EMRKIT_TARGET; None leaves it to the project's default."""
        return self.target_name or os.environ.get("EMRKIT_TARGET") or None

    def state_folder_or_none(self) -> Path | None:
        """Where this project keeps its state, if it can be known without raising (for the last resort)."""
        try:
            from emrkit_local.folders import state_folder

            folder = state_folder(self.project_path.parent)
            folder.mkdir(parents=True, exist_ok=True)
        except Exception:
            return None
        return folder
