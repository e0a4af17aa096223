"""Messages of a request, and that of a reply, as items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn, rest_of
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.cohere.citations import attached
from tokentape.protocols.cohere.content import read_part
from tokentape.protocols.cohere.form import NAME
from tokentape.protocols.cohere.tools import read_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SPOKEN = frozenset({"role", "content"})
_ASSISTANT = _SPOKEN | {"tool_plan", "tool_calls", "citations"}
_FIELDS = {
    "system": _SPOKEN,
    "developer": _SPOKEN,
    "user": _SPOKEN,
    "assistant": _ASSISTANT,
    "tool": _SPOKEN | {"tool_call_id"},
}
"""What messages of a role can say."""

_EMPTY: Fields = {"tool_plan": "", "tool_calls": [], "citations": []}
_THINKING = frozenset({"type", "thinking"})


def read_message(message: Fields, where: Where, items: list[Item]) -> None:
    """Add the items of one message."""
    role = where.text(message.get("role"), "role")
    known = _FIELDS.get(role)
    if known is None:
        items.append(Unknown(NAME, message, Origin(NAME, where.path)))
    elif role == "assistant":
        read_assistant(message, where, items)
    else:
        turn = Turn(where.path, rest_of(message, known), _spelling(message))
        origin = Origin(NAME, where.path, turn=turn)
        parts = _parts(message.get("content"), where)
        if role == "tool":
            items.append(_read_result(message, parts, turn, where))
        else:
            items.append(Message(Role(role), parts, origin=origin))


def _spelling(message: Fields) -> Mapping[str, Json]:
    """How the content is written, where it is no text; and what is there although it says nothing."""
    content = message.get("content")
    found: Fields = {} if isinstance(content, str) else {"content": "absent" if content is None else "list"}
    for name, empty in _EMPTY.items():
        if name in message and message[name] == empty:
            found[name] = empty
    return found or NOTHING


def _parts(content: Json, where: Where) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if content is None:
        return ()
    entries = where.entries(content, "content")
    return tuple(read_part(entry, where.at("content", nth)) for nth, entry in enumerate(entries))


def _read_result(message: Fields, parts: tuple[Part, ...], turn: Turn, where: Where) -> ToolResult:
    call = where.text_or_none(message.get("tool_call_id"), "tool_call_id")
    spelling: Mapping[str, Json] = {"tool_call_id": False} if call is None else NOTHING
    return ToolResult(call or "", parts, origin=Origin(NAME, where.path, NOTHING, spelling, turn))


def read_assistant(message: Fields, where: Where, items: list[Item]) -> None:
    """What the model said and thought, in order; its plan; its calls."""
    given = message.get("citations")
    blocks = _blocks(message.get("content"), where)
    texts = [block if isinstance(block, Text) else None for block in blocks]
    left = attached(texts, where.entries(given, "citations"), where) if given is not None else []
    rest = rest_of(message, _ASSISTANT)
    if left:
        rest = {**rest, "citations": left}
    turn = Turn(where.path, rest, _spelling(message))
    origin = Origin(NAME, where.path, turn=turn)
    before = len(items)
    _add_blocks(blocks, texts, origin, items)
    if plan := where.text_or_none(message.get("tool_plan"), "tool_plan"):
        items.append(Reasoning(plan, origin=Origin(NAME, where.path, NOTHING, PLAN, turn)))
    calls = message.get("tool_calls")
    if calls is not None:
        for nth, call in enumerate(where.entries(calls, "tool_calls")):
            items.append(read_call(call, turn, where.at("tool_calls", nth)))
    if len(items) == before:
        items.append(Message(Role.ASSISTANT, (), origin=origin))


PLAN: Mapping[str, Json] = {"as": "tool_plan"}
"""The spelling of a thought that is a plan to call tools."""


def _blocks(content: Json, where: Where) -> list[Part | Reasoning]:
    if isinstance(content, list):
        return [_block(entry, where.at("content", nth)) for nth, entry in enumerate(content)]
    return list(_parts(content, where))


def _block(value: Json, where: Where) -> Part | Reasoning:
    if isinstance(value, dict) and value.get("type") == "thinking":
        thought = where.text(value.get("thinking"), "thinking")
        return Reasoning(thought, origin=Origin(NAME, where.path, rest_of(value, _THINKING)))
    return read_part(value, where)


def _add_blocks(
    blocks: list[Part | Reasoning], texts: list[Text | None], origin: Origin, items: list[Item]
) -> None:
    """Parts that follow each other are one message."""
    parts: list[Part] = []
    for block, text in zip(blocks, texts, strict=True):
        if not isinstance(block, Reasoning):
            parts.append(block if text is None else text)
            continue
        if parts:
            items.append(Message(Role.ASSISTANT, tuple(parts), origin=origin))
            parts = []
        thought = Origin(
            NAME, origin.path, block.origin.rest if block.origin else NOTHING, NOTHING, origin.turn
        )
        items.append(Reasoning(block.text, origin=thought))
    if parts:
        items.append(Message(Role.ASSISTANT, tuple(parts), origin=origin))
