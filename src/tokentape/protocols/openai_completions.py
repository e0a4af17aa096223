"""OpenAI Completions (prompt in, text out), and every server that speaks it; Mistral's fill-in-the-middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.openai_chat.recognise import deployment
from tokentape.protocols.openai_chat.shape import IGNORED
from tokentape.protocols.openai_chat.stream import is_complete as is_complete_chat
from tokentape.protocols.openai_chat.stream import reads_as_stream as chat_text
from tokentape.protocols.openai_chat.usage import usage, usage_of_stream
from tokentape.protocols.openai_chat.words import reads_as as chat_words
from tokentape.protocols.reading import at, fields, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """`completions` that are no chat, with a prompt in the body if there is a body."""
    if call.last != "completions" or not call.is_post or (call.is_json and "prompt" not in call.fields):
        return None
    name = "fim" if call.parent == "fim" else "create"
    model = deployment(call) or call.model or next(iter(call.after("engines")), None)
    return Operation("openai.completions", name, Kind.GENERATE, call.streams, model)


def asks(body: Json) -> str:
    """The prompt; the last of several."""
    prompt = fields(body).get("prompt")
    return text(prompt) or text(at(prompt, -1))


def reads_as(reply: Json) -> str:
    """The text of every choice; fill-in-the-middle answers with messages."""
    return spaced(text(choice.get("text")) for choice in objects(at(reply, "choices"))) or chat_words(reply)


def is_complete(stream: Sequence[Payload]) -> bool | None:
    """As in chat. Writer streams bare `{"value": ...}` and then just stops: no end of its own."""
    if stream and all("value" in payload.fields for payload in stream):
        return None
    return is_complete_chat(stream)


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The text of the chunks, put together."""
    chunks = [choice for payload in stream for choice in objects(payload.fields.get("choices"))]
    said = "".join(text(choice.get("text")) for choice in chunks)
    return said or chat_text(stream) or "".join(text(payload.fields.get("value")) for payload in stream)


DIALECT = Dialect(
    "openai.completions",
    recognise,
    shape=Shape(ignored=IGNORED, defaults=(("stream", False),)),
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
)
