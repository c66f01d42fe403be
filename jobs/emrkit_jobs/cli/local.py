"""`emrkit local`: local EMR up and down, and the environments that it needs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.group("local")
def command() -> None:
    """Local EMR: an AWS endpoint on this machine that really runs steps."""


def _state(invocation: Invocation) -> Path:
    from emrkit_local.folders import ensure_folder, state_folder
    from emrkit_model.diagnostics import EmrkitError

    try:
        root = invocation.project_path.parent
    except EmrkitError:
        # Without a project there is still a use for an endpoint; it belongs to the folder it is started in.
        root = Path.cwd()
    return ensure_folder(state_folder(root), "EMRKIT_STATE_DIR")


@command.command("up")
@click.option("--port", default=0, help="Port on 127.0.0.1; default: a free one.")
@click.option("--memory", type=int, metavar="MB", help="Memory for steps; default: most of what is free.")
@click.option("--foreground", is_flag=True, help="Stay, and stop it on Ctrl-C.")
@click.pass_obj
def up(invocation: Invocation, port: int, memory: int | None, foreground: bool) -> int:
    """Start local EMR (if it does not run) and print what to export."""
    import signal

    from emrkit_local import client
    from emrkit_local.folders import cache_folder

    state = _state(invocation)
    endpoint = client.start(state, cache_folder(), port, memory_mb=memory)
    exports = client.exports(endpoint)
    lines = "\n".join(f"export {name}={value}" for name, value in exports.items())
    invocation.output.say(f"local EMR {endpoint.version} at {endpoint.url} (process {endpoint.pid})")
    invocation.output.data(
        {"endpoint": endpoint.url, "port": endpoint.port, "pid": endpoint.pid, "buckets": endpoint.buckets,
         "state": state, "exports": exports},
        lines,
    )  # fmt: skip
    if not foreground:
        return 0
    invocation.output.say("Ctrl-C stops it")
    # SIGTERM ends the wait as Ctrl-C does, so that a supervisor leaves nothing behind either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while client.find(state) is not None:
            signal.sigtimedwait([], 1.0)
    except KeyboardInterrupt:
        client.stop(state)
        invocation.output.say("stopped")
        return 0
    invocation.output.say("local EMR has ended")
    return 4


@command.command("down")
@click.pass_obj
def down(invocation: Invocation) -> None:
    """Stop local EMR with everything it runs; what it knows stays for the next start."""
    from emrkit_local import client

    stopped = client.stop(_state(invocation))
    invocation.output.data({"stopped": stopped}, "stopped" if stopped else "local EMR does not run")


@command.command("status")
@click.pass_obj
def status(invocation: Invocation) -> None:
    """Show whether local EMR runs, and what is in it."""
    from emrkit_local import client

    state = _state(invocation)
    endpoint = client.find(state)
    if endpoint is None:
        invocation.output.data({"running": False, "state": state}, f"local EMR does not run (state: {state})")
        return
    facts = {"running": True, "endpoint": endpoint.url, "pid": endpoint.pid, "state": state, **client.status(endpoint)}
    width = max(map(len, facts))
    text = "\n".join(f"{name.ljust(width)}  {_short(value)}" for name, value in facts.items())
    invocation.output.data(facts, text)
    if (found := client.disagreement(endpoint)) is not None:
        invocation.output.diagnose(found)


@command.command("reset")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(invocation: Invocation, yes: bool) -> None:
    """Stop local EMR and forget everything it knows: clusters, stacks, buckets, runs on local targets."""
    import shutil
    import sys

    from emrkit_local import client
    from emrkit_model.diagnostics import Diagnostic, EmrkitError

    state = _state(invocation)
    asked = bool(sys.stdin and sys.stdin.isatty())
    if not yes and not (asked and click.confirm(f"delete everything local EMR keeps in {state}?", err=True)):
        raise EmrkitError(
            Diagnostic("E-CLI-030", "reset deletes local buckets and needs a yes", hint="say it with --yes")
        )
    client.stop(state)
    kept = _aws_targets(invocation)
    for entry in sorted(state.iterdir()):
        if entry.name in ("runs", "deploy", "assembly"):
            for inner in entry.iterdir():
                if inner.name.split(".")[0] not in kept:
                    shutil.rmtree(inner) if inner.is_dir() else inner.unlink()
        elif entry.name != "accounts":
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    invocation.output.data({"reset": str(state)}, f"forgotten: {state}")


def _aws_targets(invocation: Invocation) -> frozenset[str]:
    from emrkit_model.diagnostics import EmrkitError

    try:
        targets = invocation.project.targets
    except EmrkitError:
        return frozenset()
    return frozenset(name for name, target in targets.items() if target.kind == "aws")


@command.command("prepare")
@click.option("--only", metavar="NAME", multiple=True, help="Only this environment (repeatable).")
@click.option("--link", type=click.Path(file_okay=False), metavar="FOLDER", help="Put `node` and `cdk` there.")
@click.option("--dry-run", is_flag=True, help="Only say what would be fetched.")
@click.pass_obj
def prepare(invocation: Invocation, only: tuple[str, ...], link: str | None, dry_run: bool) -> None:
    """Fetch what local EMR needs into the cache, once per machine."""
    from emrkit_local import environments

    output = invocation.output
    offers = environments.describe(only or None)
    for offer in offers:
        pinned = ", ".join(f"{name} {number}" for name, number in offer.versions.items())
        state = "ready" if offer.ready else f"about {offer.megabytes} MB into {offer.place}"
        output.say(f"{offer.name}: {offer.purpose} ({pinned}): {state}")
    if not dry_run:
        environments.prepare(
            [offer.name for offer in offers],
            lambda stage: output.say(f"  {stage.name} {stage.state} {stage.detail}".rstrip()),
        )
        if link:
            _link(Path(link))
    output.data(
        {
            "environments": [
                {"name": o.name, "versions": o.versions, "place": o.place, "ready": o.ready or not dry_run}
                for o in offers
            ]
        }
    )


def _link(folder: Path) -> None:
    """`node` and `cdk` of the pinned versions in a folder on the PATH, so that bare `cdk synth` works."""
    from emrkit_local import environments

    node = environments.find("node")
    if node is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in (("node", node.node), ("cdk", node.cdk)):
        link = folder / name
        part = folder / f".{name}.{os.getpid()}"
        part.unlink(missing_ok=True)
        part.symlink_to(wanted)
        part.replace(link)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 200 else f"{text[:200]}…"
