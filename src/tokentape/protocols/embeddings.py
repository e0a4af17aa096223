"""Texts to embed, and the vectors that come back: the request and the reply of each dialect that has them."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.reading import at, fields, number, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tokentape.wire.interaction import Json

    Vector = list[float]

OPENAI = "openai.embeddings"


def embedding_dialect(dialect: str, also: Iterable[str] = ()) -> str | None:
    """The dialect in which a server that speaks `dialect` embeds texts; None where it has none."""
    if dialect in _WRITERS:
        return dialect
    return OPENAI if OPENAI in also or dialect.startswith("openai.") else None


def write_texts(dialect: str, model: str, texts: Sequence[str]) -> Outgoing:
    """The request for the vectors of several texts."""
    return _WRITERS[dialect](model, texts)


def read_vectors(dialect: str, reply: Json) -> list[Vector]:
    """The vectors, in the order of the texts. Raises `ProtocolError` for a reply that holds none."""
    found = [_vector(dialect, value) for value in _READERS[dialect](reply)]
    if not found:
        raise ProtocolError(dialect, "", "it holds no embedding")
    return found


def _vector(dialect: str, value: Json) -> Vector:
    if isinstance(value, str):
        try:
            data = base64.b64decode(value, validate=True)
            return [*struct.unpack(f"<{len(data) // 4}f", data)]
        except (ValueError, struct.error):
            value = None
    if not isinstance(value, list) or not all(type(number) in (int, float) for number in value):
        raise ProtocolError(dialect, "", "an embedding is no list of numbers")
    try:
        return [float(number) for number in value if isinstance(number, int | float)]
    except OverflowError:
        raise ProtocolError(dialect, "", "an embedding holds a number that is too large") from None


def _openai(model: str, texts: Sequence[str]) -> Outgoing:
    return Outgoing("v1/embeddings", {"model": model, "input": [*texts]})


def _gemini(model: str, texts: Sequence[str]) -> Outgoing:
    path = f"v1beta/{model}" if "/" in model else f"v1beta/models/{model}"
    name = path.removeprefix("v1beta/")
    requests: list[Json] = [{"model": name, "content": {"parts": [{"text": text}]}} for text in texts]
    return Outgoing(f"{path}:batchEmbedContents", {"requests": requests})


def _cohere(model: str, texts: Sequence[str]) -> Outgoing:
    body: dict[str, Json] = {"model": model, "texts": [*texts]}
    return Outgoing("v2/embed", {**body, "input_type": "clustering", "embedding_types": ["float"]})


def _ollama(model: str, texts: Sequence[str]) -> Outgoing:
    return Outgoing("api/embed", {"model": model, "input": [*texts]})


def _in_order(reply: Json) -> list[Json]:
    """OpenAI numbers the vectors."""
    entries = list(objects(at(reply, "data") or []))
    ordered = sorted(enumerate(entries), key=lambda pair: _index(pair[1], pair[0]))
    return [entry.get("embedding") for _, entry in ordered]


def _index(entry: dict[str, Json], place: int) -> int:
    told = number(entry.get("index"))
    return place if told is None else told


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


_WRITERS: Mapping[str, Callable[[str, Sequence[str]], Outgoing]] = {
    OPENAI: _openai,
    "gemini": _gemini,
    "cohere": _cohere,
    "ollama": _ollama,
}
_READERS: Mapping[str, Callable[[Json], list[Json]]] = {
    OPENAI: _in_order,
    "gemini": lambda reply: [fields(one).get("values") for one in _listed(at(reply, "embeddings"))],
    "cohere": lambda reply: _listed(at(reply, "embeddings", "float")),
    "ollama": lambda reply: _listed(at(reply, "embeddings")),
}
