"""Responses put together: recognition, shape, words, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Stream
from tokentape.protocols.openai_responses.recognise import recognise
from tokentape.protocols.openai_responses.shape import SHAPE
from tokentape.protocols.openai_responses.stream import is_complete, reads_as_stream
from tokentape.protocols.openai_responses.usage import usage, usage_of_stream
from tokentape.protocols.openai_responses.words import asks, reads_as

if TYPE_CHECKING:
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.synthesis import Synthesis


def _synthesis() -> Synthesis:
    from tokentape.protocols.openai_responses.fold import fold
    from tokentape.protocols.openai_responses.unfold import unfold
    from tokentape.protocols.synthesis import Synthesis, without_form

    return Synthesis(without_form, unfold, fold)


def _codec() -> Codec:
    from tokentape.protocols.openai_responses.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "openai.responses",
    recognise,
    shape=SHAPE,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    synthesis=_synthesis,
    codec=_codec,
)
