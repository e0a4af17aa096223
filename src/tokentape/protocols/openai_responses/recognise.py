"""Responses by path and body: `responses` is a common word, so a new one must also look like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_BODY = ("input", "model", "prompt", "previous_response_id", "conversation", "instructions")


def recognise(call: Call) -> Operation | None:
    """A new response, one of its parts, or a stored one."""
    if "responses" not in call.segments:
        return None
    rest = call.after("responses")
    if call.is_post:
        return _posted(call, rest)
    if rest and _is_id(rest[0]):
        name = (
            "input_items"
            if rest[1:] == ["input_items"]
            else {"DELETE": "delete"}.get(call.method, "retrieve")
        )
        return Operation("openai.responses", name, Kind.FILES, "stream=true" in call.query.split("&"))
    return None


def _posted(call: Call, rest: list[str]) -> Operation | None:
    if not rest:
        known = any(name in call.fields for name in _BODY)
        return (
            Operation("openai.responses", "create", Kind.GENERATE, call.streams, call.model)
            if known
            else None
        )
    if rest == ["input_tokens"]:
        return Operation("openai.responses", "count_tokens", Kind.META, model=call.model)
    if rest == ["compact"]:
        return Operation("openai.responses", "compact", Kind.GENERATE, model=call.model)
    if rest[1:] == ["cancel"] and _is_id(rest[0]):
        return Operation("openai.responses", "cancel", Kind.FILES)
    return None


def _is_id(segment: str) -> bool:
    return segment.startswith("resp_")
