"""A request for the embeddings of texts, made and read as the asking of targets makes and reads its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.asking.preparing import Prepared
from tokentape.evaluation.comparing.comparator import Vectors
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.losses import LossReport
from tokentape.protocols.canonical.parts import Data, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.embeddings import embedding_dialect, read_vectors, write_texts
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.registry import json_of
from tokentape.protocols.table import dialect_named
from tokentape.upstreams.writing import fresh, own_way, place_of
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Response


def embedding_of(texts: Sequence[str], candidate: Candidate) -> Prepared | None:
    """The request; None where the upstream embeds nothing. Raises `UsageError` for a model that cannot stand
    in a path.
    """
    upstream = candidate.upstream
    dialect = embedding_dialect(upstream.dialect, upstream.also)
    if dialect is None:
        return None
    outgoing = write_texts(dialect, candidate.model, texts)
    url = place_of(candidate, outgoing, stream=False)
    headers = (*fresh(dialect, stream=False), *upstream.headers)
    request = Request("POST", url, headers, dumps(own_way(outgoing.body, upstream)))
    asked = Conversation(tuple(Message(Role.USER, (Text(text),)) for text in texts))
    source = Source(dialect, candidate.model, False, upstream.provider or None, quirks=upstream.quirks)
    return Prepared(request, asked, source, LossReport(), Kind.EMBED, _read)


def vectors_in(reply: Reply) -> Vectors | None:
    """The vectors that a reply holds."""
    parts = (part for item in reply.items if isinstance(item, Message) for part in item.parts)
    values = (part.value for part in parts if isinstance(part, Data))
    found = tuple(
        tuple(number for number in value if isinstance(number, float))
        for value in values
        if isinstance(value, list)
    )
    return Vectors(found) if found else None


def _read(response: Response, source: Source) -> Reply:
    """The vectors as data that is said. Raises `ProtocolError` where there are none."""
    body = json_of(response)
    vectors: list[list[Json]] = [[*vector] for vector in read_vectors(source.dialect, body)]
    said = Message(Role.ASSISTANT, tuple(map(Data, vectors)))
    dialect = dialect_named(source.dialect)
    usage = dialect.usage(body) if dialect is not None else None
    return Reply((Choice((said,), Stop(StopReason.END)),), model=source.model, usage=usage)
