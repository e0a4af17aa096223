"""OpenAI Embeddings, and every server that speaks them (Mistral, Voyage, Jina, vLLM ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape
from tokentape.protocols.openai_chat.recognise import deployment
from tokentape.protocols.reading import at, counted_vectors, fields, number, objects, text
from tokentape.protocols.usage import Usage, beside

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """`embeddings` with an `input`."""
    if call.last != "embeddings" or not call.is_post or "input" not in call.fields:
        return None
    return Operation("openai.embeddings", "create", Kind.EMBED, model=deployment(call) or call.model)


def asks(body: Json) -> str:
    """The input; the last of several."""
    given = fields(body).get("input")
    return text(given) or text(at(given, -1))


def usage(reply: Json) -> Usage | None:
    """What went in; Voyage only says the total, which is the same."""
    counts = fields(at(reply, "usage"))
    asked = number(counts.get("prompt_tokens"))
    total = number(counts.get("total_tokens"))
    return Usage(total if asked is None else asked, raw=counts, **beside(reply)).known()


def reads_as(reply: Json) -> str:
    """How many vectors came, and of which length where that can be seen."""
    return counted_vectors([entry.get("embedding") for entry in objects(at(reply, "data"))])


DIALECT = Dialect(
    "openai.embeddings",
    recognise,
    shape=Shape(ignored=frozenset({"user"})),
    asks=asks,
    reads_as=reads_as,
    usage=usage,
)
