"""InvokeModel put together. Bodies differ by model maker; Anthropic's and Nova's are conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.dialect import AWS_ERROR_HEADERS
from tokentape.protocols.bedrock_converse.recognise import model_in_path
from tokentape.protocols.bedrock_invoke.stream import is_complete, reads_as_stream
from tokentape.protocols.bedrock_invoke.usage import usage, usage_in_headers, usage_of_stream
from tokentape.protocols.bedrock_invoke.words import asks, reads_as
from tokentape.protocols.dialect import Dialect, Kind, Operation, Shape, Stream
from tokentape.protocols.errors import aws_error

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_OPERATIONS = {"invoke": False, "invoke-with-response-stream": True, "async-invoke": False}


def recognise(call: Call) -> Operation | None:
    """`model/ID/invoke` and its streaming twin, whatever the body is."""
    stream = _OPERATIONS.get(call.last)
    model = model_in_path(call) if stream is not None else None
    if stream is None or model is None:
        return None
    return Operation("bedrock.invoke", "create", _kind(call), stream, model)


def _kind(call: Call) -> Kind:
    return Kind.EMBED if {"texts", "embeddingConfig"} & call.fields.keys() else Kind.GENERATE


SHAPE = Shape(
    conversation="messages",
    system=("system",),
    system_roles=frozenset({"system"}),
    tools=("tools", "toolConfig.tools"),
    ignored=frozenset({"metadata", "anthropic_version", "cache_control"}),
    marks=frozenset({"cache_control", "cachePoint"}),
    ids=frozenset({"id", "tool_use_id", "toolUseId"}),
    opaque=frozenset({"input", "input_schema", "inputSchema", "json"}),
)

DIALECT = Dialect(
    "bedrock.invoke",
    recognise,
    shape=SHAPE,
    error_body=aws_error,
    error_headers=AWS_ERROR_HEADERS,
    asks=asks,
    reads_as=reads_as,
    usage=usage,
    stream=Stream(is_complete, reads_as_stream, usage_of_stream),
    usage_in_headers=usage_in_headers,
)
