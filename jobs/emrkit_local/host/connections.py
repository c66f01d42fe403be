"""Lets a fault switch close a client's connection without an answer: keeps the transports of open connections."""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUntypedBaseClass=false, reportAttributeAccessIssue=false, reportUnknownArgumentType=false
from __future__ import annotations

from typing import Any

__all__ = ["track_connections"]


def track_connections(transports: dict[int, Any]) -> None:
    """Note every connection that hypercorn serves from now on, by the client's port, while it is open."""
    import hypercorn.asyncio.run as run
    from hypercorn.asyncio.tcp_server import TCPServer

    class TrackedServer(TCPServer):
        async def run(self) -> None:
            peer = self.writer.get_extra_info("peername")
            port = peer[1] if peer else 0
            transports[port] = self.writer.transport
            try:
                await super().run()
            finally:
                transports.pop(port, None)

    if not hasattr(run, "TCPServer"):
        raise RuntimeError("this hypercorn does not fit: hypercorn.asyncio.run lacks TCPServer")
    run.TCPServer = TrackedServer
