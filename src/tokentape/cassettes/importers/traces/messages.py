"""Messages in the ways that traces write them, as the items of a conversation.

{"role": "user", "content": ...}                      OpenAI, Anthropic, Ollama; with `tool_calls`
{"role": "user", "parts": [...]}                      OpenTelemetry, Gemini
{"type": "human", "content": ...}, {"type": "ai", "data": {...}}, ["human", "..."]        LangChain
{"lc": 1, "type": "constructor", "id": [..., "HumanMessage"], "kwargs": {...}}            LangChain, stored
{"message": {"role": ...}}, {"message.role": ...}     OpenInference
{"type": "function_call", ...}                        items of Responses
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.parts import call_of, pieces_of, result_of
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "chatbot": Role.ASSISTANT,
}
_TOOLS = frozenset({"tool", "function", "ipython"})
_ITEMS = frozenset({"function_call", "function_call_output", "reasoning", "tool_call", "tool_result"})
_CLASS = re.compile(r"(?P<role>[a-z]+?)(?:message)?(?:chunk)?")
_DEEPEST = 4


def items_of(said: Json, notes: Notes, role: str = "user") -> list[Item]:
    """The items. `role` says who speaks where a message does not tell. Raises `LeftOut`."""
    return list(_items(said, notes, role, 0))


def _items(said: Json, notes: Notes, role: str, depth: int) -> Iterator[Item]:
    if isinstance(said, str):
        yield Message(_role(role), (Text(said),))
    elif isinstance(said, dict):
        yield from _message(said, notes, role)
    elif isinstance(said, list) and depth < _DEEPEST:
        if _is_pair(said):
            said = [{"role": said[0], "content": said[1]}]
        for each in said:
            yield from _items(each, notes, role, depth + 1)
    elif said is not None or depth:
        raise LeftOut("its messages cannot be read" if said is not None else MISSING)


MISSING = "one of its messages is missing"


def _is_pair(said: list[Json]) -> bool:
    """LangChain's `["human", "..."]`."""
    return len(said) == 2 and isinstance(said[0], str) and said[0] in (*_ROLES, *_TOOLS)


def _role(name: str) -> Role:
    return _ROLES.get(name, Role.USER)


def unwrapped(message: Fields) -> Fields:
    """The message without what frameworks put around it, or before its names."""
    if "lc" in message and isinstance(message.get("kwargs"), dict):
        path = message.get("id")
        named = text(path[-1]) if isinstance(path, list) and path else ""
        return {"type": named, **fields(message["kwargs"])}
    for name in ("message", "data", "kwargs"):
        inner = message.get(name)
        if isinstance(inner, dict) and "content" not in message:
            kind = {"type": message["type"]} if isinstance(message.get("type"), str) else {}
            return {**kind, **inner}
    if any(name.startswith("message.") for name in message):
        return {name.removeprefix("message."): value for name, value in message.items()}
    return message


def is_message(told: Json) -> bool:
    """True for what some SDK or framework calls a message; False for any other JSON value."""
    if not isinstance(told, dict):
        return isinstance(told, str)
    message = unwrapped(told)
    kind = text(message.get("type"))
    if isinstance(message.get("role"), str) or kind in _ITEMS or message.keys() & _MARKS:
        return True
    found = _CLASS.fullmatch(kind.lower())
    if found is not None and (found["role"] in _ROLES or found["role"] in _TOOLS):
        return True
    return bool(message.keys() & {"content", "text"}) and message.keys() <= _FIELDS


_MARKS = frozenset(
    {"parts", "contents", "tool_calls", "function_call", "additional_kwargs", "generation_info"}
)
_FIELDS = frozenset(
    {
        "content",
        "text",
        "type",
        "id",
        "name",
        "refusal",
        "finish_reason",
        "stop_reason",
        "stop_sequence",
        "index",
    }
    | {
        "message",
        "logprobs",
        "annotations",
        "usage",
        "usage_metadata",
        "response_metadata",
        "model",
        "status",
    }
    | {"reasoning", "reasoning_content", "container", "diagnostics", "stop_details"}
)
"""What may stand beside the content of a message that names no role."""


def _message(message: Fields, notes: Notes, role: str) -> Iterator[Item]:
    if not is_message(message):
        raise LeftOut("its messages cannot be read")
    message = unwrapped(message)
    kind = text(message.get("type"))
    named = text(message.get("role")).lower()
    if not named and kind in _ITEMS:
        yield from _sorted(pieces_of(message, notes), Role.ASSISTANT, None)
        return
    if not named:
        found = _CLASS.fullmatch(kind.lower())
        named = found["role"] if found and (found["role"] in _ROLES or found["role"] in _TOOLS) else role
    if named in _TOOLS:
        yield from _results(message, notes)
        return
    speaker = _role(named)
    if speaker is Role.ASSISTANT and (thought := _thought(message)):
        yield Reasoning(thought)
    content = next((message[name] for name in _CONTENT if message.get(name)), None)
    items = list(_sorted(pieces_of(content, notes), speaker, text(message.get("name")) or None))
    if refusal := text(message.get("refusal")):
        items.append(Message(speaker, (Refusal(refusal),)))
    items += _calls(message, {item.id for item in items if isinstance(item, ToolCall)})
    if not items and speaker is Role.USER:
        raise LeftOut("a message of its prompt has no content")
    yield from items


_CONTENT = ("content", "parts", "contents", "content_blocks", "text")


def _thought(message: Fields) -> str:
    """Beside the content, where servers of the Chat dialect show it."""
    more = fields(message.get("additional_kwargs"))
    found = (place.get(name) for place in (message, more) for name in ("reasoning_content", "reasoning"))
    return next((said for each in found if (said := text(each))), "")


def _calls(message: Fields, known: set[str]) -> Iterator[ToolCall]:
    """Calls beside the content; LangChain names those inside it again."""
    more = fields(message.get("additional_kwargs"))
    listed = message.get("tool_calls") or more.get("tool_calls") or message.get("invalid_tool_calls")
    for call in listed if isinstance(listed, list) else []:
        if isinstance(call, dict) and (found := call_of(call)).id not in known - {""}:
            yield found
    older = message.get("function_call") or more.get("function_call")
    names = [message.get("function_call_name"), message.get("function_call_arguments_json")]
    if isinstance(older, dict) and not listed:
        yield call_of(older)
    elif text(names[0]) and not listed:
        yield call_of({"name": names[0], "arguments": names[1]})


def _results(message: Fields, notes: Notes) -> Iterator[Item]:
    """A message of a tool: one result, or (OpenTelemetry, Gemini) several."""
    parts = message.get("parts", message.get("content"))
    inner = [fields(part) for part in parts] if isinstance(parts, list) else []
    if any(_is_result(part) for part in inner):
        yield from _sorted(pieces_of(parts, notes), Role.USER, None)
        return
    content = next((message[name] for name in _CONTENT if message.get(name) is not None), "")
    yield result_of({**message, "content": content, "id": message.get("id")}, notes)


def _is_result(part: Fields) -> bool:
    return text(part.get("type")) in ("tool_call_response", "tool_result") or "functionResponse" in part


def _sorted(pieces: Iterator[Part | Item], role: Role, name: str | None) -> Iterator[Item]:
    """Items in the order of the pieces; parts that follow each other are one message."""
    parts: list[Part] = []
    for piece in pieces:
        if isinstance(piece, ToolCall | ToolResult | Reasoning):
            if parts:
                yield Message(role, tuple(parts), name=name)
                parts = []
            yield piece
        else:
            parts.append(piece)  # type: ignore[arg-type]
    if parts:
        yield Message(role, tuple(parts), name=name)
