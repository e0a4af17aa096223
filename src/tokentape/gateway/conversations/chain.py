"""A history as a chain of hashes, one link a turn: equal links mean that all before was equal, too.

What is compared is what was said, not how a client wrote it down. In the chain are texts, exactly; calls of
tools by name and by their arguments as JSON; results in the order of their calls, whatever the ids; media by
their bytes. Not in it are leading system texts and tools (clients change them under way), what a model
thought, ids, opaque state, citations and caching marks. Within one turn of the model the order of text and
calls does not count: Chat and Ollama cannot keep it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    FileId,
    Inline,
    Plain,
    Refusal,
    Text,
    Unknown,
    Url,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.wire.interaction import Json

SIZE = 16
"""Bytes of a link: 128 bits, so that two histories never meet by chance."""

START = b"\0" * SIZE

_SYSTEM = frozenset({Role.SYSTEM, Role.DEVELOPER})


class Turn(NamedTuple):
    """What one side says in one go: the items from `begin` to before `end`, and the link behind it."""

    side: str
    begin: int
    end: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """The turns of a history. `items` are kept as long as the chain is: for one call."""

    turns: tuple[Turn, ...]
    items: tuple[Item, ...]

    @property
    def link(self) -> bytes:
        """The link behind everything."""
        return self.turns[-1].link if self.turns else START

    def after(self, said: Sequence[Item]) -> bytes | None:
        """The link behind a reply; None for one that says nothing."""
        if not any(map(_says, said)):
            return None
        if self.turns and self.turns[-1].side == "assistant":
            last = self.turns[-1]  # the reply goes on with what the request put into the model's mouth
            before = self.turns[-2].link if len(self.turns) > 1 else START
            return _link(before, "assistant", [*self.items[last.begin : last.end], *said], {})
        return _link(self.link, "assistant", said, {})


def is_answered(items: Iterable[Item]) -> bool:
    """True if the model has a turn in a history."""
    return any(_side(item, "") == "assistant" for item in items)


def chained(items: Sequence[Item]) -> Chain:
    """The chain of a history, in one pass."""
    turns: list[Turn] = []
    link, begin, side = START, 0, ""
    order: dict[str, int] = {}
    for nth, item in enumerate(items):
        now = _side(item, side)
        if now == side or (now == "system" and not side):
            continue
        if side:
            link = _close(turns, link, side, items, (begin, nth), order)
        begin, side = nth, now
    if side:
        _close(turns, link, side, items, (begin, len(items)), order)
    return Chain(tuple(turns), tuple(items))


def _close(
    turns: list[Turn],
    link: bytes,
    side: str,
    items: Sequence[Item],
    span: tuple[int, int],
    order: dict[str, int],
) -> bytes:
    begin, end = span
    text = _plain_text(items[begin]) if end - begin == 1 else None
    if text is not None:
        made = _hashed(link, packed(side, text)) if text else None
    else:
        said = items[begin:end]
        made = _link(link, side, said, order) if any(map(_says, said)) else None
    if made is None:
        return link
    turns.append(Turn(side, begin, end, made))
    return made


def _plain_text(item: Item) -> str | None:
    """The text of a message that is nothing else, as most are."""
    if type(item) is Message and len(item.parts) == 1 and type(part := item.parts[0]) is Text:
        return part.text
    return None


def _side(item: Item, before: str) -> str:
    """Who says it."""
    match item:
        case Message():
            return "system" if item.role in _SYSTEM else item.role.value
        case ToolResult():
            return "tool"
        case Reasoning() | ToolCall() | ServerTool():
            return "assistant"
        case Unknown():
            return before or "user"


def _says(item: Item) -> bool:
    if isinstance(item, Message):
        return any(not isinstance(part, Text | Refusal) or part.text for part in item.parts)
    return not isinstance(item, Reasoning)


def _link(before: bytes, side: str, said: Iterable[Item], order: dict[str, int]) -> bytes:
    """The next link. `order` numbers the calls by their ids, over the whole history."""
    texts: list[str] = []
    others: list[bytes] = []
    results: list[tuple[int, bytes]] = []
    for item in said:
        match item:
            case Message():
                for part in item.parts:
                    _part(part, texts, others)
            case ToolCall():
                order[item.id] = len(order)
                others.append(packed("call", item.name, item.kind, arguments(item)))
            case ToolResult():
                results.append((order.get(item.call_id, len(order)), _result(item)))
            case ServerTool():
                others.append(packed("server", item.kind))
            case Unknown():
                others.append(packed("unknown", written(item.json)))
            case Reasoning():
                pass
    results.sort(key=lambda each: each[0])
    pieces = (packed(side, "".join(texts)), *others, *(piece for _, piece in results))
    return _hashed(before, b"".join(pieces))


def _hashed(before: bytes, said: bytes) -> bytes:
    return blake2b(before + said, digest_size=SIZE).digest()


def packed(*pieces: str) -> bytes:
    """Texts with their lengths before them, so that no two lists of texts look alike."""
    said = [piece.encode("utf-8", "surrogatepass") for piece in pieces]
    return b"".join([part for data in said for part in (len(data).to_bytes(8), data)])


def _part(part: Part, texts: list[str], others: list[bytes]) -> None:
    match part:
        case Text() | Refusal():
            texts.append(part.text)
        case Data():
            texts.append(part.value if isinstance(part.value, str) else written(part.value))
        case Audio():
            others.append(_media(part.source) if part.source else packed("audio", part.transcript or ""))
        case Unknown():
            others.append(packed("part", written(part.json)))
        case _:
            others.append(_media(part.source))


def _media(source: Source) -> bytes:
    match source:
        case Inline(data=data):
            return packed("bytes", _plain(data))
        case Url(url=url) if url.startswith("data:"):
            return packed("bytes", _plain(url.partition(",")[2]))
        case Url(url=url):
            return packed("url", url)
        case FileId(id=given, protocol=protocol):
            return packed("file", protocol, given)
        case Plain(text=text):
            return packed("text", text)


_STANDARD = str.maketrans("-_", "+/", "=\r\n ")


def _plain(base64: str) -> str:
    """Base64 in one spelling, without decoding it."""
    return base64.translate(_STANDARD)


def arguments(call: ToolCall) -> str:
    """The arguments of a call in one spelling; text that is no JSON as it is."""
    if call.kind != "function":
        return call.arguments
    return _value(call.arguments.strip() or "{}")


def _result(result: ToolResult) -> bytes:
    texts: list[str] = []
    others: list[bytes] = []
    for part in result.parts:
        _part(part, texts, others)
    return packed("result", _value("".join(texts))) + b"".join(others)


def _value(text: str) -> str:
    if text[:1] not in ("{", "["):
        return text
    try:
        return written(json.loads(text))
    except (ValueError, RecursionError):
        return text


def written(value: Json) -> str:
    """One text for equal JSON; what nests too deep for Python is all the same."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return "deep"
