"""A reply on its way to the client, as the book of its call sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.record import Record
    from tokentape.wire.message import Headers


class Watched:
    """An outlet whose bytes the trace keeps, and whose first byte is timed."""

    def __init__(self, inner: Outlet, record: Record) -> None:
        self._inner, self._record = inner, record

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self._record.trace.form("client_reply", None, status=status, headers=headers)
        await self._inner.start(status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes go out first."""
        await self._inner.chunk(data)
        record = self._record
        if record.first_byte is None:
            record.began_to_show()
        record.trace.chunk("client_reply", data)

    async def end(self) -> None:
        """The end."""
        await self._inner.end()

    async def cut(self) -> None:
        """A reply that broke off."""
        await self._inner.cut()

    async def gone(self) -> None:
        """As the client's."""
        await self._inner.gone()
