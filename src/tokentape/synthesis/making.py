"""A recorded reply in the other form: a stream made of a whole reply, or a whole reply of a stream.

The reply says so in the header `x-tokentape-synthesized`: "stream" or "whole", what it was made into.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.payload import payloads
from tokentape.protocols.reading import fields
from tokentape.protocols.registry import is_complete, recognise
from tokentape.protocols.synthesis import Asked, NotConvertible, synthesis_of
from tokentape.protocols.unfolding import dumped
from tokentape.wire.body import decoded_body
from tokentape.wire.interaction import CALLER_STOPPED, Ended, How, Timing
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.message import without

if TYPE_CHECKING:
    from tokentape.protocols.payload import Payload
    from tokentape.protocols.registry import Recognised
    from tokentape.protocols.synthesis import Synthesis
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Headers, Request, Response

ORIGIN = "synthesized"
HEADER = "x-tokentape-synthesized"

_OF_THE_BODY = (
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "trailer",
    "etag",
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
)
"""Header fields that describe a body which is not sent."""


def other_form(taped: Interaction, request: Request, found: Recognised) -> Interaction:
    """The recording as the answer to `request`, which asks for the form that was not recorded.

    Error replies, faults, and what came in the form asked for anyway, are left as they are. Raises
    `NotConvertible`.
    """
    synthesis = synthesis_of(found)
    if synthesis is None:
        raise NotConvertible(f"{found.operation.full_name} has one form only")
    if taped.response is None and taped.ended.how in CALLER_STOPPED:
        raise NotConvertible("the recorded caller gave up before a reply came")
    if taped.response is None or taped.response.status >= 300:
        return replace(taped, request=request)
    stream = payloads(taped.response, asked=not found.operation.stream)
    if (stream is not None) is found.operation.stream:
        return replace(taped, request=request)
    _check_whole(taped, recognise(taped.request))
    if stream is None:
        response = _streamed(taped.response, synthesis, Asked(request.url, fields(found.body)))
    else:
        response = _whole(taped.response, synthesis, stream)
    total = (taped.timing.head_ms or 0) + sum(taped.timing.chunk_ms)
    return replace(
        taped,
        request=request,
        response=response,
        ended=Ended(How.EOF, True if stream is None else None),
        timing=Timing(taped.timing.at, total),
        origin=ORIGIN,
    )


def is_made(interaction: Interaction) -> bool:
    """True for what `other_form` made; False for what it left as it was recorded."""
    return interaction.origin == ORIGIN


def _check_whole(taped: Interaction, found: Recognised) -> None:
    """A reply that did not come to its end, or nobody knows whether it did, has no other form."""
    if (
        taped.response is None
        or not taped.ended.whole
        or is_complete(found.operation, taped.response) is False
    ):
        raise NotConvertible(f"it is not complete (ended: {taped.ended.how})")


def _streamed(recorded: Response, synthesis: Synthesis, asked: Asked) -> Response:
    """The events as one chunk each."""
    try:
        reply = parse(decoded_body(recorded) or b"")
    except JsonError:
        raise NotConvertible("the reply is no JSON, or its coding cannot be read here") from None
    if not isinstance(reply, dict):
        raise NotConvertible("the reply is no JSON object")
    events = synthesis.unfold(reply, asked)
    headers = _fitted(recorded.headers, synthesis.stream_type(asked), form(streams=True))
    return replace(
        recorded,
        headers=headers,
        body=b"".join(events),
        chunks=tuple(map(len, events)),
        trailers=(),
        decoded=None,
    )


def _whole(recorded: Response, synthesis: Synthesis, stream: list[Payload]) -> Response:
    body = dumped(synthesis.fold(stream))
    headers = _fitted(recorded.headers, synthesis.whole_type, form(streams=False))
    headers = (*headers, ("Content-Length", str(len(body))))
    return replace(recorded, headers=headers, body=body, chunks=(len(body),), trailers=(), decoded=None)


def _fitted(headers: Headers, media: str, made: str) -> Headers:
    return (*without(headers, *_OF_THE_BODY, HEADER), ("Content-Type", media), (HEADER, made))


def form(*, streams: bool) -> str:
    """What a form is called, in the header and for people."""
    return "stream" if streams else "whole"
