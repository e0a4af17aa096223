"""The turns of a request by its shape alone, for dialects that have no codec.

For people only; what cannot be named is shown as its type in brackets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.dialect import Shape
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json


class Said(NamedTuple):
    """One turn: who, and what."""

    role: str
    text: str


def plain_turns(found: Recognised) -> list[Said]:
    """The turns of a request, system text first; empty for what is no conversation."""
    body, shape = found.body, found.shape
    if not isinstance(body, dict) or not shape.conversation:
        return []
    system = [Said("system", _text(body[name], shape)) for name in shape.system if body.get(name)]
    return system + [_said(turn, shape) for turn in _turns(body.get(shape.conversation))]


_ROLES = {"function_call": "assistant", "function_call_output": "tool"}
"""Who speaks in an item without a role (OpenAI Responses)."""

_RESULTS = ("content", "output", "toolResult", "functionResponse", "function_response")
"""Where a block keeps what a tool gave back."""


def _turns(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _said(turn: Json, shape: Shape) -> Said:
    if not isinstance(turn, dict):
        return Said(shape.prompt_role, _text(turn, shape))
    kind = str(turn.get("type", shape.prompt_role))
    role = turn.get("role", _ROLES.get(kind, kind))
    parts = [_text(turn[shape.content], shape)] if turn.get(shape.content) else []
    parts += [_call(call) for call in _turns(turn.get("tool_calls"))]
    if not parts:
        parts = [_block(turn, shape)]
    return Said(str(role), "\n".join(part for part in parts if part))


def _text(value: Json, shape: Shape) -> str:
    if isinstance(value, dict) and shape.content in value:
        return _text(value[shape.content], shape)
    return "\n".join(filter(None, (_block(block, shape) for block in _turns(value))))


def _block(block: Json, shape: Shape) -> str:
    if not isinstance(block, dict):
        return str(block)
    if isinstance(block.get("text"), str):
        return str(block["text"])
    call = next(_calls(block), None)
    if call is not None:
        return call
    named = str(block.get("type") or next(iter(block), "nothing"))
    result = next((block[name] for name in _RESULTS if name in block), None)
    return f"[{named}] {_result(result, shape)}" if result is not None else f"[{named}]"


def _result(result: Json, shape: Shape) -> str:
    """What a tool gave back: text, blocks, or (Gemini, Bedrock) JSON as it is."""
    if isinstance(result, dict):
        for name in ("response", "json"):
            if name in result:
                return json.dumps(result[name], ensure_ascii=False)
        return _text(result.get("content", result), shape)
    return "\n".join(
        _result(block, shape) if isinstance(block, dict) else str(block) for block in _turns(result)
    )


def _calls(block: dict[str, Json]) -> Iterator[str]:
    """A tool call, in the shape of any dialect."""
    for name in ("functionCall", "function_call", "toolUse"):
        if isinstance(block.get(name), dict):
            yield _call(block[name])
    if block.get("type") in ("tool_use", "function_call"):
        yield _call(block)


def _call(call: Json) -> str:
    if not isinstance(call, dict):
        return str(call)
    inner = call.get("function", call)
    call = inner if isinstance(inner, dict) else call
    arguments = next((call[name] for name in ("arguments", "input", "args") if name in call), {})
    shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"{call.get('name', '?')}({shown})"
