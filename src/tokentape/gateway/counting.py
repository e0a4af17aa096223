"""How many tokens a request has: the upstream's own count where it has one, else an estimate that says so.

The answer is on tape as the client saw it, like any other; what an upstream was asked for it is not.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.app import call_of
from tokentape.gateway.asking import Asking
from tokentape.gateway.collecting import Collecting
from tokentape.gateway.edge import looked_up
from tokentape.gateway.naming import OWN
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.passing import pass_on
from tokentape.gateway.targets import NoRoute, asked_of
from tokentape.gateway.telling import invalid, tell
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.codec import Target
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.reading import fields
from tokentape.protocols.registry import recognise
from tokentape.protocols.translation import write_request
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from tokentape.gateway.call import Call, Incoming
    from tokentape.gateway.exchange import Exchange
    from tokentape.gateway.outlet import Outlet
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.registry import Recognised
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

_MESSAGES = ("model", "messages", "system", "tools", "tool_choice", "thinking")
_RESPONSES = ("model", "input", "instructions", "tools", "tool_choice", "reasoning", "text", "truncation")
EXACT = "counted by the upstream"
ESTIMATED = "estimated"
HOW = "x-tokentape-count"
"""The header that says how the tokens were counted."""


async def count(incoming: Incoming, found: Recognised, outlet: Outlet, exchange: Exchange) -> None:
    """Answer a call that asks how long a prompt is."""
    call = call_of(incoming, found)
    if call is None:
        await tell(outlet, found.operation, invalid("the body is no JSON object"))
        return
    async with AsyncExitStack() as stack:
        taped = await looked_up(exchange.services, incoming, found.operation, outlet, None, stack)
        if taped is not None:
            call = replace(call, incoming=replace(incoming, is_taped=True))
            await _count(call, taped, exchange)


async def _count(call: Call, outlet: Outlet, exchange: Exchange) -> None:
    """Count what is not on tape."""
    incoming, operation = call.incoming, call.found.operation
    try:
        candidate = exchange.services.setup.router.resolve(
            asked_of(incoming, operation, call.model)
        ).candidates[0]
        if candidate.upstream.speaks(call.dialect) == call.dialect:
            await pass_on(incoming, call.found, outlet, exchange)
            return
        asking = Asking(_as_request(call))
        tokens, how = await _counted(exchange, call, candidate, asking.conversation)
    except NoRoute as error:
        await tell(outlet, operation, Failure(FailureKind.NOT_FOUND, str(error), error.status), OWN)
    except ProtocolError as error:
        await tell(outlet, operation, invalid(str(error)), OWN)
    else:
        await _reply(outlet, call.dialect, tokens, ((HOW, how), ("x-tokentape-id", incoming.id)))


def _as_request(call: Call) -> Call:
    """The prompt as it would be asked: Gemini counts a request inside a request."""
    inner = call.fields.get("generateContentRequest")
    if call.dialect == "gemini" and isinstance(inner, dict):
        return replace(call, fields=inner)
    if call.dialect == "anthropic.messages" and "max_tokens" not in call.fields:
        return replace(call, fields={**call.fields, "max_tokens": 1})
    return call


async def _counted(
    exchange: Exchange, call: Call, candidate: Candidate, asked: Conversation
) -> tuple[int, str]:
    request = _counting_request(candidate, asked)
    told = None if request is None else await _ask(exchange, call, request, candidate)
    return (estimate(asked).tokens, ESTIMATED) if told is None else (told, EXACT)


def _counting_request(candidate: Candidate, asked: Conversation) -> Request | None:
    """What asks the upstream to count; None where its API cannot, or cannot say the prompt."""
    upstream = candidate.upstream
    dialect = "openai.responses" if "openai.responses" in upstream.also else upstream.dialect
    if dialect not in ("anthropic.messages", "gemini", "openai.responses"):
        return None
    target = Target(dialect, candidate.model, upstream.provider or None, quirks=upstream.quirks)
    written = write_request(asked, target, allow_losses=True)
    if written.losses.meaning:
        return None
    body = dict(written.result.body)
    match dialect:
        case "anthropic.messages":
            path, body = "/v1/messages/count_tokens", _only(body, _MESSAGES)
        case "openai.responses":
            path, body = "/v1/responses/input_tokens", _only(body, _RESPONSES)
        case _:
            path = f"/v1beta/models/{candidate.model}:countTokens"
            body = {"generateContentRequest": {**body, "model": f"models/{candidate.model}"}}
    headers = (("content-type", "application/json"), ("host", "localhost"))
    return Request("POST", f"http://localhost{path}", headers, dumps(body))


def _only(body: Fields, names: tuple[str, ...]) -> Fields:
    return {name: body[name] for name in names if name in body}


async def _ask(exchange: Exchange, call: Call, request: Request, candidate: Candidate) -> int | None:
    """The upstream's own count; None where it gives none."""
    collecting = Collecting()
    naming = replace(call.incoming.naming, upstream=candidate.upstream.name)
    incoming = replace(call.incoming, request=request, naming=naming, is_taped=True)
    try:
        await pass_on(incoming, recognise(request), collecting, exchange)
    except (ClientGone, UsageError):
        return None
    return _told(collecting)


def _told(reply: Collecting) -> int | None:
    """The number that a reply says."""
    found = fields(reply.json) if reply.status == 200 else {}
    told = found.get("input_tokens", found.get("totalTokens"))
    return told if isinstance(told, int) else None


async def _reply(outlet: Outlet, dialect: str, tokens: int, more: Headers) -> None:
    fields: Fields = {"input_tokens": tokens}
    if dialect == "gemini":
        fields = {"totalTokens": tokens}
    elif dialect == "openai.responses":
        fields = {"object": "response.input_tokens", "input_tokens": tokens}
    body = dumps(fields)
    await outlet.start(200, (("content-type", "application/json"), ("content-length", str(len(body))), *more))
    await outlet.chunk(body)
    await outlet.end()
