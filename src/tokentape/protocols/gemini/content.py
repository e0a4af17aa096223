"""Contents of requests and replies as items (API reference, "Content" and "Part")."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import compact
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Maker, Opaque, Origin, Turn
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.gemini.media import MEDIA, read_media
from tokentape.protocols.gemini.names import NAME, Found, known
from tokentape.protocols.gemini.results import read_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    Node = Reasoning | ToolCall | ToolResult | ServerTool | Part

ROLES = {
    "user": Role.USER,
    "model": Role.ASSISTANT,
    "assistant": Role.ASSISTANT,
    "function": Role.USER,
    "system": Role.SYSTEM,
}
"""Roles of contents. The API takes "user", "model" and "function"; other words are the caller's, and read
as the user's."""

FAMILY = "gemini"
"""Of models, see `families`."""

CONTENT = known("role", "parts")
_TEXT = known("text", "thought", "thoughtSignature")
_CALL_PART = known("functionCall", "thoughtSignature")
_CALL = known("id", "name", "args")
_SERVER = {
    "executableCode": "code_execution",
    "codeExecutionResult": "code_execution",
    "toolCall": "server_tool",
    "toolResponse": "server_tool",
}
_KINDS = known("text", "functionCall", "functionResponse", *MEDIA, *_SERVER)


def maker_of(source: Source) -> Maker:
    """Who made the signatures in a body: whatever the model is called, this dialect has no other family."""
    return Maker(source.provider or "", FAMILY, source.credential)


class ContentReader:
    """Reads contents. `maker` made the signatures in them."""

    __slots__ = ("maker", "where")

    def __init__(self, where: Where, maker: Maker) -> None:
        self.where = where
        self.maker = maker

    def content(self, value: Json, path: Path, default: Role = Role.USER) -> list[Item]:
        """The items of one content: an object with parts, a bare part, or a string."""
        spelling: Fields = {}
        if isinstance(value, str):
            spelling["=form"] = "text"
            return self.items([{"text": value}], default, Turn(path, spelling=spelling))
        fields = self.where.fields(value, *path)
        if fields.keys() == CONTENT.names and isinstance(entries := fields["parts"], list):
            usual = _AS_USUAL.get(fields["role"]) if isinstance(fields["role"], str) else None
            if usual is not None and default is not Role.SYSTEM:
                return self.items(entries, usual[0], Turn(path, NOTHING, usual[1]))
        if not ("parts" in fields or "role" in fields) and fields:
            spelling["=form"] = "part"
            return self.items([fields], default, Turn(path, spelling=spelling))
        found = Found()
        told = found.object(fields, CONTENT)
        role = self.where.text_or_none(told.get("role"), *path, "role")
        parts = told.get("parts")
        if role != _USUAL[default]:
            found.spelling["=role"] = role
        if parts is None:
            found.spelling["=parts"] = "absent"
            parts = []
        elif isinstance(parts, dict):
            found.spelling["=parts"] = "one"
            parts = [parts]
        entries = self.where.entries(parts, *path, "parts")
        turn = Turn(path, found.rest or NOTHING, found.spelling or NOTHING)
        who = default if default is Role.SYSTEM or role is None else ROLES.get(role, Role.USER)
        return self.items(entries, who, turn)

    def items(self, parts: list[Json], role: Role, turn: Turn) -> list[Item]:
        """The items of the parts of one content. Parts that are said, and follow each other, are one
        message, and such that are thought are one thought, up to its signature: a client that read a stream
        sends back the pieces. Without any part the message is empty.
        """
        items: list[Item] = []
        run: list[Part] = []
        thoughts = 0
        for nth, part in enumerate(parts):
            node = self.part(part, nth, turn)
            if isinstance(node, Reasoning | ToolCall | ToolResult | ServerTool):
                if run:
                    items.append(Message(role, tuple(run), origin=Origin(NAME, turn.path, turn=turn)))
                    run = []
                items.append(node)
                thoughts += type(node) is Reasoning
            else:
                run.append(node)
        if run or not items:
            items.append(Message(role, tuple(run), origin=Origin(NAME, turn.path, turn=turn)))
        return list(_whole_thoughts(items)) if thoughts > 1 else items

    def part(self, value: Json, nth: int, turn: Turn) -> Node:
        """One part: an item of its own, or a part of a message."""
        if isinstance(value, dict) and len(value) == 1 and isinstance(said := value.get("text"), str):
            return Text(said)
        path = (*turn.path, "parts", nth)
        if isinstance(value, str):
            return Text(value, origin=Origin(NAME, path, spelling={"=form": "text"}))
        fields = self.where.fields(value, *path)
        kind = _kind(fields)
        node: Node | None = None
        if kind == "text":
            node = self._text(fields, path, turn)
        elif kind == "functionCall":
            node = self._call(fields, path, turn)
        elif kind == "functionResponse":
            node = read_result(fields, path, turn, self)
        elif kind in MEDIA:
            node = read_media(fields, kind, path, self)
        elif kind in _SERVER:
            node = ServerTool(NAME, _SERVER[kind], fields, origin=Origin(NAME, path, turn=turn))
        return node or Unknown(NAME, fields, Origin(NAME, path))

    def signature(self, told: Fields, path: Path) -> tuple[Opaque, ...]:
        """The signature of a part."""
        data = told.get("thoughtSignature")
        if data is None:
            return ()
        return (Opaque("thought_signature", self.where.text(data, *path, "thoughtSignature"), self.maker),)

    def _text(self, fields: Fields, path: Path, turn: Turn) -> Reasoning | Text:
        found = Found()
        told = found.object(fields, _TEXT)
        thought = self.where.flag_or_none(told.get("thought"), *path, "thought")
        opaque = self.signature(told, path)
        said = told.get("text")
        if said is None:
            found.spelling["=text"] = "absent"
            said = ""
        text = self.where.text(said, *path, "text")
        if thought:
            return Reasoning(text, opaque=opaque, origin=found.origin(path, turn))
        if thought is False:
            found.spelling["=thought"] = False
        return Text(text, opaque=opaque, origin=found.part_origin(path))

    def _call(self, fields: Fields, path: Path, turn: Turn) -> ToolCall | None:
        found = Found()
        told = found.object(fields, _CALL_PART)
        inner = (*path, "functionCall")
        call = found.object(self.where.fields(told["functionCall"], *inner), _CALL, "functionCall.")
        name = self.where.text_or_none(call.get("name"), *inner, "name")
        if name is None:
            return None
        given = self.where.text_or_none(call.get("id"), *inner, "id")
        if given == "":
            found.spelling["=id"] = ""
        arguments = "{}"
        if "args" in call:
            arguments = compact(self.where.fields(call["args"], *inner, "args"))
        else:
            found.spelling["=args"] = "absent"
        opaque = self.signature(told, path)
        return ToolCall(given or "", name, arguments, opaque=opaque, origin=found.origin(path, turn))


def _whole_thoughts(items: list[Item]) -> Iterator[Item]:
    """The items, pieces of thoughts put together."""
    run: list[Reasoning] = []
    for item in items:
        if run and not (isinstance(item, Reasoning) and _goes_on(run[-1]) and _goes_on(item, signed=True)):
            yield _joined(run)
            run = []
        if isinstance(item, Reasoning):
            run.append(item)
        else:
            yield item
    if run:
        yield _joined(run)


def _goes_on(thought: Reasoning, *, signed: bool = False) -> bool:
    """True for a piece of a thought of which nothing else is told; only the last may be signed."""
    origin = thought.origin
    bare = origin is not None and not origin.rest and not origin.spelling
    return bare and (signed or not thought.opaque)


def _joined(run: list[Reasoning]) -> Reasoning:
    """One thought, whose origin keeps where its pieces end."""
    first, last = run[0], run[-1]
    if first is last or first.origin is None:
        return first
    texts = [piece.text for piece in run]
    origin = replace(first.origin, spelling={"=pieces": list(accumulate(map(len, texts)))})
    return replace(first, text="".join(texts), opaque=last.opaque, origin=origin)


_AS_USUAL: dict[str, tuple[Role, Fields]] = {
    "user": (Role.USER, {"=role": "user"}),
    "model": (Role.ASSISTANT, {"=role": "model"}),
}
_USUAL = {Role.USER: "user", Role.ASSISTANT: "model", Role.SYSTEM: None}


def _kind(fields: Fields) -> str:
    """Which of the kinds of data the part holds; a signature alone signs an empty text."""
    for name, value in fields.items():
        kind = _KINDS.snakes.get(name, name)
        if value is not None and kind in _KINDS.names:
            return kind
    signed = fields.keys() & {"thoughtSignature", "thought_signature"}
    return "text" if signed and fields.keys() <= {*signed, "thought", "text"} else ""
