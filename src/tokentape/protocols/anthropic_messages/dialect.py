"""Messages put together: recognition, shape, words, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.recognise import recognise
from tokentape.protocols.anthropic_messages.shape import SHAPE
from tokentape.protocols.anthropic_messages.stream import is_complete, reads_as_stream
from tokentape.protocols.anthropic_messages.usage import usage, usage_of_stream
from tokentape.protocols.anthropic_messages.words import asks, reads_as
from tokentape.protocols.dialect import Dialect, Stream
from tokentape.protocols.errors import anthropic_error

if TYPE_CHECKING:
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.synthesis import Synthesis


def _synthesis() -> Synthesis:
    from tokentape.protocols.anthropic_messages.fold import fold
    from tokentape.protocols.anthropic_messages.form import neutral
    from tokentape.protocols.anthropic_messages.unfold import unfold
    from tokentape.protocols.synthesis import Synthesis

    return Synthesis(neutral, unfold, fold)


def _codec() -> Codec:
    from tokentape.protocols.anthropic_messages.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "anthropic.messages",
    recognise,
    shape=SHAPE,
    error_body=anthropic_error,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    synthesis=_synthesis,
    codec=_codec,
)
