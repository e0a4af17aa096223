"""Cohere's chat, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.reading import compact
from tokentape.testing.provider.turn import Question, Serial, Turn, fragments, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


PLAN = "I will ask the tool."
"""What a model that does not think says before it calls."""


class Cohere(Chat):
    """`POST /v2/chat`. Its requests read as those of Chat; its replies are its own."""

    json_type = "application/json"
    stream_type = "text/event-stream"

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """`message`, `finish_reason`, `usage`."""
        message: dict[str, Json] = {"role": "assistant"}
        if turn.calls:
            if turn.thinking:
                message["content"] = _thought(turn)
            else:
                message["tool_plan"] = turn.text or PLAN
            message["tool_calls"] = [self._call(turn, i, serial) for i in range(len(turn.calls))]
        else:
            message["content"] = [*_thought(turn), {"type": "text", "text": turn.text}]
        reply: dict[str, Json] = {"id": _id(serial), "message": message}
        return compact(reply | _end(question, turn))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """`message-start`, content or calls in deltas, `message-end`. No `[DONE]`."""
        start: dict[str, Json] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
        yield _event("message-start", {"id": _id(serial), "delta": {"message": start | {"citations": []}}})
        yield from self._called(turn, serial) if turn.calls else _told(turn)
        yield _event("message-end", {"delta": _end(question, turn)})

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"id": ..., "message": ...}`."""
        return compact({"id": _id(serial), "message": message})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """A `message-end` that says ERROR."""
        return _event("message-end", {"delta": {"finish_reason": "ERROR", "error": message}})

    def headers(self, serial: Serial) -> Headers:
        """`x-debug-trace-id`."""
        return (("x-debug-trace-id", serial.hex("request", 32)),)

    def _called(self, turn: Turn, serial: Serial) -> Iterator[bytes]:
        if turn.thinking:
            yield from _content(0, "thinking", words(turn.thinking))
        else:
            yield _delta("tool-plan-delta", None, {"tool_plan": turn.text or PLAN})
        for i, call in enumerate(turn.calls):
            opened = self._call(turn, i, serial) | {"function": {"name": call.name, "arguments": ""}}
            yield _delta("tool-call-start", i, {"tool_calls": opened})
            for part in fragments(call.json):
                yield _delta("tool-call-delta", i, {"tool_calls": {"function": {"arguments": part}}})
            yield _event("tool-call-end", {"index": i})


def _told(turn: Turn) -> Iterator[bytes]:
    kinds = [("thinking", words(turn.thinking))] if turn.thinking else []
    for index, (kind, pieces) in enumerate([*kinds, ("text", turn.pieces)]):
        yield from _content(index, kind, pieces)


def _content(index: int, kind: str, pieces: list[str]) -> Iterator[bytes]:
    yield _delta("content-start", index, {"content": {"type": kind, kind: ""}})
    for piece in pieces:
        yield _delta("content-delta", index, {"content": {kind: piece}})
    yield _event("content-end", {"index": index})


def _thought(turn: Turn) -> list[Json]:
    return [{"type": "thinking", "thinking": turn.thinking}] if turn.thinking else []


def _event(kind: str, fields: dict[str, Json]) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + compact({"type": kind, **fields}) + b"\n\n"


def _delta(kind: str, index: int | None, message: Json) -> bytes:
    place: dict[str, Json] = {} if index is None else {"index": index}
    return _event(kind, place | {"delta": {"message": message}})


def _id(serial: Serial) -> str:
    digits = serial.hex(length=32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _end(question: Question, turn: Turn) -> dict[str, Json]:
    reason = "MAX_TOKENS" if turn.cut_short else "TOOL_CALL" if turn.calls else "COMPLETE"
    counts: Json = {"input_tokens": question.tokens, "output_tokens": turn.tokens}
    return {"finish_reason": reason, "usage": {"billed_units": counts, "tokens": counts}}
