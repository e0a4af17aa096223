"""Hugging Face: the old inference API, Text Generation Inference's own paths, and the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Stream
from tokentape.protocols.errors import ollama_error
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """A body of `inputs` under `models`, `pipeline` or TGI's `generate`; the hub by its host."""
    if call.is_post and "inputs" in call.fields:
        return _inference(call)
    if call.host == "huggingface.co" and call.segments[:2] == ["api", "models"]:
        return Operation("huggingface", "models", Kind.META, model="/".join(call.segments[2:]) or None)
    return None


def _inference(call: Call) -> Operation | None:
    if call.last in {"generate", "generate_stream"}:
        return Operation("huggingface", "generate", Kind.GENERATE, call.last == "generate_stream")
    if "pipeline" in call.segments:
        task, *model = call.after("pipeline") or [""]
        kind = Kind.EMBED if task in {"feature-extraction", "sentence-similarity"} else Kind.GENERATE
        return Operation("huggingface", task, kind, call.streams, "/".join(model) or None)
    if "models" in call.segments:
        return Operation(
            "huggingface", "models", Kind.GENERATE, call.streams, "/".join(call.after("models")) or None
        )
    return None


def asks(body: Json) -> str:
    """The inputs; the last of several."""
    given = fields(body).get("inputs")
    return text(given) or text(at(given, -1))


def reads_as(reply: Json) -> str:
    """The generated text, of one reply or of the first of a list."""
    return text(at(reply, "generated_text")) or text(at(reply, 0, "generated_text"))


def is_complete(stream: Sequence[Payload]) -> bool:
    """The token that comes with the whole text or the details, or an error."""
    return any(p.fields.get("generated_text") is not None or p.fields.get("error") for p in reversed(stream))


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The tokens that are not special, put together."""
    tokens = [fields(payload.fields.get("token")) for payload in stream]
    return "".join(text(token.get("text")) for token in tokens if token.get("special") is not True)


DIALECT = Dialect(
    "huggingface",
    recognise,
    error_body=ollama_error,
    asks=asks,
    reads_as=reads_as,
    stream=Stream(is_complete, reads_as_stream),
)
