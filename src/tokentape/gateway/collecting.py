"""A reply that goes to nobody: it is kept whole, for whoever asked on the way to another answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import json_in
from tokentape.wire.body import decoded_body
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Collecting:
    """An outlet that keeps a whole reply."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = ()
        self._pieces: list[bytes] = []
        self.is_whole = False

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self.status, self.headers = status, headers

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        self._pieces.append(data)

    async def end(self) -> None:
        """The end."""
        self.is_whole = True

    async def cut(self) -> None:
        """The reply broke off: it is not whole."""

    async def gone(self) -> None:
        """Never: whoever asked is cancelled instead."""
        await asyncio.Event().wait()

    @property
    def body(self) -> bytes:
        """The body, as it came."""
        return b"".join(self._pieces)

    @property
    def json(self) -> Json:
        """The body as JSON; None where it is none, or not whole."""
        plain = decoded_body(Response(self.status, headers=self.headers, body=self.body)) or b""
        return json_in(plain) if self.is_whole else None
