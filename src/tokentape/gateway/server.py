"""Running the gateway: uvicorn, one process or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket

    from tokentape.gateway.app import Gateway


def server_for(
    app: Gateway, *, host: str, port: int, grace: float = 30.0, most_connections: int | None = None
) -> uvicorn.Server:
    """A server for the application; `grace` seconds are left to streams when it ends."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(grace),
        limit_concurrency=most_connections,
        h11_max_incomplete_event_size=None,
        ws_max_size=64 * 1024 * 1024,
    )
    return uvicorn.Server(config)


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where it is taken."""
    config = uvicorn.Config("unused:app", host=host, port=port)
    return config.bind_socket()
