"""Hearing what an SDK's HTTP client hears: bytes, chunk boundaries and times, above any recorder."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(slots=True)
class Call:
    """One call as the SDK's client saw it; times in seconds from the request."""

    name: str = ""
    chunks: list[bytes] = field(default_factory=list)
    first: float = 0.0
    total: float = 0.0
    tokens: int = 0

    @property
    def size(self) -> int:
        """Bytes of the reply's body."""
        return sum(map(len, self.chunks))


class Listener:
    """Makes clients whose replies are written down in `calls`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._asked = 0.0

    def client(self) -> httpx2.Client:
        """A client to hand to an SDK. It takes no proxy from the environment: all is on this machine."""
        hooks: dict[str, list[Callable[..., object]]] = {
            "request": [self._on_request],
            "response": [self._on_response],
        }
        return httpx2.Client(event_hooks=hooks, trust_env=False)

    def _on_request(self, request: httpx2.Request) -> None:
        self._asked = time.perf_counter()

    def _on_response(self, response: httpx2.Response) -> None:
        call = Call()
        self.calls.append(call)
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Heard(response.stream, call, self._asked)


class _Heard(httpx2.SyncByteStream):
    """A body that is written down while it is read."""

    def __init__(self, stream: httpx2.SyncByteStream, call: Call, asked: float) -> None:
        self._stream, self._call, self._asked = stream, call, asked

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if not self._call.chunks:
                self._call.first = time.perf_counter() - self._asked
            self._call.chunks.append(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()
        self._call.total = time.perf_counter() - self._asked
