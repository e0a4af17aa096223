"""What tests of upstreams share: a clock that stands still, a sender that is asked, a token server's replies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.testing.provider.script import Framing, Script, Send, SendHead
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Times


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, at: float = 1_800_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class NoSender:
    """A sender for ways that send nothing."""

    async def send(self, request: Request, times: Times):
        raise AssertionError(f"sent {request.method} {request.url}")

    async def aclose(self) -> None:
        pass


def says(status: int, body: object) -> Script:
    """A reply of a token server."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = SendHead(status, headers=(("Content-Type", "application/json"),), framing=Framing.LENGTH)
    return Script((head, Send(data)))


def asked(url: str = "https://api.example.com/v1/chat/completions", **headers: str) -> Request:
    """A request as it is before it is signed."""
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("POST", url, (("Content-Type", "application/json"), *fields), b'{"model":"m"}')
