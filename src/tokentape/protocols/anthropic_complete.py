"""Anthropic's old Text Completions: `v1/complete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.errors import anthropic_error
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """`complete` with a prompt of text and Anthropic's name for the limit."""
    if call.last != "complete" or not call.is_post or "max_tokens_to_sample" not in call.fields:
        return None
    return Operation("anthropic.complete", "create", Kind.GENERATE, call.streams, call.model)


def asks(body: Json) -> str:
    """The last human turn of the prompt."""
    prompt = text(fields(body).get("prompt"))
    return prompt.rpartition("\n\nHuman:")[2].partition("\n\nAssistant:")[0]


def reads_as(reply: Json) -> str:
    """The completion."""
    return text(at(reply, "completion"))


def is_complete(stream: Sequence[Payload]) -> bool:
    """A stop reason, or an `error` event."""
    return any(p.fields.get("stop_reason") or p.fields.get("type") == "error" for p in reversed(stream))


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The completions put together."""
    return "".join(reads_as(payload.json) for payload in stream)


DIALECT = Dialect(
    "anthropic.complete",
    recognise,
    shape=Shape(ignored=frozenset({"metadata"}), defaults=(("stream", False),)),
    error_body=anthropic_error,
    asks=asks,
    reads_as=reads_as,
    stream=Stream(is_complete, reads_as_stream),
)
