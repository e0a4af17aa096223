"""Messages by path `v1/messages`, or by Vertex's `publishers/anthropic/models/NAME:rawPredict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.call import decoded
from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_DIALECT = "anthropic.messages"


def recognise(call: Call) -> Operation | None:
    """A message, a token count, a batch; on Vertex the model is in the path."""
    if "anthropic" in call.segments and "models" in call.segments:
        return _on_vertex(call)
    if "messages" not in call.segments or "threads" in call.segments:
        return None
    rest = call.after("messages")
    if rest[:1] == ["batches"]:
        return Operation(_DIALECT, "batches", Kind.FILES)
    if not call.is_post:
        return None
    if rest == ["count_tokens"]:
        return Operation(_DIALECT, "count_tokens", Kind.META, model=call.model)
    if not rest and _is_message(call):
        return Operation(_DIALECT, "create", Kind.GENERATE, call.streams, call.model)
    return None


def _is_message(call: Call) -> bool:
    """`messages` alone is a common word: it takes `v1` before it, or Anthropic's version header."""
    if call.is_json and not call.has_list("messages"):
        return False
    return call.parent == "v1" or call.request.header("anthropic-version") is not None


def _on_vertex(call: Call) -> Operation | None:
    model, _, method = decoded(call.last).rpartition(":")
    if method not in {"rawPredict", "streamRawPredict"}:
        return None
    if model == "count-tokens":
        return Operation(_DIALECT, "count_tokens", Kind.META, model=call.model)
    stream = method == "streamRawPredict" or call.streams
    return Operation(_DIALECT, "create", Kind.GENERATE, stream, model or call.model)
