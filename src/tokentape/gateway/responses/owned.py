"""Responses that an upstream keeps: whose they are stands here, so that clients who share its key do not see
each other's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.outlet import Outlet
    from tokentape.wire.message import Headers

_ID = re.compile(rb'"id"\s*:\s*"(resp_[^"\\]{1,200})"')
_SEARCHED = 65_536
"""Bytes at the start of a reply in which its id stands."""


class Owned:
    """Between the exchange and the client: nothing goes on before `note` knows the id of the response."""

    def __init__(self, outlet: Outlet, note: Callable[[str], Awaitable[None]]) -> None:
        self._outlet, self._note = outlet, note
        self._begun: bytes | None = b""

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        if status >= 400:
            self._begun = None
        await self._outlet.start(status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body, as they are."""
        if self._begun is not None:
            data, self._begun = self._begun + data, b""
            found = _ID.search(data)
            if found is None and len(data) < _SEARCHED:
                self._begun = data
                return
            self._begun = None
            if found is not None:
                await self._note(found[1].decode("ascii", "replace"))
        await self._outlet.chunk(data)

    async def end(self) -> None:
        """The end of the body."""
        if self._begun:
            await self._outlet.chunk(self._begun)
        await self._outlet.end()

    async def cut(self) -> None:
        """The reply broke off."""
        await self._outlet.cut()

    async def gone(self) -> None:
        """Returns once the client has left."""
        await self._outlet.gone()
