"""Rerank, in the one shape that Cohere, Voyage, Jina and others share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape
from tokentape.protocols.errors import message_error
from tokentape.protocols.reading import at, fields, number, objects, text
from tokentape.protocols.usage import Usage, beside

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """`rerank` with a query and documents."""
    if call.last != "rerank" or not call.is_post or "query" not in call.fields:
        return None
    return Operation("rerank", "create", Kind.MEDIA, model=call.model)


def asks(body: Json) -> str:
    """The query."""
    return text(fields(body).get("query"))


def reads_as(reply: Json) -> str:
    """The positions of the documents, best first."""
    ranked = objects(at(reply, "results") or at(reply, "data"))
    order = [str(index) for entry in ranked if (index := number(entry.get("index"))) is not None]
    return f"order {', '.join(order)}" if order else ""


def usage(reply: Json) -> Usage | None:
    """Voyage and Jina count tokens; Cohere bills searches, which are not."""
    counts = fields(at(reply, "usage"))
    return Usage(number(counts.get("total_tokens")), raw=counts, **beside(reply)).known()


DIALECT = Dialect(
    "rerank",
    recognise,
    shape=Shape(),
    error_body=message_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
)
