"""The package index that pip is configured for is the one uv uses too."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

__all__ = ["npm_environment", "uv_environment"]


def uv_environment(
    pip: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The process environment for uv: pip's index, extra indexes, find-links and certificate as uv's own variables.

    What the user has set for uv itself stays as it is.
    """
    settings = _pip_settings() if pip is None else pip
    base = dict(os.environ if environment is None else environment)
    ours: dict[str, str] = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1"}
    if index := settings.get("index-url"):
        ours["UV_DEFAULT_INDEX"] = index.strip()
    if extra := settings.get("extra-index-url"):
        ours["UV_EXTRA_INDEX_URL"] = " ".join(extra.split())
        # pip takes the best version from all of its indexes; uv by default stops at the first that knows the package.
        ours["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links := settings.get("find-links"):
        ours["UV_FIND_LINKS"] = ",".join(links.split())
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        ours["UV_NO_INDEX"] = "1"
    if hosts := settings.get("trusted-host"):
        ours["UV_INSECURE_HOST"] = " ".join(hosts.split())
    if certificate := settings.get("cert"):
        ours["SSL_CERT_FILE"] = certificate
    if proxy := settings.get("proxy"):
        ours["HTTPS_PROXY"] = ours["HTTP_PROXY"] = proxy
    if (timeout := settings.get("default-timeout") or settings.get("timeout")) and timeout.isdigit():
        ours["UV_HTTP_TIMEOUT"] = timeout
    return {**ours, **base}


def npm_environment() -> dict[str, str]:
    """The process environment for npm: its own configuration, and the certificate pip was given."""
    settings = _pip_settings()
    ours = {"NODE_EXTRA_CA_CERTS": settings["cert"]} if "cert" in settings else {}
    return {**ours, **os.environ, "npm_config_update_notifier": "false", "npm_config_fund": "false"}


@cache
def _pip_settings() -> Mapping[str, str]:
    """pip's merged configuration; where pip is missing, what its environment variables say."""
    found: dict[str, str] = {}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, timeout=60
    )
    for line in listed.stdout.splitlines() if listed.returncode == 0 else ():
        name, separator, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if separator and section in ("global", "install", "download"):
            found[key] = _unquoted(value)
    for name, value in os.environ.items():
        if name.startswith("PIP_"):
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def _unquoted(value: str) -> str:
    try:
        plain = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return plain if isinstance(plain, str) else value
