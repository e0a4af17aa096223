"""Ollama put together: recognition, shape, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.errors import ollama_error
from tokentape.protocols.hosts import is_local, is_provider
from tokentape.protocols.ollama.words import (
    asks,
    is_complete,
    reads_as,
    reads_as_stream,
    usage,
    usage_of_stream,
)

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.protocols.codec import Codec

_ASKING = {
    "chat": (Kind.GENERATE, "messages"),
    "generate": (Kind.GENERATE, "prompt"),
    "embed": (Kind.EMBED, "input"),
    "embeddings": (Kind.EMBED, "prompt"),
}
_META = frozenset({"tags", "show", "ps", "version", "pull", "push", "create", "copy", "delete", "blobs"})


def recognise(call: Call) -> Operation | None:
    """`api/chat` and the like with a model in the body; streams unless told not to."""
    if call.parent != "api":
        return None
    if call.last in _META and (is_local(call.host) or is_provider(call.host)):
        return Operation("ollama", call.last, Kind.META, model=call.model)
    if call.last not in _ASKING or not call.is_post or call.model is None:
        return None
    kind, needed = _ASKING[call.last]
    if needed not in call.fields and call.last != "generate":
        return None
    stream = kind is Kind.GENERATE and call.fields.get("stream") is not False
    return Operation("ollama", call.last, kind, stream, call.model)


SHAPE = Shape(
    conversation="messages",
    system=("system",),
    system_roles=frozenset({"system"}),
    tools=("tools",),
    ignored=frozenset({"keep_alive"}),
    ids=frozenset({"id", "tool_call_id"}),
    opaque=frozenset({"arguments", "parameters", "format"}),
    defaults=(
        ("stream", True),
        ("raw", False),
        ("system", ""),
        ("template", ""),
        ("suffix", ""),
        ("format", ""),
        ("context", []),
        ("images", []),
        ("tools", []),
        ("options", {}),
    ),
)
"""Go's zero values: the Python client always sends them, others leave them out."""


def _codec() -> Codec:
    from tokentape.protocols.ollama.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "ollama",
    recognise,
    shape=SHAPE,
    error_body=ollama_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    codec=_codec,
)
