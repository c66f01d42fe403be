"""`emrkit version`: what is used, and which version of it."""

from __future__ import annotations

import click

from emrkit_jobs.cli.invocation import Invocation

__all__ = ["command"]


@click.command("version")
@click.pass_obj
def command(invocation: Invocation) -> None:
    """Show the version; with --verbose every tool that is used and where it lies."""
    import platform
    import sys
    from importlib import metadata

    def version(name: str) -> str:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return "0+source" if name == "emrkit" else "not installed"

    own = version("emrkit")
    facts: dict[str, str] = {"emrkit": own}
    if invocation.verbose:
        from emrkit_local import environments
        from emrkit_local.folders import cache_folder

        facts["python"] = f"{platform.python_version()} ({sys.executable})"
        facts |= {name: version(name) for name in ("aws-cdk-lib", "boto3", "pydantic", "uv")}
        for offer in environments.describe():
            pinned = ", ".join(f"{name} {number}" for name, number in offer.versions.items())
            facts[offer.name] = f"{pinned} ({offer.place if offer.ready else 'not fetched yet'})"
        facts["cache"] = str(cache_folder())
        folder = invocation.state_folder_or_none()
        facts["state"] = str(folder) if folder else "no project here"
    width = max(map(len, facts))
    text = "\n".join(f"{name.ljust(width)}  {value}" for name, value in facts.items())
    invocation.output.data(facts, text if invocation.verbose else f"emrkit {own}")
