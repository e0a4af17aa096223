"""The call that the exchange answers, made of the one that the client sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.call import Call
from tokentape.gateway.responses.lineage import stateless
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.reading import text
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request, without

if TYPE_CHECKING:
    from tokentape.gateway.call import Incoming
    from tokentape.gateway.responses.asked import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def without_state(call: Call, asked: Asked, items: list[Json], *, stream: bool, forget: bool) -> Call:
    """The call as an upstream without state understands it; `forget`: as one that is to keep nothing.

    The request itself, which the tape looks at, stays as it came unless it asks for something else: an
    input that is longer than what was sent is recorded as a whole, since ids of ours are new each time.
    """
    given = call.fields
    body = stateless(given)
    if forget:
        body["store"] = False
    if items != asked.items:
        body["input"] = items
    elif stream == call.stream:
        return call if body == given else replace(call, fields=body, is_edited=True)
    return anew(call.incoming, call.incoming.request.url, {**body, "stream": stream})


def anew(incoming: Incoming, url: str, body: Fields) -> Call:
    """A call for a new response that nobody sent in this form. Raises `ValueError` for a body that asks
    nothing.
    """
    data = dumps(body)
    kept = without(
        incoming.request.headers, "content-length", "content-type", "transfer-encoding", "content-encoding"
    )
    headers = (*kept, ("content-type", "application/json"), ("content-length", str(len(data))))
    request = Request("POST", url, headers, data, incoming.request.http)
    found = recognise(request)
    if found.operation.dialect != "openai.responses" or not isinstance(found.body, dict):
        raise ValueError("no request for a response")
    return Call(
        replace(incoming, request=request),
        found,
        found.body,
        text(body.get("model")),
        body.get("stream") is True,
        is_edited=True,
    )


def url_to_create(call: Call) -> str:
    """The URL at which responses are made, from that of a call of another endpoint."""
    head, _, _ = call.incoming.request.url.rpartition("/responses/")
    return f"{head}/responses"
