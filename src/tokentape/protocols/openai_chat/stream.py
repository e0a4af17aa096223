"""Chat streams: chunks with deltas by choice index, usage maybe, `[DONE]` mostly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_chat.words import message_words
from tokentape.protocols.reading import block_text, fields, number, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def is_complete(stream: Sequence[Payload]) -> bool | None:
    """`[DONE]`, or an error told in the stream; None if every choice is finished and neither came.

    Some servers send no `[DONE]` (Writer, Cloudflare), others send usage between the last finish reason
    and it: then only the end of the connection says which it is.
    """
    if any(payload.is_done for payload in reversed(stream)):
        return True
    if any(payload.fields.get("error") for payload in stream):
        return True
    return None if _is_finished(stream) else False


def _is_finished(stream: Sequence[Payload]) -> bool:
    seen: set[int] = set()
    finished: set[int] = set()
    for payload in stream:
        for choice in objects(payload.fields.get("choices")):
            index = number(choice.get("index")) or 0
            seen.add(index)
            if choice.get("finish_reason"):
                finished.add(index)
    return bool(seen) and seen == finished


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The deltas put together, choice by choice; tool calls by their index (R38)."""
    messages: dict[int, _Message] = {}
    for payload in stream:
        for choice in objects(payload.fields.get("choices")):
            message = messages.setdefault(number(choice.get("index")) or 0, _Message())
            message.add(fields(choice.get("delta")))
    return spaced(message_words(messages[index].whole()) for index in sorted(messages))


class _Message:
    """One choice while its deltas come in."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.calls: dict[int, list[str]] = {}

    def add(self, delta: dict[str, Json]) -> None:
        self.text += [block_text(delta.get("content")), text(delta.get("refusal"))]
        for order, call in enumerate(objects(delta.get("tool_calls"))):
            index = number(call.get("index"))
            self._call(order if index is None else index, fields(call.get("function")))
        if function := fields(delta.get("function_call")):
            self._call(0, function)

    def _call(self, index: int, function: dict[str, Json]) -> None:
        name_and_arguments = self.calls.setdefault(index, ["", ""])
        name_and_arguments[0] = name_and_arguments[0] or text(function.get("name"))
        name_and_arguments[1] += text(function.get("arguments"))

    def whole(self) -> Json:
        calls: list[Json] = [
            {"function": {"name": name, "arguments": arguments}}
            for _, (name, arguments) in sorted(self.calls.items())
        ]
        return {"content": "".join(self.text), "tool_calls": calls}
