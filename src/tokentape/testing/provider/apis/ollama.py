"""Ollama's chat and generate: a line of JSON for each piece, streamed unless the client says no."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.reading import at, compact, mapped, string
from tokentape.testing.provider.turn import Question, Serial, Turn, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Ollama(Chat):
    """`POST /api/chat`. Tools and messages read as those of Chat."""

    json_type = "application/json; charset=utf-8"
    stream_type = "application/x-ndjson"

    def question(self, body: Json, path: str) -> Question:
        """As in Chat; without `stream` it streams, and `format` is a schema or "json"."""
        wanted = at(body, "format")
        return replace(
            super().question(body, path),
            stream=at(body, "stream") is not False,
            schema=mapped(wanted) if wanted else None,  # "json" reads as {}: any object
            thinking=at(body, "think") is True,
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """The one object, with counts."""
        return compact(_line(question, serial) | {"message": _message(turn)} | _end(question, turn))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """A line a piece; calls come whole; the last line has no text, and the counts."""
        head = _line(question, serial)
        for thought in words(turn.thinking):
            said: Json = {"role": "assistant", "content": "", "thinking": thought}
            yield compact(head | {"message": said, "done": False}) + b"\n"
        for piece in turn.pieces:
            yield compact(head | {"message": {"role": "assistant", "content": piece}, "done": False}) + b"\n"
        if turn.calls:
            yield compact(head | {"message": _message(Turn(calls=turn.calls)), "done": False}) + b"\n"
        last: Json = {"role": "assistant", "content": ""}
        yield compact(head | {"message": last} | _end(question, turn)) + b"\n"

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"error": "..."}`."""
        return compact({"error": message})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """The same, as a line."""
        return compact({"error": message}) + b"\n"

    def headers(self, serial: Serial) -> Headers:
        """None: a local server has nobody to look an id up."""
        return ()


class OllamaGenerate(Ollama):
    """`POST /api/generate`: a prompt in, text out, no tools."""

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; `path` does not matter here."""
        return replace(super().question(body, path), text=string(at(body, "prompt")), tools=())

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """The one object, with counts."""
        return compact(_line(question, serial) | _generated(turn.text, turn.thinking) | _end(question, turn))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """A line a piece; the last has no text, and the counts."""
        head = _line(question, serial)
        for thought in words(turn.thinking):
            yield compact(head | _generated("", thought) | {"done": False}) + b"\n"
        for piece in turn.pieces:
            yield compact(head | _generated(piece) | {"done": False}) + b"\n"
        yield compact(head | _generated("") | _end(question, turn)) + b"\n"


def _generated(text: str, thinking: str = "") -> dict[str, Json]:
    said: dict[str, Json] = {"response": text}
    return said | {"thinking": thinking} if thinking else said


def _line(question: Question, serial: Serial) -> dict[str, Json]:
    made = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(serial.created))
    return {"model": question.model, "created_at": f"{made}.123456789Z"}


def _message(turn: Turn) -> Json:
    message: dict[str, Json] = {"role": "assistant", "content": turn.text}
    if turn.thinking:
        message["thinking"] = turn.thinking
    if turn.calls:
        message["tool_calls"] = [
            {"function": {"name": call.name, "arguments": dict(call.arguments)}} for call in turn.calls
        ]
    return message


def _end(question: Question, turn: Turn) -> dict[str, Json]:
    counts: dict[str, Json] = {"prompt_eval_count": question.tokens, "prompt_eval_duration": 20_000_000}
    counts |= {"eval_count": turn.tokens, "eval_duration": 30_000_000 * turn.tokens}
    reason = "length" if turn.cut_short else "stop"
    head: dict[str, Json] = {"done_reason": reason, "done": True, "total_duration": 900_000_000}
    return head | {"load_duration": 50_000_000} | counts
