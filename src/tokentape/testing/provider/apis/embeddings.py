"""Embeddings, OpenAI's (which Mistral shares) and Gemini's: vectors that depend on the text alone."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import at, compact, indented, listed, text_of
from tokentape.testing.provider.turn import count_tokens
from tokentape.wire.interaction import Json

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial

DIMENSIONS = 64
"""Length of a vector where the client does not say."""


def openai_embeddings(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/embeddings`; floats, or base64 of little-endian float32 if asked for."""
    return compact(_embedded(body))


def mistral_embeddings(seen: Seen, body: Json, serial: Serial) -> bytes:
    """The same, with an id."""
    return compact({"id": serial.hex(length=32), **_embedded(body)})


def _embedded(body: Json) -> dict[str, Json]:
    texts = _inputs(at(body, "input"))
    size = at(body, "dimensions")
    encoded = at(body, "encoding_format") == "base64"
    vectors = [vector(text, size if isinstance(size, int) else DIMENSIONS) for text in texts]
    data: list[Json] = [
        {"object": "embedding", "index": i, "embedding": _packed(values) if encoded else list[Json](values)}
        for i, values in enumerate(vectors)
    ]
    tokens = sum(map(count_tokens, texts))
    usage: Json = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": at(body, "model"), "usage": usage}


def gemini_embedding(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`:embedContent`."""
    return indented({"embedding": _gemini_values(body)})


def gemini_embeddings(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`:batchEmbedContents`."""
    return indented({"embeddings": [_gemini_values(request) for request in listed(at(body, "requests"))]})


def vector(text: str, size: int) -> list[float]:
    """Numbers between -1 and 1 with six decimals, from the text's hash."""
    digits = hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(2 * size)
    return [round(value / 32768, 6) for value in struct.unpack(f"<{size}h", digits)]


def _inputs(given: Json) -> list[str]:
    if isinstance(given, list) and given and not isinstance(given[0], int):
        return [item if isinstance(item, str) else str(item) for item in given]
    return [given if isinstance(given, str) else str(given)]


def _packed(values: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _gemini_values(request: Json) -> Json:
    size = at(request, "outputDimensionality")
    text = text_of(at(request, "content", "parts"))
    return {"values": list[Json](vector(text, size if isinstance(size, int) else DIMENSIONS))}
