"""The CDK CLI as a child process: pinned, in a process group of its own, against one endpoint, its words kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emrkit_jobs.run.journal import Journal
from emrkit_jobs.run.lock import describe_process
from emrkit_jobs.run.reports import Reporter
from emrkit_jobs.targets.protocol import Target
from emrkit_model.diagnostics import Diagnostic, EmrkitError, ExitCode

__all__ = ["Cdk", "find_cdk"]

_NOISE = re.compile(r"^\s+at |^\s*$|node:internal|^Node\.js v|\(Use `node|NOTICES|DeprecationWarning|^\s*\}\s*$")
_PROGRESS = re.compile(r"\| +\d+/\d+ \||(?:CREATE|UPDATE|DELETE)_\w+ +\| ")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Cdk:
    """The CDK CLI for one target. What it says goes to a log file; progress is passed on."""

    command: tuple[str, ...]
    target: Target
    state: Path
    root: Path
    journal: Journal
    report: Reporter

    def deploy(self, assembly: Path, parameters: Mapping[str, str]) -> None:
        """Deploys every stack of the assembly; parameters are `Stack:Name` to value."""
        extra = [word for key, value in parameters.items() for word in ("--parameters", f"{key}={value}")]
        self._run(
            "deploy",
            ["--app", str(assembly), "--all", "--require-approval", "never", "--progress", "events", *extra],
        )

    def destroy(self, assembly: Path) -> None:
        """Removes every stack of the assembly."""
        self._run("destroy", ["--app", str(assembly), "--all", "--force", "--progress", "events"])

    def bootstrap(self, account: str, region: str) -> None:
        """Makes the bucket and roles that the CDK needs in an account and region."""
        self._run("bootstrap", [f"aws://{account}/{region}", "--progress", "events"])

    def _run(self, verb: str, arguments: Sequence[str]) -> None:
        log = self.state / f"cdk-{self.target.name}-{verb}.log"
        command = [*self.command, verb, *arguments, "--ci", "--no-color", "--no-notices"]
        self.journal.write("intent", act=f"cdk {verb}")
        with log.open("w", encoding="utf-8") as kept:
            process = subprocess.Popen(
                command,
                cwd=self.state,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self.journal.write("process", **describe_process(process.pid))
            lines: list[str] = []
            assert process.stdout is not None
            for raw in process.stdout:
                line = _STYLE.sub("", raw.rstrip())
                kept.write(line + "\n")
                kept.flush()
                if line.strip():
                    lines.append(line)
                    (self.report.say if _is_headline(line) else self.report.detail)(line.strip())
            code = process.wait()
        self.journal.write("outcome", act=f"cdk {verb}", code=code)
        if code:
            raise _explain(self.target, verb, code, lines, log)

    def _environment(self) -> dict[str, str]:
        home = self.state / "cdk-home"
        home.mkdir(parents=True, exist_ok=True)
        wanted: dict[str, str | None] = {
            **os.environ,
            **self.target.process_environment(),
            "CDK_HOME": str(home),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": os.pathsep.join(
                [str(Path(self.command[0]).parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
            ),
        }
        if self.target.kind == "aws":
            # On a machine of AWS the credentials may come from its metadata.
            wanted.pop("AWS_EC2_METADATA_DISABLED")
        return {key: value for key, value in wanted.items() if value is not None}


def find_cdk(report: Reporter) -> tuple[str, ...]:
    """The command of the pinned CDK CLI; it is fetched if it is not there. Raises `EmrkitError`."""
    from emrkit_local import environments

    found = environments.find("node")
    if found is None:
        report.say("fetching Node and the CDK CLI (once per machine)")
        environments.prepare(["node"])
        found = environments.find("node")
    if found is None:
        raise EmrkitError(
            Diagnostic("E-DEP-001", "the CDK CLI is missing", hint="`emrkit local prepare --only node` fetches it"),
            ExitCode.TARGET_UNREACHABLE,
        )
    return (str(found.cdk),)


def _is_headline(line: str) -> bool:
    return line.lstrip().startswith(("✅", "❌", "⏳")) or ("deploying..." in line) or (": destroying..." in line)


def _explain(target: Target, verb: str, code: int, lines: Sequence[str], log: Path) -> EmrkitError:
    told = [line.strip() for line in lines if not _NOISE.search(line) and not _PROGRESS.search(line)]
    errors = [line for line in told if re.search(r"[Ee]rror|❌|failed|FAILED|Unable|Need to", line)]
    words = (errors or told or ["it said nothing"])[-1][:1200]
    if "Need to perform AWS calls for account" in words or "Unable to resolve AWS account" in words:
        hint = "check the credentials: `aws sts get-caller-identity`"
    else:
        hint = f"run the same command again: it goes on; everything the CDK CLI said is in {log}"
    return EmrkitError(
        Diagnostic("E-DEP-002", f"`cdk {verb}` failed on target '{target.name}' (exit {code})", got=words, hint=hint),
        ExitCode.TARGET_REFUSED,
    )
