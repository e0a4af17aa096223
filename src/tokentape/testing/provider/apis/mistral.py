"""Mistral's chat: OpenAI's path, with its own ids, errors, thinking and ways of streaming."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.chat import Chat, finish, sse
from tokentape.testing.provider.reading import at, compact, mapped
from tokentape.testing.provider.turn import Question, Serial, Turn, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Mistral(Chat):
    """`POST /v1/chat/completions` as the platform of Mistral answers it."""

    def question(self, body: Json, path: str) -> Question:
        """As in Chat; thinking is a mode or an effort."""
        read = super().question(body, path)
        thinking = at(body, "prompt_mode") == "reasoning" or at(body, "reasoning_effort") == "high"
        return replace(read, thinking=thinking)

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """A `chat.completion`."""
        calls: Json = [self._call(turn, i, serial) for i in range(len(turn.calls))] or None
        message: Json = {"role": "assistant", "tool_calls": calls, "content": _content(turn)}
        choice: Json = {"index": 0, "finish_reason": finish(turn), "message": message}
        head = self._head("chat.completion", question, serial)
        return compact(head | {"choices": [choice], "usage": _usage(question, turn)})

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """Chunks; calls come whole, and the last chunk has finish reason and usage together."""
        head = self._head("chat.completion.chunk", question, serial)
        yield sse(head | {"choices": [_choice({"role": "assistant", "content": ""})]})
        for piece in words(turn.thinking):
            yield sse(head | {"choices": [_choice({"content": [_thought(piece)]})]})
        for piece in turn.pieces:
            yield sse(head | {"choices": [_choice({"content": piece})]})
        last: dict[str, Json] = {"content": ""}
        if turn.calls:
            last["tool_calls"] = [self._call(turn, i, serial) | {"index": i} for i in range(len(turn.calls))]
        yield sse(head | {"choices": [_choice(last, finish(turn))], "usage": _usage(question, turn)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """An error object, or `detail` where the gateway in front answers."""
        return compact(_error(status, message))

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """The error object as an event."""
        return sse(_error(status, message))

    def headers(self, serial: Serial) -> Headers:
        """`mistral-correlation-id`."""
        return (("mistral-correlation-id", serial.hex("request", 32)),)

    def _head(self, kind: str, question: Question, serial: Serial) -> dict[str, Json]:
        return super()._head(kind, question, serial) | {"id": serial.hex(length=32)}

    def _call(self, turn: Turn, i: int, serial: Serial) -> dict[str, Json]:
        made = super()._call(turn, i, serial)
        return {"id": serial.hex(f"call {i}", 9), "function": mapped(made["function"])}


def _choice(delta: dict[str, Json], finish_reason: str | None = None) -> Json:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _thought(text: str) -> Json:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _content(turn: Turn) -> Json:
    return [_thought(turn.thinking), {"type": "text", "text": turn.text}] if turn.thinking else turn.text


def _usage(question: Question, turn: Turn) -> dict[str, Json]:
    total = question.tokens + turn.tokens
    return {"prompt_tokens": question.tokens, "total_tokens": total, "completion_tokens": turn.tokens}


def _error(status: int, message: str) -> Json:
    if status == 401:
        return {"detail": message}
    if status == 422:
        return {"detail": [{"type": "value_error", "loc": ["body"], "msg": message, "input": None}]}
    kind = {404: "invalid_model", 429: "rate_limited"}.get(status, "invalid_request_error")
    return {"object": "error", "message": message, "type": kind, "param": None, "code": str(1000 + status)}
