"""Whatever a server or a caller sends, dialects read it without an exception."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.dialect import Kind, Operation
from tokentape.protocols.payload import Payload
from tokentape.protocols.registry import error_reply, is_complete, recognise, summary, usage_of
from tokentape.protocols.table import BUILT_IN, dialect_named
from tokentape.wire.message import Request, Response

NAMES = sorted(
    [
        "messages",
        "role",
        "content",
        "text",
        "type",
        "input",
        "contents",
        "parts",
        "prompt",
        "model",
        "stream",
        "choices",
        "message",
        "delta",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "index",
        "finish_reason",
        "usage",
        "prompt_tokens_details",
        "output",
        "response",
        "error",
        "candidates",
        "content_block",
        "partial_json",
        "promptFeedback",
        "usageMetadata",
        "functionCall",
        "bytes",
        "start",
        "toolUse",
        "metadata",
        "done",
        "data",
        "embedding",
        "embeddings",
        "results",
        "categories",
        "completion",
        "generations",
        "token",
        "inputs",
        "requests",
        "instances",
        "steps",
        "outputs",
        "documents",
        "query",
        "tokens",
        "meta",
        "x_groq",
        "source",
        "thread",
        "additional_messages",
    ]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
names = st.sampled_from(["chunk", "contentBlockStart", "contentBlockDelta", "metadata", "done", None])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BUILT_IN), values, st.lists(st.tuples(names, values), max_size=4))
def test_any_json(name, value, events):
    dialect = dialect_named(name)
    assert isinstance(dialect.asks(value), str)
    assert isinstance(dialect.reads_as(value), str)
    dialect.usage(value)
    if dialect.stream is not None:
        stream = [Payload(event, json.dumps(found).encode()) for event, found in events]
        assert dialect.stream.is_complete(stream) in {True, False, None}
        assert isinstance(dialect.stream.reads_as(stream), str)
        dialect.stream.usage(stream)


PATHS = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1beta/models/g:streamGenerateContent",
    "/api/chat",
]
MEDIA = [
    "text/event-stream",
    "application/json",
    "application/vnd.amazon.eventstream",
    "application/x-ndjson",
    "",
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PATHS), st.binary(max_size=60), st.sampled_from(MEDIA), st.binary(max_size=200))
def test_any_bytes(path, body, media, answer):
    request = Request("POST", f"http://h{path}", (), body)
    response = Response(200, "", (("Content-Type", media),), answer, (len(answer),))
    found = recognise(request)
    is_complete(Operation(found.operation.dialect, "create", Kind.GENERATE, stream=True), response)
    usage_of(found, response)
    assert all(isinstance(line, str) for line in summary(request, response))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["GET", "POST", "PUT"]))
def test_any_url(url, method):
    found = recognise(Request(method, url, (), b"{}"))
    assert found.operation.full_name


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([*BUILT_IN, "http"]), st.text())
def test_any_error_text(name, message):
    reply = error_reply(Operation(name, "create", Kind.GENERATE), message)
    assert json.loads(reply.body)["message"] == message
