"""Whose a response is: this client's and kept here, this client's and kept by its upstream, or not found."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tokentape.gateway.responses.errors import not_found, previous_not_found
from tokentape.gateway.responses.owned import Owned
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.stored import Stored
from tokentape.log import log
from tokentape.wire.url import path_of

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.answering import Answering
    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.lineage import Look
    from tokentape.gateway.responses.local import Local

NO_KEY = "-"
"""The key of clients where none is needed: they are not kept apart."""


class Whose:
    """Finds responses. Every method raises `NotDone` for those that are not this client's, `StoreFailed`."""

    def __init__(self, keeping: Keeping, answering: Answering) -> None:
        self._keeping, self._answering = keeping, answering

    async def ours(self, client: str, identity: str) -> Stored | None:
        """A response that is kept here."""
        found = await self._keeping.ask(self._keeping.store.get, client, identity)
        return None if found is None or found.is_upstreams else found

    def look(self, local: Local | None) -> Look:
        """Where ancestors are looked for: on the WebSocket, if it is one, then in the store."""
        if local is None:
            return self.ours
        remembered = local

        async def look(client: str, identity: str) -> Stored | None:
            return remembered.get(identity) or await self.ours(client, identity)

        return look

    async def found(self, call: Call, outlet: Outlet) -> Stored | None:
        """The response that a call is about. None: its upstream keeps it, and has answered."""
        client, identity = call.incoming.client.key, identity_of(call)
        record = await self._keeping.ask(self._keeping.store.get, client, identity)
        if record is not None and not record.is_upstreams:
            return record
        may_ask = client == NO_KEY or record is not None
        if may_ask and self._answering.keeps_responses(call):
            await self._answering.forward(call, outlet)
            return None
        raise not_found(identity)

    async def is_for_upstream(self, call: Call, asked: Asked, local: Local | None = None) -> bool:
        """True for a call that goes to its upstream as it is, since that keeps responses. Not one that goes
        on from a response of ours, or that stores nothing and yet may be gone on from on this WebSocket.
        """
        if not self._answering.keeps_responses(call) or (local is not None and not asked.is_stored):
            return False
        if asked.previous is None:
            return True
        if local is not None and local.get(asked.previous) is not None:
            return False
        found = await self._keeping.ask(self._keeping.store.get, asked.client, asked.previous)
        if found is None and asked.client != NO_KEY:
            raise previous_not_found(asked.previous)
        return found is None or found.is_upstreams

    async def pass_on(self, call: Call, outlet: Outlet) -> None:
        """Let the upstream make, and keep, a response; whose it is stands here."""
        client = call.incoming.client.key

        async def note(identity: str) -> None:
            record = Stored(identity, client, self._keeping.clock(), "completed", is_upstreams=True)
            try:
                await self._keeping.ask(self._keeping.store.put, record)
            except StoreFailed as error:
                log.warning("whose response %s is, is not kept: %s", identity, error)

        await self._answering.answer(call, outlet if client == NO_KEY else Owned(outlet, note))


def identity_of(call: Call) -> str:
    """The id in the path of a call about a stored response."""
    return unquote(path_of(call.incoming.request.url).partition("/responses/")[2].partition("/")[0])
