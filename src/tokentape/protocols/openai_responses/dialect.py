"""Responses put together: recognition, shape, words, stream."""

from __future__ import annotations

from tokentape.protocols.dialect import Dialect, Stream
from tokentape.protocols.openai_responses.recognise import recognise
from tokentape.protocols.openai_responses.shape import SHAPE
from tokentape.protocols.openai_responses.stream import is_complete, reads_as_stream, usage_of_stream
from tokentape.protocols.openai_responses.words import asks, reads_as, usage

DIALECT = Dialect(
    "openai.responses",
    recognise,
    shape=SHAPE,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
)
