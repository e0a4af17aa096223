"""The events of a ConverseStream as the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.stream import is_exception
from tokentape.protocols.reading import fields, number, text
from tokentape.protocols.synthesis import NotConvertible
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PADDING = "p"
"""Letters that hide how long an event is."""


def fold(stream: Sequence[Payload]) -> Fields:
    """The reply. Raises `NotConvertible` for an error in the stream, or a stream that is no message."""
    message: Fields | None = None
    blocks: dict[int, _Block] = {}
    reply: Fields = {}
    for payload in stream:
        if is_exception(payload):
            raise NotConvertible("the stream ended with an error")
        event = {name: value for name, value in payload.fields.items() if name != _PADDING}
        index = number(event.get("contentBlockIndex")) or 0
        match payload.name:
            case "messageStart":
                message = event
            case "contentBlockStart":
                blocks.setdefault(index, _Block()).start = fields(event.get("start"))
            case "contentBlockDelta":
                blocks.setdefault(index, _Block()).add(fields(event.get("delta")))
            case "messageStop" | "metadata":
                reply.update(event)
    if message is None:
        raise NotConvertible("the stream does not start a message")
    content: list[Json] = [blocks[index].whole() for index in sorted(blocks)]
    return {"output": {"message": {**message, "content": content}}, **reply}


class _Block:
    """One content block while its deltas come in."""

    def __init__(self) -> None:
        self.start: Fields = {}
        self._texts: dict[str, list[str]] = {}
        self._lists: dict[str, list[Json]] = {}

    def add(self, delta: Fields) -> None:
        """Texts go on, a blob is told once, results and citations are told one by one."""
        for name, value in delta.items():
            if name == "text":
                self._text("text", value)
            elif name == "toolUse":
                self._text("input", fields(value).get("input"))
            elif name == "reasoningContent":
                for kind, said in fields(value).items():
                    self._text(f"thought.{kind}", said)
            elif name == "toolResult" and isinstance(value, list):
                self._lists.setdefault(name, []).extend(value)
            elif name in ("citation", "image"):
                self._lists.setdefault(name, []).append(value)
            else:
                raise NotConvertible(f"a block goes on with {name}, which nobody knows")

    def _text(self, name: str, value: Json) -> None:
        self._texts.setdefault(name, []).append(text(value))

    def _said(self, name: str) -> str:
        return "".join(self._texts.get(name, ()))

    def whole(self) -> Fields:
        """The block."""
        if self.start:
            return self._started()
        blobs = self._texts.get("thought.redactedContent")
        if blobs is not None:
            if len(blobs) > 1 or len(self._texts) > 1:
                raise NotConvertible("a redacted thought came in pieces")
            return {"reasoningContent": {"redactedContent": blobs[0]}}
        if "thought.text" in self._texts or "thought.signature" in self._texts:
            thought: Fields = {"text": self._said("thought.text")}
            if "thought.signature" in self._texts:
                thought["signature"] = self._said("thought.signature")
            return {"reasoningContent": {"reasoningText": thought}}
        said: Fields = {"text": self._said("text")}
        if "citation" in self._lists:
            return {"citationsContent": {"content": [said], "citations": self._lists["citation"]}}
        return said

    def _started(self) -> Fields:
        ((kind, value), *others) = self.start.items()
        told = fields(value)
        if kind == "toolUse" and not others:
            return {kind: {**told, "input": _read(self._said("input"))}}
        if kind == "toolResult" and not others:
            return {kind: {**told, "content": self._lists.get(kind, [])}}
        pictures = self._lists.get("image", [])
        if kind == "image" and len(pictures) == 1:
            return {kind: {**told, **fields(pictures[0])}}
        raise NotConvertible(f"a block starts as {kind}, and is none that is known")


def _read(written: str) -> Json:
    try:
        return parse(written) if written else {}
    except JsonError:
        raise NotConvertible("the input of a tool call is not whole JSON") from None
