"""The command `emrkit`: finds the verb, gives it its options, and turns what comes back into words and an exit code.

Verbs are imported when they are called for: `emrkit --help` costs little more than a bare interpreter.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, cast

import click

from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

# pydantic looks through every installed package for plugins of its own, at each start; we have none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

if TYPE_CHECKING:
    from emrkit_jobs.cli.invocation import Invocation

__all__ = ["emrkit", "main", "run"]

VERBS: dict[str, str] = {
    "init": "Start a small new project that passes its own tests.",
    "validate": "Check the project file, the code it names and the rules of EMR; offline.",
    "plan": "Show what deploy and run would change.",
    "deploy": "Bring the stacks to the target with the CDK CLI.",
    "run": "Upload what changed, submit a job, follow it, preview the result.",
    "logs": "Print what a run's steps wrote.",
    "status": "List the runs of this project and how they stand.",
    "cancel": "Cancel a run, and verify that it ended.",
    "destroy": "Remove the stacks from the target.",
    "summary": "Show what is deployed, with links.",
    "schema": "Print the JSON Schema of the project file.",
    "local": "Local EMR: up, down, status, reset, prepare.",
    "version": "Show the version (with -v: every tool that is used).",
}


class Verbs(click.Group):
    """A group that knows its verbs by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - same
        if cmd_name not in VERBS:
            return None
        module = import_module(f"emrkit_jobs.cli.{cmd_name}")
        command = cast("click.Command", getattr(module, "command", None) or getattr(module, cmd_name))
        add_common_options(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], VERBS, 1)
            hint = f"; did you mean `emrkit {close[0]}`?" if close else ""
            raise click.UsageError(f"there is no verb '{args[0]}'{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - same
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _remember(ctx: click.Context, parameter: click.Parameter, value: object) -> object:
    """Options may stand before or after the verb; the later one wins, repeated variables add up."""
    if value not in (None, (), False):
        chosen = ctx.ensure_object(_invocation())
        chosen.choose(str(parameter.name), value)
    return value


def _invocation() -> type[Invocation]:
    from emrkit_jobs.cli.invocation import Invocation

    return Invocation


def _common_options() -> list[click.Parameter]:
    def option(*names: str, **settings: object) -> click.Option:
        return click.Option(names, callback=_remember, expose_value=False, **settings)  # pyright: ignore[reportArgumentType]

    return [
        option("--target", "-t", metavar="NAME", help="Target of the project file (else EMRKIT_TARGET, the default)."),
        option("--project-file", "-f", metavar="FILE", help="Project file (else emrkit.yaml, here or above)."),
        option("--output", type=click.Choice(["text", "json"]), help="Form of the data on stdout."),
        option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Set a variable of the project file."),
        option("--verbose", "-v", is_flag=True, help="Say more."),
    ]


def add_common_options(command: click.Command) -> None:
    """Gives a verb (and the verbs below it) the options that all have; harmless when it has them."""
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params += [p for p in _common_options() if not taken.intersection(p.opts)]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            add_common_options(inner)


@click.group(cls=Verbs, params=_common_options(), context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def emrkit(ctx: click.Context) -> None:
    """Amazon EMR as code: CDK stacks, job bundles, and a local EMR that really runs your steps.

    Data goes to stdout, words to stderr. Exit codes: 0 done, 1 the job failed, 2 invalid input, 3 the target refused,
    4 the target cannot be reached, 5 the outcome is unknown (run the same command again), 130 interrupted.
    """
    ctx.ensure_object(_invocation())


def main() -> None:
    """Entry point of the console script."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        _drop_stdout()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Carries out one command line and returns its exit code; never raises for what a user can cause."""
    invocation = _invocation()()
    # Errors before the options are read should still come in the form that was asked for.
    if ("json" in arguments and "--output" in arguments) or "--output=json" in arguments:
        invocation.choose("output", "json")
    try:
        result = emrkit.main(list(arguments), prog_name="emrkit", standalone_mode=False, obj=invocation)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        return _fail(invocation, _usage_error(error))
    except click.ClickException as error:
        return _fail(invocation, EmrkitError(Diagnostic("E-CLI-001", error.format_message())))
    except (KeyboardInterrupt, click.Abort):
        invocation.output.say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()
        return ExitCode.DONE
    except EmrkitError as error:
        return _fail(invocation, error)
    except OSError as error:
        return _fail(invocation, _system_error(error)) if _is_users(error) else _crash(invocation, error)
    except Exception as error:  # last resort: a traceback helps us, not the user
        return _crash(invocation, error)
    return result if isinstance(result, int) else ExitCode.DONE


def _fail(invocation: Invocation, error: EmrkitError) -> int:
    try:
        invocation.output.fail(error)
    except BrokenPipeError:
        _drop_stdout()
    return int(error.exit_code)


def _usage_error(error: click.UsageError) -> EmrkitError:
    command = error.ctx.command_path if error.ctx else "emrkit"
    message = error.format_message().rstrip(".")
    return EmrkitError(
        Diagnostic("E-CLI-001", message[:1].lower() + message[1:], hint=f"see `{command} --help`"),
        ExitCode.INVALID_INPUT,
    )


_USERS_ERRORS = {
    errno.ENOSPC: "free some space, or choose other folders with EMRKIT_STATE_DIR and EMRKIT_CACHE_DIR",
    errno.EDQUOT: "free some of the quota, or choose other folders with EMRKIT_STATE_DIR and EMRKIT_CACHE_DIR",
    errno.EROFS: "choose a writable folder with EMRKIT_STATE_DIR or EMRKIT_CACHE_DIR",
    errno.EACCES: "give yourself the right to it, or choose another folder with EMRKIT_STATE_DIR or EMRKIT_CACHE_DIR",
    errno.EMFILE: "raise the limit of open files: `ulimit -n 1024`",
}


def _is_users(error: OSError) -> bool:
    return error.errno in _USERS_ERRORS


def _system_error(error: OSError) -> EmrkitError:
    where = f" on {error.filename}" if error.filename else ""
    return EmrkitError(
        Diagnostic("E-CLI-002", f"the system refused{where}: {error.strerror}", hint=_USERS_ERRORS[error.errno or 0]),
        ExitCode.TARGET_UNREACHABLE,
    )


def _crash(invocation: Invocation, error: BaseException) -> int:
    """Keeps the traceback in a file and says where: the words on the screen are for the user."""
    import tempfile
    import traceback
    from datetime import UTC, datetime
    from pathlib import Path

    text = "".join(traceback.format_exception(error))
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    kept = "nowhere: no folder is writable"
    for folder in (invocation.state_folder_or_none(), Path(tempfile.gettempdir())):
        try:
            if folder is not None:
                (folder / name).write_text(text)
                kept = str(folder / name)
                break
        except OSError:
            continue
    found = Diagnostic(
        "E-CLI-900",
        f"emrkit itself failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        reason="this is a defect of emrkit, not of your project",
        hint=f"the details are in {kept}; run the same command again, it goes on where it stopped",
    )
    return _fail(invocation, EmrkitError(found, ExitCode.OUTCOME_UNKNOWN))


def _drop_stdout() -> None:
    """The reader has gone (`| head`): nothing more to say, and Python must not complain at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
