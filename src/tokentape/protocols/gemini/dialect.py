"""Gemini put together: recognition, shape, words, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Stream
from tokentape.protocols.errors import google_error
from tokentape.protocols.gemini.recognise import recognise
from tokentape.protocols.gemini.shape import SHAPE
from tokentape.protocols.gemini.stream import is_complete, reads_as_stream
from tokentape.protocols.gemini.usage import usage, usage_of_stream
from tokentape.protocols.gemini.words import asks, reads_as

if TYPE_CHECKING:
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.synthesis import Synthesis


def _synthesis() -> Synthesis:
    from tokentape.protocols.gemini.fold import fold
    from tokentape.protocols.gemini.form import neutral
    from tokentape.protocols.gemini.unfold import stream_type, unfold
    from tokentape.protocols.synthesis import Synthesis

    return Synthesis(neutral, unfold, fold, stream_type, "application/json; charset=UTF-8")


def _codec() -> Codec:
    from tokentape.protocols.gemini.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "gemini",
    recognise,
    shape=SHAPE,
    error_body=google_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    synthesis=_synthesis,
    codec=_codec,
)
