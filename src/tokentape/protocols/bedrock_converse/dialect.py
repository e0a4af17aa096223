"""Converse put together: recognition, shape, words, stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.recognise import recognise
from tokentape.protocols.bedrock_converse.stream import is_complete, reads_as_stream
from tokentape.protocols.bedrock_converse.usage import usage, usage_of_stream
from tokentape.protocols.bedrock_converse.words import reads_as
from tokentape.protocols.dialect import Dialect, Shape, Stream
from tokentape.protocols.errors import aws_error
from tokentape.protocols.reading import USER, at, fields, last_turn

if TYPE_CHECKING:
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.synthesis import Synthesis
    from tokentape.wire.interaction import Json

SHAPE = Shape(
    conversation="messages",
    system=("system",),
    tools=("toolConfig.tools", "additionalModelResponseFieldPaths"),
    ignored=frozenset({"requestMetadata"}),
    marks=frozenset({"cachePoint"}),
    ids=frozenset({"toolUseId"}),
    opaque=frozenset({"input", "inputSchema", "json", "additionalModelRequestFields"}),
)

AWS_ERROR_HEADERS = (("x-amzn-errortype", "ValidationException"),)


def asks(body: Json) -> str:
    """The last user text; of a token count, of the Converse call inside."""
    inner = at(body, "input", "converse") or body
    return last_turn(fields(inner).get("messages"), USER)


def _synthesis() -> Synthesis:
    from tokentape.protocols.bedrock_converse.fold import fold
    from tokentape.protocols.bedrock_converse.form import STREAM_TYPE, neutral
    from tokentape.protocols.bedrock_converse.unfold import unfold
    from tokentape.protocols.synthesis import Synthesis

    return Synthesis(neutral, unfold, fold, lambda _: STREAM_TYPE)


def _codec() -> Codec:
    from tokentape.protocols.bedrock_converse.codec import CODEC

    return CODEC


DIALECT = Dialect(
    "bedrock.converse",
    recognise,
    shape=SHAPE,
    error_body=aws_error,
    error_headers=AWS_ERROR_HEADERS,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    synthesis=_synthesis,
    codec=_codec,
)
