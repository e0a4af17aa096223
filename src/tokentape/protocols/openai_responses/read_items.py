"""Reading items: of a request's input and of a response's output, which are of the same kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Opaque, Origin, rest_of
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.openai_responses.content import read_parts
from tokentape.protocols.openai_responses.names import NAME, SERVER_TOOLS, STREAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_MESSAGE = frozenset({"type", "role", "content", "id"})
_CALL = frozenset({"type", "id", "call_id", "name", "arguments"})
_CUSTOM_CALL = frozenset({"type", "id", "call_id", "name", "input"})
_RESULT = frozenset({"type", "id", "call_id", "output"})
_REASONING = frozenset({"type", "id", "summary", "content", "encrypted_content"})
_ROLES = {role.value: role for role in Role}


def read_item(value: Json, where: Where, maker: Maker) -> Item:
    """One item; `where` is its place. A kind that nobody knows is `Unknown`."""
    item = where.fields(value)
    kind = item.get("type")
    if kind is None and "role" in item:
        return _message(item, where)
    if not isinstance(kind, str):
        return Unknown(NAME, item, Origin(NAME, where.path))
    if kind == "reasoning":
        return _reasoning(item, where, maker)
    if kind in SERVER_TOOLS:
        return _server_tool(item, kind, where)
    read = _READERS.get(kind)
    return Unknown(NAME, item, Origin(NAME, where.path)) if read is None else read(item, where)


def _message(item: Fields, where: Where) -> Message:
    given = where.text(item.get("role"), "role")
    role = _ROLES.get(given)
    content = item.get("content")
    spelling: Fields = {} if "type" in item else {"type": None}
    rest = rest_of(item, _MESSAGE)
    if role is None:
        role = Role.USER
        rest = {**rest, "role": given}
    parts: tuple[Part, ...]
    if isinstance(content, str):
        spelling["content"] = "text"
        parts = (Text(content),)
    elif content is None:
        spelling["content"] = None
        parts = ()
    else:
        parts = read_parts(content, role.value, where, "content")
    origin = Origin(NAME, where.path, rest, spelling)
    return Message(role, parts, where.text_or_none(item.get("id"), "id"), origin=origin)


def _function_call(item: Fields, where: Where) -> ToolCall:
    return ToolCall(
        where.text_or_none(item.get("call_id"), "call_id") or "",
        where.text(item.get("name"), "name"),
        where.text(item.get("arguments"), "arguments"),
        item_id=where.text_or_none(item.get("id"), "id"),
        origin=Origin(NAME, where.path, rest_of(item, _CALL)),
    )


def _custom_call(item: Fields, where: Where) -> ToolCall:
    return ToolCall(
        where.text_or_none(item.get("call_id"), "call_id") or "",
        where.text(item.get("name"), "name"),
        where.text(item.get("input"), "input"),
        "custom",
        item_id=where.text_or_none(item.get("id"), "id"),
        origin=Origin(NAME, where.path, rest_of(item, _CUSTOM_CALL)),
    )


def _function_result(item: Fields, where: Where) -> ToolResult:
    return _result(item, where, "function")


def _custom_result(item: Fields, where: Where) -> ToolResult:
    return _result(item, where, "custom")


def _result(item: Fields, where: Where, kind: str) -> ToolResult:
    output = item.get("output")
    spelling: Mapping[str, Json] = NOTHING
    parts: tuple[Part, ...]
    if isinstance(output, str):
        spelling = _AS_TEXT
        parts = (Text(output),)
    else:
        parts = read_parts(output, "user", where, "output")
    return ToolResult(
        where.text_or_none(item.get("call_id"), "call_id") or "",
        parts,
        kind=kind,
        item_id=where.text_or_none(item.get("id"), "id"),
        origin=Origin(NAME, where.path, rest_of(item, _RESULT), spelling),
    )


_AS_TEXT: Mapping[str, Json] = {"output": "text"}


def _reasoning(item: Fields, where: Where, maker: Maker) -> Reasoning:
    spelling: Fields = {}
    summary = _thoughts(item.get("summary"), "summary", "summary_text", where, spelling)
    content = _thoughts(item.get("content"), "content", "reasoning_text", where, spelling)
    if "summary" not in item:
        spelling["summary"] = None
    if content and (len(content) > 1 or not content[0]):
        spelling["content_lengths"] = [len(text) for text in content]
    elif not content and item.get("content") is not None:
        spelling["content_lengths"] = []
    sealed = where.text_or_none(item.get("encrypted_content"), "encrypted_content")
    return Reasoning(
        "".join(content),
        summary,
        () if sealed is None else (Opaque("encrypted", sealed, maker),),
        where.text_or_none(item.get("id"), "id"),
        Origin(NAME, where.path, rest_of(item, _REASONING), spelling),
    )


def _thoughts(value: Json, field: str, usual: str, where: Where, spelling: Fields) -> tuple[str, ...]:
    """The texts of a summary or a thought; `spelling` notes what else their parts say."""
    if value is None:
        return ()
    found: list[str] = []
    odd = False
    more: list[Json] = []
    for n, entry in enumerate(where.entries(value, field)):
        part = where.fields(entry, field, n)
        found.append(where.text(part.get("text"), field, n, "text"))
        rest = {name: said for name, said in part.items() if name not in ("type", "text")}
        if part.get("type") != usual:
            rest["type"] = part.get("type")
        odd = odd or bool(rest)
        more.append(rest)
    if odd:
        spelling[f"{field}_rest"] = more
    return tuple(found)


def _server_tool(item: Fields, kind: str, where: Where) -> ServerTool:
    field = STREAMED.get(kind)
    origin = Origin(NAME, where.path)
    written = item.get(field) if field else None
    if field is None or not isinstance(written, str):
        return ServerTool(NAME, SERVER_TOOLS[kind], item, origin=origin)
    json = {name: value for name, value in item.items() if name != field}
    return ServerTool(NAME, SERVER_TOOLS[kind], json, written, origin)


_READERS: dict[str, Callable[[Fields, Where], Item]] = {
    "message": _message,
    "function_call": _function_call,
    "custom_tool_call": _custom_call,
    "function_call_output": _function_result,
    "custom_tool_call_output": _custom_result,
}
