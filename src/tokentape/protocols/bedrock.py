"""The rest of Amazon Bedrock (agents, knowledge bases, flows, guardrails, model lists) and SageMaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation, Stream
from tokentape.protocols.errors import aws_error
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.call import Call
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_FIRST_AND_LAST = {
    ("guardrail", "apply"): ("apply_guardrail", Kind.MEDIA),
    ("agents", "text"): ("invoke_agent", Kind.GENERATE),
    ("knowledgebases", "retrieve"): ("retrieve", Kind.MEDIA),
    ("retrieveAndGenerate", "retrieveAndGenerate"): ("retrieve_and_generate", Kind.GENERATE),
    ("retrieveAndGenerateStream", "retrieveAndGenerateStream"): ("retrieve_and_generate", Kind.GENERATE),
    ("endpoints", "invocations"): ("sagemaker", Kind.GENERATE),
    ("endpoints", "invocations-response-stream"): ("sagemaker", Kind.GENERATE),
}
_LISTS = frozenset({"inference-profiles", "foundation-models", "custom-models", "guardrails"})


def recognise(call: Call) -> Operation | None:
    """First and last path segment tell these apart; the control plane's lists also need the host."""
    if not call.segments:
        return None
    first = call.segments[0]
    if call.is_post and (first, call.last) in _FIRST_AND_LAST:
        name, kind = _FIRST_AND_LAST[first, call.last]
        return Operation("bedrock", name, kind, call.last.lower().endswith("stream"), _endpoint(call))
    if first in _LISTS and call.host.startswith("bedrock."):
        return Operation("bedrock", first.replace("-", "_"), Kind.META)
    return None


def _endpoint(call: Call) -> str | None:
    return call.segments[1] if call.segments[0] == "endpoints" else None


def asks(body: Json) -> str:
    """The text given to an agent, a knowledge base, a SageMaker endpoint."""
    given = fields(body)
    checked = text(at(given, "content", -1, "text", "text"))
    return (
        text(given.get("inputText"))
        or text(at(given, "input", "text"))
        or text(given.get("inputs"))
        or checked
    )


def reads_as(reply: Json) -> str:
    """The text of retrieve-and-generate, of an applied guardrail, of a SageMaker model."""
    return (
        text(at(reply, "output", "text")) or text(at(reply, "action")) or text(at(reply, 0, "generated_text"))
    )


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The `chunk` events of an agent's reply."""
    from tokentape.protocols.bedrock_invoke.stream import inner

    return "".join(inner(p).data.decode("utf-8", "replace") for p in stream if p.name == "chunk")


def _is_complete(_: Sequence[Payload]) -> None:
    """Agents end when the connection does; there is no event for it."""


DIALECT = Dialect(
    "bedrock",
    recognise,
    error_body=aws_error,
    error_headers=(("x-amzn-errortype", "ValidationException"),),
    asks=asks,
    reads_as=reads_as,
    stream=Stream(_is_complete, reads_as_stream),
)
