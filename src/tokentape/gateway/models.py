"""Which models there are, as each client's API lists them.

Where the configuration names models, those are listed. Where it names none, the upstream is asked; one that
has another API cannot be, and the list is empty: clients that look for it at their start go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.passing import has_api, pass_on
from tokentape.gateway.telling import tell
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.fastjson import dumps
from tokentape.wire.url import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.gateway.call import Incoming
    from tokentape.gateway.exchange import Exchange
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.targets import Listed
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_EPOCH = "1970-01-01T00:00:00Z"
"""When a model was made is not known here, and some APIs want a time."""


async def models(incoming: Incoming, found: Recognised, outlet: Outlet, exchange: Exchange) -> None:
    """Answer a call for a list of models, or for one of them."""
    listed = exchange.services.setup.router.models_listed()
    api = _api(incoming, found)
    name = _named(incoming, api)
    is_asked = not listed and (name is not None or _can_be_asked(found, exchange))
    if is_asked or _asks(incoming, found, exchange):
        await pass_on(incoming, found, outlet, exchange)
        return
    if name is None:
        await _json(outlet, incoming, _LISTS[api](listed))
        return
    known = next((one for one in listed if one.name == name), None)
    if known is None:
        failure = Failure(FailureKind.NOT_FOUND, f"there is no model {name!r}", 404)
        await tell(outlet, found.operation, failure)
        return
    await _json(outlet, incoming, _ONE[api](known))


def _asks(incoming: Incoming, found: Recognised, exchange: Exchange) -> bool:
    """True where the client named the upstream, and that can be asked for a list in the client's API."""
    name = incoming.naming.upstream
    upstream = exchange.services.setup.router.upstreams.get(name) if name is not None else None
    return name is not None and (upstream is None or has_api(upstream, found.operation.dialect))


def _can_be_asked(found: Recognised, exchange: Exchange) -> bool:
    """True if an upstream has the client's API, or none is configured, so that its own provider is asked."""
    upstreams = exchange.services.setup.router.upstreams
    return not upstreams or any(has_api(one, found.operation.dialect) for one in upstreams.values())


def _api(incoming: Incoming, found: Recognised) -> str:
    """Whose API asks: paths tell most, a header Anthropic's."""
    if found.operation.dialect in ("gemini", "ollama"):
        return found.operation.dialect
    return "anthropic" if incoming.request.header("anthropic-version") else "openai"


def _named(incoming: Incoming, api: str) -> str | None:
    path = path_of(incoming.request.url)
    if api == "ollama":
        return None
    _, mark, name = path.partition("/models/")
    return name or None if mark else None


def _openai(one: Listed) -> Json:
    return {"id": one.name, "object": "model", "created": 0, "owned_by": one.owner}


def _anthropic(one: Listed) -> Json:
    return {"type": "model", "id": one.name, "display_name": one.name, "created_at": _EPOCH}


def _gemini(one: Listed) -> Json:
    methods: list[Json] = ["generateContent", "streamGenerateContent", "countTokens"]
    return {
        "name": f"models/{one.name}",
        "displayName": one.name,
        "version": "001",
        "supportedGenerationMethods": methods,
    }


def _ollama(one: Listed) -> Json:
    return {
        "name": one.name,
        "model": one.name,
        "modified_at": _EPOCH,
        "size": 0,
        "digest": "",
        "details": {"family": one.owner},
    }


def _openai_list(listed: Sequence[Listed]) -> Fields:
    return {"object": "list", "data": [_openai(one) for one in listed]}


def _anthropic_list(listed: Sequence[Listed]) -> Fields:
    names = [one.name for one in listed]
    data = [_anthropic(one) for one in listed]
    ends: Fields = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return {"data": data, "has_more": False, **ends}


_LISTS: dict[str, Callable[[Sequence[Listed]], Json]] = {
    "openai": _openai_list,
    "anthropic": _anthropic_list,
    "gemini": lambda listed: {"models": [_gemini(one) for one in listed]},
    "ollama": lambda listed: {"models": [_ollama(one) for one in listed]},
}
_ONE: dict[str, Callable[[Listed], Json]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
}


async def _json(outlet: Outlet, incoming: Incoming, value: Json) -> None:
    body = dumps(value)
    headers = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-tokentape-id", incoming.id),
    )
    await outlet.start(200, headers)
    await outlet.chunk(body)
    await outlet.end()
