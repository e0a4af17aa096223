"""Gemini put together: recognition, shape, words, stream."""

from __future__ import annotations

from tokentape.protocols.dialect import Dialect, Stream
from tokentape.protocols.errors import google_error
from tokentape.protocols.gemini.recognise import recognise
from tokentape.protocols.gemini.shape import SHAPE
from tokentape.protocols.gemini.stream import is_complete, reads_as_stream, usage_of_stream
from tokentape.protocols.gemini.words import asks, reads_as, usage

DIALECT = Dialect(
    "gemini",
    recognise,
    shape=SHAPE,
    error_body=google_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
)
