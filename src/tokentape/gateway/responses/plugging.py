"""Where the state stands in the gateway: before the exchange, for everything below `/v1/responses`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.call import Call
from tokentape.gateway.counting import count
from tokentape.gateway.edge import looked_up
from tokentape.gateway.exchange import Exchange
from tokentape.gateway.passing import pass_on
from tokentape.gateway.responses.service import Responses
from tokentape.gateway.responses.websocket import connect
from tokentape.gateway.targets import NoRoute, asked_of
from tokentape.protocols.openai_responses.names import NAME

if TYPE_CHECKING:
    from tokentape.gateway.call import Incoming
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.receiving import Receive, Send
    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.services import Services
    from tokentape.protocols.registry import Recognised
    from tokentape.upstreams.upstream import Upstream


class Behind:
    """What is behind the state: the exchange, and what is passed on."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._exchange = Exchange(services)

    async def answer(self, call: Call, outlet: Outlet) -> None:
        """A call for a new response."""
        await self._exchange.answer(call, outlet)

    async def forward(self, call: Call, outlet: Outlet) -> None:
        """A call about a response that an upstream keeps goes there as it is."""
        incoming = call.incoming
        keeper = self._keeper(call)
        if keeper is not None:
            naming = replace(incoming.naming, upstream=keeper.name)
            incoming = replace(incoming, naming=naming)
        await pass_on(incoming, call.found, outlet, self._exchange)

    def keeps_responses(self, call: Call) -> bool:
        """True if the call can go to an upstream that keeps responses, and to no other."""
        return self._keeper(call) is not None

    async def count(self, call: Call, outlet: Outlet) -> None:
        """How many tokens an input has."""
        await count(call.incoming, call.found, outlet, self._exchange)

    def _keeper(self, call: Call) -> Upstream | None:
        """The upstream that keeps responses, if this call goes there. A call that names no model is about
        one that was made: of all upstreams that keep any, the first may know it.
        """
        router = self._services.setup.router
        incoming = call.incoming
        asked = asked_of(incoming, call.found.operation, call.model)
        try:
            found = [candidate.upstream for candidate in router.resolve(asked).candidates]
        except NoRoute:
            found = []
        if not call.model and incoming.naming.upstream is None and not any(map(_keeps, found)):
            found = [upstream for upstream in router.upstreams.values() if _keeps(upstream)]
        return found[0] if found and all(map(_keeps, found)) else None


def _keeps(upstream: Upstream) -> bool:
    return upstream.keeps_responses and upstream.speaks(NAME) == NAME


def plug_in(services: Services, options: StateOptions) -> Responses:
    """Put the state before the exchange. Raises `StoreFailed` where its store cannot be opened."""
    responses = Responses(options, Behind(services))

    async def create(call: Call, outlet: Outlet, exchange: Exchange) -> None:
        """From the tape, or from the state: a recording holds what the client saw, ids of ours included.
        What is made in the background is looked up where it is made.
        """
        if call.fields.get("background") is True:
            await responses.answer(call, outlet)
            return
        operation = call.found.operation
        seen = responses.adopting(call, outlet)
        async with AsyncExitStack() as stack:
            taped = await looked_up(services, call.incoming, operation, seen, None, stack)
            if taped is not None:
                incoming = replace(call.incoming, is_taped=True)
                await responses.answer(replace(call, incoming=incoming), taped)

    async def enter(incoming: Incoming, found: Recognised, outlet: Outlet, exchange: Exchange) -> None:
        await responses.answer(call_about(incoming, found), outlet)

    async def counted(incoming: Incoming, found: Recognised, outlet: Outlet, exchange: Exchange) -> None:
        if found.operation.dialect == NAME:
            await responses.answer(call_about(incoming, found), outlet)
        else:
            await count(incoming, found, outlet, exchange)

    async def socket(incoming: Incoming, receive: Receive, send: Send, exchange: Exchange) -> None:
        await connect(responses, incoming, receive, send)

    services.creates[NAME] = create
    services.doors["responses"] = enter
    services.doors["count"] = counted
    services.sockets["/v1/responses"] = socket
    services.beside.append(responses)
    return responses


def call_about(incoming: Incoming, found: Recognised) -> Call:
    """A call of the Responses API, with or without a body."""
    fields = found.body if isinstance(found.body, dict) else {}
    return Call(incoming, found, fields, found.operation.model or "", found.operation.stream)
