"""What a message is made of, in the words of every SDK, framework and convention that writes traces.

A block is told by its `type` ("text", "image_url", "tool_use", "tool_call_response", ...) or, without one, by
its only field (Gemini's and Bedrock's parts). What nobody here knows is noted as lost. An image or a document
whose bytes the trace did not keep makes a prompt another prompt: such a call is left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.media import media_of
from tokentape.protocols.canonical.items import Reasoning, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Data, Refusal, Text
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    Piece = Part | ToolCall | ToolResult | Reasoning

_TEXT = frozenset({"text", "input_text", "output_text", "text_delta", "plain_text"})
_CALL = frozenset({"tool_use", "tool_call", "function_call", "toolUse", "functionCall", "function"})
_RESULT = frozenset(
    {"tool_result", "tool_call_response", "function_call_output", "toolResult", "functionResponse"}
    | {"function_response", "tool_message"}
)
_THOUGHT = frozenset({"thinking", "reasoning", "redacted_thinking", "reasoningContent", "reasoning_content"})
_SILENT = frozenset({"cachePoint", "step-start", "thought_signature", "cache_control"})
"""Marks that say nothing to a model."""


def pieces_of(content: Json, notes: Notes) -> Iterator[Piece]:
    """The pieces of a message's content: a text, a block, or a list of either. Raises `LeftOut`."""
    for block in content if isinstance(content, list) else [content]:
        if isinstance(block, str):
            if block:
                yield Text(_shown(block))
        elif isinstance(block, dict):
            yield from _block(block, notes)
        elif block is not None:
            yield Text(json.dumps(block))
        elif isinstance(content, list):
            notes.lose("a part of a message, of which the trace holds only the place")


def _shown(said: str) -> str:
    if said == _HIDDEN:
        raise LeftOut("what was said is hidden in the trace")
    return said


_HIDDEN = "__REDACTED__"
"""What instrumentations of OpenInference write in the place of what they are told to hide."""


def _block(block: Fields, notes: Notes) -> Iterator[Piece]:
    if "message_content" in block:  # OpenInference
        block = {**fields(block["message_content"]), "tool_call": block.get("tool_call")}
    if "tool_call" in block and "type" not in block:
        yield call_of(block)
        return
    kind = text(block.get("type")) or next((name for name in block if name in _BARE), "")
    inner = block.get(kind)
    if kind in _TEXT:
        yield from _text(block, inner)
    elif kind in _CALL:
        yield call_of(inner if isinstance(inner, dict) and "name" in inner else block)
    elif kind in _RESULT:
        yield result_of(inner if isinstance(inner, dict) and kind in _BARE else block, notes)
    elif kind in _THOUGHT:
        yield from _thought({**block, **inner} if isinstance(inner, dict) else block)
    elif kind == "message":
        yield from pieces_of(block.get("content"), notes)
    elif kind not in _SILENT:
        yield from _other(kind, block, notes)


def _text(block: Fields, inner: Json) -> Iterator[Piece]:
    said = block.get("text")
    if said := text(said if isinstance(said, str) else block.get("content", inner)):
        yield Reasoning(said) if block.get("thought") is True else Text(_shown(said))


def _other(kind: str, block: Fields, notes: Notes) -> Iterator[Piece]:
    if kind == "refusal":
        yield Refusal(text(block.get("refusal")) or text(block.get("content")))
    elif kind == "json":
        yield Data(block.get("json"))
    elif (found := media_of(kind, block)) is not None:
        yield found
    else:
        notes.lose(f"a part of type {kind or '(none)'!r}")


_BARE = frozenset(
    {
        "text",
        "functionCall",
        "functionResponse",
        "function_call",
        "function_response",
        "toolUse",
        "toolResult",
    }
    | {"inlineData", "inline_data", "fileData", "file_data", "image", "document", "video", "reasoningContent"}
    | {"cachePoint", "json"}
)
"""The only field of a part of Gemini or Bedrock."""


def call_of(block: Fields) -> ToolCall:
    """A call of a tool, of any SDK or framework."""
    inner = fields(block.get("tool_call")) or block
    function = fields(inner.get("function")) or inner
    name = _first(function, "name", "function.name", "tool_call.function.name") or text(inner.get("name"))
    given = next((function[key] for key in _ARGUMENTS if function.get(key) is not None), None)
    arguments = given if isinstance(given, str) else _compact({} if given is None else given)
    ids = _first(inner, "call_id", "id", "toolUseId", "tool_call_id", "tool_use_id", "tool_call.id")
    return ToolCall(ids, name, arguments)


def _compact(value: Json) -> str:
    """As most models write arguments."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_ARGUMENTS = (
    "arguments",
    "args",
    "input",
    "function.arguments",
    "tool_call.function.arguments",
    "parameters",
)


def result_of(block: Fields, notes: Notes, name: str = "") -> ToolResult:
    """What a tool gave back."""
    ids = _first(block, "tool_call_id", "call_id", "tool_use_id", "toolUseId", "id")
    given = next((block[key] for key in _GIVEN if block.get(key) is not None), None)
    if isinstance(given, dict) and not (given.get("type") or given.keys() <= _BARE):
        given = json.dumps(given, ensure_ascii=False)
    parts = tuple(piece for piece in pieces_of(given, notes) if not isinstance(piece, _ITEMS))
    failed = block.get("is_error") is True or block.get("status") == "error"
    return ToolResult(ids, parts, text(block.get("name")) or name or None, True if failed else None)


_GIVEN = ("response", "result", "content", "output")
_ITEMS = (ToolCall, ToolResult, Reasoning)


def _thought(block: Fields) -> Iterator[Reasoning]:
    inner = fields(block.get("reasoningText")) or block
    said = _first(inner, "thinking", "text", "content", "reasoning")
    summary = tuple(
        text(fields(part).get("text")) for part in _list(block.get("summary")) if isinstance(part, dict)
    )
    opaque: list[Opaque] = []
    maker = Maker("anthropic", "claude")
    if signature := _first(inner, "signature"):
        opaque.append(Opaque("signature", signature, maker))
    if block.get("type") == "redacted_thinking" and (data := text(block.get("data"))):
        opaque.append(Opaque("redacted", data, maker))
    if said or summary or opaque:
        yield Reasoning(said, tuple(filter(None, summary)), tuple(opaque))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _first(block: Fields, *names: str) -> str:
    return next((found for name in names if (found := text(block.get(name)))), "")
