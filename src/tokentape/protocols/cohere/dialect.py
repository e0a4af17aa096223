"""Cohere put together: recognition, shape, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.cohere.stream import is_complete, reads_as_stream, usage_of_stream
from tokentape.protocols.cohere.words import asks, reads_as, usage
from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.errors import message_error

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.protocols.codec import Codec

_NEEDED = {
    ("v2", "chat"): (Kind.GENERATE, "messages"),
    ("v1", "chat"): (Kind.GENERATE, "message"),
    ("v1", "generate"): (Kind.GENERATE, "prompt"),
    ("v1", "summarize"): (Kind.GENERATE, "text"),
    ("v1", "classify"): (Kind.MEDIA, "inputs"),
    ("v1", "embed"): (Kind.EMBED, "texts"),
    ("v2", "embed"): (Kind.EMBED, "model"),
    ("v1", "tokenize"): (Kind.META, "text"),
    ("v1", "detokenize"): (Kind.META, "tokens"),
}


def recognise(call: Call) -> Operation | None:
    """Version and last segment, with the field that only Cohere's body has there."""
    found = _NEEDED.get((call.parent, call.last)) if call.is_post else None
    if found is None or found[1] not in call.fields:
        return None
    name = call.last if call.parent == "v2" else f"{call.parent}.{call.last}"
    return Operation("cohere", name, found[0], call.streams, call.model)


SHAPE = Shape(
    conversation="messages",
    system_roles=frozenset({"system", "developer"}),
    tools=("tools",),
    ids=frozenset({"id", "tool_call_id"}),
    opaque=frozenset({"parameters", "parameter_definitions", "json_schema", "document", "data"}),
    defaults=(("stream", False),),
)


def _codec() -> Codec:
    from tokentape.protocols.cohere.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "cohere",
    recognise,
    shape=SHAPE,
    error_body=message_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    codec=_codec,
)
