"""A key that groups the same prompt across dialects, models and parameters.

It is for comparing and counting, never for matching: it leaves out much that changes an answer. In it are
the words of everybody (the developer speaks as the system does), calls of tools with their arguments as
JSON, results in the order of the calls, media by their bytes, the caller's tools by name and schema. Left
out are options, formats, the choice of tools, what a model thought, ids, names, opaque state, citations,
logprobs, errors' flags and caching marks.

The form is versioned by its prefix; a change of it takes a new one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.items import Message, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Unknown,
    Url,
    Video,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.conversation import Conversation, NativeTool
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.wire.interaction import Json

VERSION = "s1"

_BETWEEN = "\n\n"
"""What stands between texts that one dialect has apart and another in one."""


def semantic_key(conversation: Conversation) -> str:
    """The same for the same prompt: `s1:` and 32 hexadecimal digits."""
    return _key(_turns(conversation.items), conversation)


def key_and_links(conversation: Conversation) -> tuple[str, list[bytes]]:
    """The key, and a digest of what was said up to the end of each turn, from the first on that is not the
    system's: where a history begins with another conversation, its last link is among these.
    """
    turns = _turns(conversation.items)
    link, links, begun = hashlib.sha256(), list[bytes](), False
    for turn in turns:
        link.update(_written(turn).encode("utf-8", "surrogatepass"))
        begun = begun or (isinstance(turn, list) and turn[0] != "system")
        if begun:
            links.append(link.digest()[:16])
    return _key(turns, conversation), links


def _key(turns: list[Json], conversation: Conversation) -> str:
    tools: list[Json] = [*sorted(map(_tool, conversation.tools))]
    return f"{VERSION}:{_hash(_written([turns, tools]))[:32]}"


def _hash(data: str | bytes) -> str:
    return hashlib.sha256(
        data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    ).hexdigest()


def _written(value: Json) -> str:
    """One text for equal JSON; what nests too deep for Python is all the same."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return '"deep"'


def _turns(items: Iterable[Item]) -> list[Json]:
    """What each side says in turn: words and media of one side that follow each other are one turn."""
    turns: list[Json] = []
    last: list[Json] = []
    speaker = ""
    for side, what in _said(items):
        if side != speaker or not turns:
            speaker, last = side, []
            turns.append([side, last])
        _join(last, what)
    return turns


def _join(last: list[Json], what: Json) -> None:
    """`what` after what was said: texts that follow each other are one."""
    before = last[-1] if last else None
    if isinstance(what, list) and isinstance(before, list) and what[0] == before[0] == "text":
        last[-1] = ["text", f"{before[1]}{_BETWEEN}{what[1]}"]
    else:
        last.append(what)


def _said(items: Iterable[Item]) -> Iterator[tuple[str, Json]]:
    """Everything that counts, in order, with its side."""
    calls: dict[str, list[int]] = {}
    results: list[tuple[int, Json]] = []
    count = 0
    for item in items:
        if isinstance(item, ToolResult):
            waiting = calls.get(item.call_id)
            place = waiting.pop(0) if waiting else count
            results.append((place, ["result", _result(item)]))
            continue
        yield from _in_order(results)
        if isinstance(item, Message):
            side = "system" if item.role is Role.DEVELOPER else item.role.value
            for part in item.parts:
                if (what := part_said(part)) is not None:
                    yield side, what
        elif isinstance(item, ToolCall):
            calls.setdefault(item.id, []).append(count)
            count += 1
            yield "assistant", ["call", item.name, _arguments(item)]
        elif isinstance(item, ServerTool):
            yield "assistant", ["server", item.kind]
        elif isinstance(item, Unknown):
            yield "unknown", _hash(_written(item.json))
    yield from _in_order(results)


def _in_order(results: list[tuple[int, Json]]) -> Iterator[tuple[str, Json]]:
    """The results so far, in the order of their calls (case 5)."""
    for _, result in sorted(results, key=lambda each: each[0]):
        yield "tool", result
    results.clear()


def _arguments(call: ToolCall) -> Json:
    """The value of the JSON; text that is none, and what other kinds of tools take, as it is."""
    if call.kind != "function":
        return [call.kind, call.arguments]
    if not call.arguments.strip():
        return "{}"
    return _value(call.arguments)


def _value(text: str) -> str:
    """JSON in one spelling; other text as it is."""
    try:
        return _written(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _result(result: ToolResult) -> Json:
    """Texts and values as one; a value is the same as its JSON in a text."""
    found: list[Json] = []
    for part in result.parts:
        if isinstance(part, Data):
            _join(found, ["text", part.value if isinstance(part.value, str) else _written(part.value)])
        elif (what := part_said(part)) is not None:
            _join(found, what)
    return [
        ["text", _value(str(what[1]))] if isinstance(what, list) and what[0] == "text" else what
        for what in found
    ]


def part_said(part: Part) -> Json:
    """What a part says; None for one that says nothing."""
    match part:
        case Text() | Refusal():
            return ["text", part.text] if part.text else None
        case Data():
            return ["text", _written(part.value)]
        case Image() | Document() | Video():
            return _media(type(part).__name__.lower(), part.source)
        case Audio():
            return _media("audio", part.source) if part.source else ["audio", part.transcript or part.id]
        case Unknown():
            return ["unknown", _hash(_written(part.json))]


def _media(kind: str, source: Source) -> Json:
    """Media are their bytes, wherever those are; a document that is its text, too."""
    match source:
        case Inline(data=data):
            return [kind, _hash(_bytes(data))]
        case Url(url=url) if url.startswith("data:"):
            return [kind, _hash(_bytes(url.partition(",")[2]))]
        case Url(url=url):
            return [kind, url]
        case FileId(id=id, protocol=protocol):
            return [kind, protocol, id]
        case Plain(text=text):
            return [kind, _hash(text)]


def _bytes(data: str) -> bytes:
    """What base64 holds, in either alphabet; the text itself where it holds nothing."""
    text = data.encode("utf-8", "surrogatepass").translate(_STANDARD)
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return text


_STANDARD = bytes.maketrans(b"-_", b"+/")


def _tool(tool: Tool | NativeTool) -> str:
    """A tool by its name and schema; one that the provider runs by its kind."""
    if isinstance(tool, Tool):
        try:
            return _written([tool.name, _schema(tool.schema) or {}, tool.format])
        except RecursionError:
            return tool.name
    return _written(["native", tool.kind])


def _schema(schema: Json) -> Json:
    """A schema without what dialects spell differently: the case of types, the order of required names."""
    if isinstance(schema, list):
        return [_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Json] = {}
    for name, value in schema.items():
        if name == "$schema" or (name == "additionalProperties" and value is False):
            continue
        if name == "type" and isinstance(value, str):
            found[name] = value.lower()
        elif name == "required" and isinstance(value, list):
            found[name] = sorted(value, key=str)
        elif name == "properties" and isinstance(value, dict):
            found[name] = {each: _schema(inner) for each, inner in value.items()}
        else:
            found[name] = value if name in _LITERAL else _schema(value)
    return {} if found in ({"type": "object"}, {"type": "object", "properties": {}}) else found


_LITERAL = frozenset({"const", "default", "enum", "example", "examples"})
"""Keywords whose values are no schemas."""
