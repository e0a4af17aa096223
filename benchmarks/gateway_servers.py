"""The servers around the gateway: a provider that costs next to nothing, and the barest pass-through there can be.

python -m benchmarks.gateway_servers mock PORT SECONDS        keeps idle connections for so long
python -m benchmarks.gateway_servers bare PORT UPSTREAM_PORT
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn

from benchmarks.gateway_replies import chat, chat_events, messages, messages_events

Scope = dict[str, Any]

SLOW = b"slow-model"
GAP = 0.1
"""Seconds between two events of the model that takes its time."""

JSON = (b"content-type", b"application/json")
SSE = (b"content-type", b"text/event-stream")


class Mock:
    """Answers everything at once. A stream's events are written one by one, as a provider's come."""

    def __init__(self) -> None:
        self._whole = {"chat": chat(), "messages": messages()}
        self._events = {"chat": chat_events(), "messages": messages_events()}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            return await lifespan(receive, send)
        body = await whole(receive)
        kind = "messages" if scope["path"].endswith("/messages") else "chat"
        if b'"stream":true' in body or b'"stream": true' in body:
            await send({"type": "http.response.start", "status": 200, "headers": [SSE]})
            for event in self._events[kind]:
                if SLOW in body and await left_within(receive, GAP):
                    return None
                await send({"type": "http.response.body", "body": event, "more_body": True})
            return await send({"type": "http.response.body", "body": b""})
        said = self._whole[kind]
        length = (b"content-length", str(len(said)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, length]})
        return await send({"type": "http.response.body", "body": said})


class Bare:
    """Passes on what comes: no judging, no keys, no books, no deadlines."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._session: Any = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request."""
        import aiohttp

        if scope["type"] != "http":
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(auto_decompress=False, connector=connector)
            await lifespan(receive, send)
            return await self._session.close()
        body = await whole(receive)
        if scope["method"] == "GET":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await send({"type": "http.response.body", "body": b""})
        headers = {"content-type": "application/json", "authorization": "Bearer sk-benchmark-0123456789"}
        async with self._session.post(self._url + scope["path"], data=body, headers=headers) as reply:
            kept = [
                (name.lower(), value)
                for name, value in reply.raw_headers
                if name.lower().startswith(b"content-")
            ]
            await send({"type": "http.response.start", "status": reply.status, "headers": kept})
            while data := await reply.content.readany():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            return await send({"type": "http.response.body", "body": b""})


async def whole(receive: Any) -> bytes:
    """A request's body."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def left_within(receive: Any, seconds: float) -> bool:
    """Wait so long; True if the client goes away by then."""
    try:
        async with asyncio.timeout(seconds):
            await receive()
    except TimeoutError:
        return False
    return True


async def lifespan(receive: Any, send: Any) -> None:
    """The server's start and end."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    """Serve until a signal."""
    kind, port, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    app = Mock() if kind == "mock" else Bare(number)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=number if kind == "mock" else 5,
    )


if __name__ == "__main__":
    main()
