"""InvokeModelWithResponseStream: `chunk` events whose `bytes` hold the model maker's own event, in base64."""

from __future__ import annotations

from binascii import Error, a2b_base64
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.stream import reads_as_stream as anthropic_words
from tokentape.protocols.bedrock_converse.stream import fold, is_exception
from tokentape.protocols.bedrock_invoke.words import reads_as
from tokentape.protocols.payload import Payload
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.wire.interaction import Json

METRICS = "amazon-bedrock-invocationMetrics"
"""AWS adds it to the last event, whatever the model."""


def is_complete(stream: Sequence[Payload]) -> bool:
    """The event with AWS's metrics, Anthropic's `message_stop`, or an exception."""
    return any(
        is_exception(payload)
        or METRICS in (event := inner(payload).fields)
        or event.get("type") == "message_stop"
        for payload in reversed(stream)
    )


def inner(payload: Payload) -> Payload:
    """The model maker's event inside one of AWS's."""
    try:
        return Payload(None, a2b_base64(text(payload.fields.get("bytes")).encode()))
    except (Error, UnicodeEncodeError):
        return Payload(None, b"")


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """Anthropic's blocks, Nova's, or the plain text of the others."""
    events = [inner(payload) for payload in stream]
    plain = "".join(reads_as(event.json) for event in events if "type" not in event.fields)
    return plain or anthropic_words(events) or fold(_named(events))


def _named(events: Sequence[Payload]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Nova wraps each Converse event in an object with its name."""
    for event in events:
        yield from ((name, fields(value)) for name, value in event.fields.items())
