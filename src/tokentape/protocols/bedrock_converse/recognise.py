"""Bedrock's model operations by path: `model/ID/converse`, where an ID may be an ARN with slashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.call import decoded
from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call


def recognise(call: Call) -> Operation | None:
    """Converse, ConverseStream, and the count of a prompt's tokens."""
    if call.last not in {"converse", "converse-stream", "count-tokens"}:
        return None
    model = model_in_path(call)
    if model is None:
        return None
    if call.last == "count-tokens":
        return Operation("bedrock.converse", "count_tokens", Kind.META, model=model)
    return Operation("bedrock.converse", "create", Kind.GENERATE, call.last == "converse-stream", model)


def model_in_path(call: Call) -> str | None:
    """The model id between `model` and the operation, decoded; None where the path is another."""
    if not call.is_post or "model" not in call.segments:
        return None
    start = call.segments.index("model") + 1
    return "/".join(decoded(part) for part in call.segments[start:-1]) or None
