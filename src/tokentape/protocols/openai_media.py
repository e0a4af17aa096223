"""OpenAI images, audio, videos and moderations: a model answers, but there is no conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.hosts import is_local, is_provider
from tokentape.protocols.openai_chat.recognise import deployment
from tokentape.protocols.openai_responses.usage import usage, usage_of_stream
from tokentape.protocols.reading import at, block_text, fields, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_PATHS = {
    "images": frozenset({"generations", "edits", "variations"}),
    "audio": frozenset({"speech", "transcriptions", "translations"}),
}


def recognise(call: Call) -> Operation | None:
    """Two path segments say which; `moderations` takes an input, `videos` a host of a provider."""
    if call.is_post and call.last in _PATHS.get(call.parent, ()):
        return _operation(f"{call.parent}.{call.last}", call)
    if call.is_post and call.last == "moderations" and "input" in call.fields:
        return _operation("moderations", call)
    if "videos" in call.segments and (is_provider(call.host) or is_local(call.host)):
        return _operation("videos", call)
    return None


def _operation(name: str, call: Call) -> Operation:
    stream = call.streams or form_field(call.request.body, b"stream").lower() == b"true"
    model = call.model or form_field(call.request.body, b"model").decode("utf-8", "replace") or None
    return Operation("openai.media", name, Kind.MEDIA, stream, deployment(call) or model)


def form_field(body: bytes | None, name: bytes) -> bytes:
    """A short field of a multipart form; empty where there is none. Files may stand before it."""
    if not body or not body.startswith(b"--"):
        return b""
    _, found, rest = body.partition(b'name="' + name + b'"\r\n\r\n')
    return rest[:200].partition(b"\r\n")[0] if found else b""


def asks(body: Json) -> str:
    """The prompt of an image, the input of speech or of a moderation."""
    given = fields(body)
    said = given.get("input")
    return text(given.get("prompt")) or block_text(said if isinstance(said, str | list) else None)


def reads_as(reply: Json) -> str:
    """The text of a transcription, the number of images, what a moderation found."""
    if said := text(at(reply, "text")):
        return said
    flags = [fields(entry.get("categories")) for entry in objects(at(reply, "results"))]
    if flags:
        return (
            spaced(name for found in flags for name, flag in found.items() if flag is True)
            or "nothing flagged"
        )
    made = len(list(objects(at(reply, "data")))) if fields(reply).get("data") else 0
    return f"{made} image{'s' if made > 1 else ''}" if made else ""


_ENDS = frozenset(
    {
        "image_generation.completed",
        "image_edit.completed",
        "speech.audio.done",
        "transcript.text.done",
        "error",
    }
)


def is_complete(stream: Sequence[Payload]) -> bool:
    """The event that ends each kind of stream."""
    return any(payload.is_done or text(payload.fields.get("type")) in _ENDS for payload in reversed(stream))


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The text of a transcription."""
    return "".join(
        text(p.fields.get("delta")) for p in stream if p.fields.get("type") == "transcript.text.delta"
    )


DIALECT = Dialect(
    "openai.media",
    recognise,
    shape=Shape(ignored=frozenset({"user"})),
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
)
