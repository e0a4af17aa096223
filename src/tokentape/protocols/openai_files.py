"""Things kept at OpenAI and at compatible servers: files, batches, vector stores, conversations, threads.

Their words are common ones, so the host must be a provider's or local; elsewhere this is plain HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Stream
from tokentape.protocols.hosts import is_local, is_provider
from tokentape.protocols.openai_chat.usage import usage, usage_of_stream
from tokentape.protocols.reading import block_text, fields, last_turn, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_PLACES = frozenset(
    {
        "files",
        "uploads",
        "batches",
        "vector_stores",
        "containers",
        "fine_tuning",
        "evals",
        "conversations",
        "threads",
        "assistants",
    }
)


def recognise(call: Call) -> Operation | None:
    """The first path segment after the version says what is kept."""
    place = next((part for part in call.segments[:4] if part in _PLACES), None)
    if place is None or not (is_provider(call.host) or is_local(call.host)):
        return None
    if place == "threads" and call.is_post and call.last in {"runs", "submit_tool_outputs"}:
        return Operation("openai.files", "runs", Kind.GENERATE, call.streams, call.model)
    if place == "conversations" and call.is_post and "inputs" in call.fields:
        return Operation("openai.files", place, Kind.GENERATE, call.streams, call.model)
    return Operation("openai.files", place, Kind.FILES)


def asks(body: Json) -> str:
    """The text of a thread's message, of a run's extra message, or of Mistral's `inputs`."""
    given = fields(body)
    extra = (
        fields(given.get("thread")).get("messages") or given.get("additional_messages") or given.get("inputs")
    )
    return block_text(given.get("content")) or last_turn(extra, frozenset({"user"}))


def is_complete(stream: Sequence[Payload]) -> bool:
    """`event: done` ends a run, `conversation.response.done` Mistral's conversations; an error either."""
    return any(
        payload.is_done
        or payload.name in {"error", "conversation.response.done", "conversation.response.error"}
        for payload in reversed(stream)
    )


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The deltas of the messages, put together."""
    said: list[str] = []
    for payload in stream:
        event = payload.fields
        mistral = event.get("content") if payload.name == "message.output.delta" else None
        parts = fields(event.get("delta")).get("content") or mistral
        said += [text(fields(part.get("text")).get("value")) for part in objects(parts)]
        said += [parts] if isinstance(parts, str) else []
    return "".join(said)


def reads_as(reply: Json) -> str:
    """The outputs of Mistral's conversations; nothing for what is kept."""
    return spaced(block_text(entry.get("content")) for entry in objects(fields(reply).get("outputs")))


DIALECT = Dialect(
    "openai.files",
    recognise,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
)
