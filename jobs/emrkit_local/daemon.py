"""Local EMR's daemon: `python -m emrkit_local.daemon --state DIR --cache DIR --port N [--memory MB]`.

Runs in the daemon's own environment (started by `emrkit_local.client`). Listens on the loopback address only, writes
`daemon.json` into the state folder once it is ready, and stops on SIGTERM, SIGINT or `POST /_emrkit/shutdown`.
Exit codes: 0 stopped, 3 another daemon has the state folder, 1 anything else (the log says what).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from . import __name__ as _package
from .client import DAEMON_FILE, process_start_time

if TYPE_CHECKING:
    from .core.ports import Executor

__all__ = ["main"]

_log = logging.getLogger(_package)
IN_USE = 3


class _Transport(Protocol):
    def abort(self) -> None: ...


@dataclass(slots=True)
class _OpenConnections:
    """The transports of open connections by the client's port."""

    transports: dict[int, _Transport] = field(default_factory=dict[int, _Transport])

    def abort(self, port: int) -> None:
        """Reset the connection from this port."""
        if transport := self.transports.get(port):
            transport.abort()


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop."""
    options = _read(arguments)
    options.state.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=os.environ.get("EMRKIT_LOG_LEVEL", "WARNING"),
        format="%(asctime)s %(levelname)s [%(name)s] %(message)s",
        stream=sys.stderr,
    )
    held = _lock(options.state)
    if held is None:
        _log.error("another local EMR runs on %s", options.state)
        return IN_USE
    with held, _listen(options.port, options.state / "port") as listener:
        asyncio.run(_serve(options, listener))
    return 0


def _read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emrkit_local.daemon", description="local EMR")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--memory", type=int, default=None, help="MB that steps may take together")
    parser.add_argument("--version", default="")
    return parser.parse_args(arguments)


def _lock(state: Path) -> IO[str] | None:
    file = (state / "daemon.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _listen(port: int, noted: Path) -> socket.socket:
    """The wanted port; without one the port of last time if it is free, so that endpoints people exported stay true."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port or int(noted.read_text())))
    except (OSError, ValueError):
        if port:
            raise
        listener.bind(("127.0.0.1", 0))
    noted.write_text(str(listener.getsockname()[1]))
    return listener


async def _serve(options: argparse.Namespace, listener: socket.socket) -> None:
    # In the daemon's environment only.
    from hypercorn.asyncio import serve  # pyright: ignore[reportMissingImports]
    from hypercorn.config import Config  # pyright: ignore[reportMissingImports]

    from .host.connections import track_connections
    from .host.wiring import Host

    port = listener.getsockname()[1]
    stopping = asyncio.Event()
    connections = _OpenConnections()
    track_connections(connections.transports)
    host = Host(options.state, port, options.version, _executor_of(options), connections, stopping.set)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    config = Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]  # the server closes what it is given
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    config.keep_alive_timeout = 60
    config.shutdown_timeout = 5
    # Requests are written to the journal of `/_emrkit/requests`; bodies of any size are welcome.
    config.h11_max_incomplete_size = 64 * 1024
    work = asyncio.create_task(host.work())
    ready = asyncio.create_task(_announce(options, port))
    try:
        await serve(host.application, config, shutdown_trigger=stopping.wait)  # pyright: ignore[reportArgumentType]
    finally:
        (options.state / DAEMON_FILE).unlink(missing_ok=True)
        for task in (work, ready):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await host.close()


async def _announce(options: argparse.Namespace, port: int) -> None:
    """Write `daemon.json` when the daemon answers, whole or not at all."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.write(f"GET /_emrkit/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.readline()
        writer.close()
        if b" 200 " in answer:
            break
        await asyncio.sleep(0.01)
    pid = os.getpid()
    document = {
        "pid": pid,
        "start_time": process_start_time(pid),
        "port": port,
        "version": options.version,
        "endpoint": f"http://127.0.0.1:{port}",
    }
    part = options.state / f"{DAEMON_FILE}.part"
    part.write_text(json.dumps(document))
    part.replace(options.state / DAEMON_FILE)


class _ExecutorMaker(Protocol):
    def __call__(self, buckets: Path, endpoint: str, /) -> Executor: ...


def _executor_of(options: argparse.Namespace) -> _ExecutorMaker:
    def make(buckets: Path, endpoint: str, /) -> Executor:
        from .engines.executor import EngineSettings, LocalExecutor

        return LocalExecutor(
            EngineSettings(
                cache=options.cache,
                buckets=buckets,
                work=options.state / "engines",
                endpoint=endpoint,
                memory_mb=options.memory,
            )
        )

    return make


if __name__ == "__main__":
    sys.exit(main())
