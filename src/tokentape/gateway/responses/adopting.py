"""A response that the tape told: it is kept as if it had been made now, under the id that was recorded, so
that what is not on the tape can go on from it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.responses.asked import read
from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.filing import Filing
from tokentape.gateway.responses.lineage import with_ancestors
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.tee import ENDS
from tokentape.log import log
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.reading import fields, text
from tokentape.wire.body import media_type
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.whose import Whose
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

_ENDS = tuple(end.encode() for end in ENDS)


class Adopting:
    """An outlet that looks whether it is the tape that answers; if not, it only passes on."""

    def __init__(self, inner: Outlet, call: Call, keeping: Keeping, whose: Whose) -> None:
        self._inner, self._call, self._keeping, self._whose = inner, call, keeping, whose
        self._pieces: list[bytes] | None = None
        self._decoder: SseDecoder | None = None

    async def start(self, status: int, headers: Headers) -> None:
        """The head; a recording says that it is one."""
        if status == 200 and any(name == "x-tokentape-replayed" for name, _ in headers):
            if media_type(headers) == "text/event-stream":
                self._decoder = SseDecoder()
            else:
                self._pieces = []
        await self._inner.start(status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body. The response is kept before the client has it whole."""
        await self._look(data)
        await self._inner.chunk(data)

    async def end(self) -> None:
        """The end of the body; for some clients it ends the last event, too."""
        if self._decoder is not None:
            await self._look(b"\n\n")
        await self._inner.end()

    async def cut(self) -> None:
        """A recording that breaks off."""
        await self._inner.cut()

    async def gone(self) -> None:
        """As the client's."""
        await self._inner.gone()

    async def _look(self, data: bytes) -> None:
        """Adopt the response once it is there: as the whole body, or in the last event of a stream."""
        if self._decoder is not None:
            for event in self._decoder.feed(data):
                if event.data is not None and any(end in event.data for end in _ENDS):
                    await self._adopt(fields(json_in(event.data)).get("response"))
        elif self._pieces is not None:
            self._pieces.append(data)
            if data.rstrip().endswith(b"}"):
                await self._adopt(json_in(b"".join(self._pieces)))

    async def _adopt(self, found: Json) -> None:
        response = fields(found)
        identity = text(response.get("id"))
        if response.get("object") != "response" or not identity:
            return
        try:
            asked = read(self._call, self._keeping.clock())
            if not asked.is_stored or await self._whose.ours(asked.client, identity) is not None:
                return  # a recording may be played again and again
            asked = await with_ancestors(asked, self._keeping, self._whose.look(None))
            await Filing(replace(asked, id=identity), self._keeping).end(response)
        except (NotDone, StoreFailed) as error:
            log.debug("response %s of the tape is not kept: %s", identity, error)
