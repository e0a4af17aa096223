"""Prompts and answers in the form of the conventions: messages with parts, as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.unfolding import dumped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def asked_as_text(asked: Conversation) -> str:
    """`gen_ai.input.messages`."""
    return dumped([_message(item, "user") for item in asked.items]).decode()


def said_as_text(reply: Reply) -> str:
    """`gen_ai.output.messages`: one message for each choice."""
    said: list[Json] = []
    for choice in reply.choices:
        reason = choice.stop.reason.value if choice.stop is not None else "unknown"
        parts = [part for item in choice.items for part in _parts(item)]
        said.append({"role": "assistant", "parts": parts, "finish_reason": reason})
    return dumped(said).decode()


def _message(item: Item, role: str) -> Json:
    if isinstance(item, Message):
        role = item.role.value
    elif isinstance(item, ToolResult):
        role = "tool"
    elif isinstance(item, ToolCall | Reasoning | ServerTool):
        role = "assistant"
    return {"role": role, "parts": list(_parts(item))}


def _parts(item: Item) -> Iterable[Json]:
    match item:
        case Message():
            return map(_part, item.parts)
        case Reasoning():
            return [{"type": "reasoning", "content": item.text or "\n".join(item.summary)}]
        case ToolCall():
            return [_call(item)]
        case ToolResult():
            content: list[Json] = list(map(_part, item.parts))
            return [{"type": "tool_call_response", "id": item.call_id, "response": content}]
        case ServerTool():
            return [{"type": item.kind}]
        case _:
            return [{"type": "unknown"}]


def _call(item: ToolCall) -> Fields:
    return {"type": "tool_call", "id": item.id, "name": item.name, "arguments": item.arguments}


def _part(part: Part) -> Json:
    """Text as it is; media are named, not shown."""
    if isinstance(part, Text | Refusal):
        return {"type": "text", "content": part.text}
    return {"type": type(part).__name__.lower()}
