"""Response objects as the client sees them: whole by the schema, and saying what this client asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.responses.errors import NotDone
from tokentape.protocols.codec import Source
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.openai_responses.write_reply import echo
from tokentape.protocols.reading import fields, text
from tokentape.protocols.translation import read_request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.responses.asked import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WHOLE: tuple[str, ...] = (
    "id", "object", "created_at", "completed_at", "status", "incomplete_details", "model",
    "previous_response_id", "instructions", "output", "error", "tools", "tool_choice", "truncation",
    "parallel_tool_calls", "text", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs",
    "temperature", "reasoning", "usage", "max_output_tokens", "max_tool_calls", "store", "background",
    "service_tier", "metadata", "safety_identifier", "prompt_cache_key",
)  # fmt: skip
"""Fields that the schema wants of every response."""


def begun(asked: Asked, status: str) -> Fields:
    """A response of which nothing is known yet but the question. Raises `NotDone` for one that is none."""
    try:
        said = echo(read_request(asked.fields, Source(NAME)))
    except ProtocolError as error:
        raise NotDone(400, str(error)) from error
    model = text(asked.fields.get("model"))
    empty: Fields = {"error": None, "incomplete_details": None, "output": [], "usage": None}
    return patched({**said, **empty, "model": model, "status": status}, asked)


def patched(response: Fields, asked: Asked) -> Fields:
    """A response of the upstream with the id it has here and what is kept here; what an upstream leaves
    out, though the schema wants it, is filled in.
    """
    response = {
        **response,
        "id": asked.id,
        "object": "response",
        "previous_response_id": asked.previous,
        "store": asked.is_stored,
        "background": asked.is_background,
    }
    given = asked.fields
    metadata = given.get("metadata")
    response["metadata"] = metadata if isinstance(metadata, dict) else {}
    if isinstance(given.get("instructions"), str | None):
        response["instructions"] = given.get("instructions")
    if asked.conversation is not None:
        response["conversation"] = {"id": asked.conversation}
    tools = response.get("tools")
    if isinstance(tools, list):
        response["tools"] = [_tool(tool) for tool in tools]
    if any(name not in response for name in _WHOLE):
        response = {**_usual(asked), **response}
    return response


def _tool(tool: Json) -> Json:
    """A function tool tells all of itself, and is strict unless it said no."""
    if isinstance(tool, dict) and tool.get("type") == "function":
        return {"description": None, "parameters": None, **tool, "strict": tool.get("strict", True)}
    return tool


def ended(response: Fields, now: float) -> Fields:
    """The same, with the time at which it was completed where the upstream does not say."""
    if response.get("status") == "completed" and response.get("completed_at") is None:
        created = response.get("created_at")
        least = created if isinstance(created, int) else 0
        return {**response, "completed_at": max(int(now), least)}
    return response


def failed(response: Fields, message: str, *, code: str = "server_error", status: str = "failed") -> Fields:
    """The same, when it will never end."""
    return {
        **response,
        "status": status,
        "completed_at": None,
        "error": {"code": code, "message": message} if status == "failed" else None,
    }


def with_output(response: Fields, items: Iterable[Json]) -> Fields:
    """The same, with the items that were done by then."""
    return {**response, "output": list(items)}


def _usual(asked: Asked) -> Fields:
    try:
        said = echo(read_request(asked.fields, Source(NAME)))
    except ProtocolError:
        said = echo(None)
    return {
        "created_at": int(asked.created),
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": text(asked.fields.get("model")),
        "output": [],
        "status": "completed",
        "usage": None,
        **said,
    }


def error_of(body: Json) -> tuple[str, str]:
    """Code and message of an error reply, or of an error event, as a response can tell them."""
    error = fields(fields(body).get("error")) or fields(body)
    code, kind = text(error.get("code")), text(error.get("type"))
    known = "rate_limit_exceeded" if "rate_limit" in (code + kind) else "server_error"
    if kind == "invalid_request_error":
        known = "invalid_prompt"
    return known, text(error.get("message")) or "the upstream failed, and did not say why"
