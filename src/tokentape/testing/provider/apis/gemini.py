"""Gemini: generateContent, and streamGenerateContent as SSE or as one long JSON array."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import at, indented, listed, mapped, string, text_of, utf8
from tokentape.testing.provider.turn import Question, Serial, Tool, Turn, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MODEL = re.compile(r"models/([^/:]+)")


def either(value: Json, camel: str) -> Json:
    """A field in the documented camelCase or in snake_case; the API takes both."""
    found = at(value, camel)
    return at(value, re.sub(r"(?=[A-Z])", "_", camel).lower()) if found is None else found


class Gemini:
    """`POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse`."""

    json_type = "application/json; charset=UTF-8"
    stream_type = "text/event-stream"

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; model and stream stand in the path."""
        contents, config = _contents(body), either(body, "generationConfig")
        named = MODEL.search(path)
        return Question(
            model=named[1] if named else "",
            text=_last_user_text(contents),
            stream=path.endswith(":streamGenerateContent"),
            tools=_tools(body),
            results=_results(at(contents, -1, "parts")),
            schema=_schema(config),
            thinking=either(either(config, "thinkingConfig"), "includeThoughts") is True,
            body=mapped(body),
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """A `GenerateContentResponse`."""
        ended = _chunk(question, serial, _parts(turn, serial), finish(turn))
        return indented(ended | _usage(question, turn))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """One response after the other; the last has the finish reason and all usage."""
        *earlier, last = self._chunks(question, turn, serial)
        for nth, chunk in enumerate(earlier):
            yield self._event(chunk, nth)
        yield self._event(last, len(earlier)) + self._end()

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"error": {...}}`."""
        return indented(_error(status, message))

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """A response with `error` in place of candidates."""
        return self._event(_error(status, message), nth) + self._end()

    def headers(self, serial: Serial) -> Headers:
        """What Google's front end adds."""
        return (("vary", "Origin"), ("vary", "X-Origin"), ("server-timing", "gfet4t7; dur=12"))

    def _chunks(self, question: Question, turn: Turn, serial: Serial) -> Iterator[dict[str, Json]]:
        streamed = _streamed_parts(turn, serial)
        for part in streamed[:-1]:
            yield _chunk(question, serial, [part], None) | _usage(question, Turn())
        yield _chunk(question, serial, streamed[-1:], finish(turn)) | _usage(question, turn)

    def _event(self, value: Json, nth: int) -> bytes:
        spaced = json.dumps(value, ensure_ascii=False, separators=(",", ": "))
        return b"data: " + utf8(spaced) + b"\r\n\r\n"

    def _end(self) -> bytes:
        return b""


class GeminiArray(Gemini):
    """The stream without `alt=sse`: a JSON array whose elements arrive one by one."""

    stream_type = "application/json; charset=UTF-8"

    def _event(self, value: Json, nth: int) -> bytes:
        return (b",\r\n" if nth else b"[") + indented(value)

    def _end(self) -> bytes:
        return b"]\n"

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`[{"error": {...}}]`: errors before the stream come inside an array too."""
        return b"[" + super().error(status, message, serial) + b"]\n"


def finish(turn: Turn) -> str:
    """The finish reason; a call of a function is a `STOP` like any other."""
    return "MAX_TOKENS" if turn.cut_short else "STOP"


def _error(status: int, message: str) -> dict[str, Json]:
    return {"error": {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN")}}


def _chunk(question: Question, serial: Serial, parts: list[Json], reason: str | None) -> dict[str, Json]:
    candidate: dict[str, Json] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if reason is not None:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "modelVersion": question.model, "responseId": serial.hex(length=22)}


def _usage(question: Question, turn: Turn) -> dict[str, Json]:
    answered = turn.tokens - turn.thinking_tokens
    counts: dict[str, Json] = {
        "promptTokenCount": question.tokens,
        "candidatesTokenCount": answered,
        "totalTokenCount": question.tokens + turn.tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": question.tokens}],
    }
    if turn.thinking:
        counts["thoughtsTokenCount"] = turn.thinking_tokens
    return {"usageMetadata": counts}


def _parts(turn: Turn, serial: Serial) -> list[Json]:
    thought: list[Json] = [{"text": turn.thinking, "thought": True}] if turn.thinking else []
    said: list[Json] = [{"text": turn.text}] if turn.text or not turn.calls else []
    return _signed([*thought, *said, *_calls(turn, serial)], turn, serial)


def _streamed_parts(turn: Turn, serial: Serial) -> list[Json]:
    thought: list[Json] = [{"text": piece, "thought": True} for piece in words(turn.thinking)]
    said: list[Json] = [{"text": piece} for piece in turn.pieces]
    return _signed([*thought, *said, *_calls(turn, serial)], turn, serial) or [{"text": ""}]


def _signed(parts: list[Json], turn: Turn, serial: Serial) -> list[Json]:
    """The parts of a turn with thoughts: the first call is signed, or the last text."""
    if turn.thinking and (turn.calls or turn.text):
        nth = -len(turn.calls) or -1
        parts[nth] = {**mapped(parts[nth]), "thoughtSignature": serial.hex("signature", 64)}
    return parts


def _calls(turn: Turn, serial: Serial) -> list[Json]:
    return [
        {"functionCall": {"name": call.name, "args": dict(call.arguments), "id": serial.hex(f"call {i}", 8)}}
        for i, call in enumerate(turn.calls)
    ]


def _contents(body: Json) -> Json:
    contents = at(body, "contents")
    return [contents] if isinstance(contents, dict) else listed(contents)


def _last_user_text(contents: Json) -> str:
    for content in reversed(listed(contents)):
        text = text_of(at(content, "parts")) if at(content, "role") in ("user", None) else ""
        if text:
            return text
    return ""


def _results(parts: Json) -> tuple[str, ...]:
    answers = [either(part, "functionResponse") for part in listed(parts)]
    return tuple(json.dumps(at(answer, "response"), ensure_ascii=False) for answer in answers if answer)


def _tools(body: Json) -> tuple[Tool, ...]:
    mode = at(either(either(body, "toolConfig"), "functionCallingConfig"), "mode")
    if mode == "NONE":
        return ()
    declared = [d for tool in listed(at(body, "tools")) for d in listed(either(tool, "functionDeclarations"))]
    return tuple(Tool(string(at(d, "name")), _parameters(d)) for d in declared)


def _parameters(declared: Json) -> Json:
    return either(declared, "parametersJsonSchema") or at(declared, "parameters")


def _schema(config: Json) -> Json:
    schema = either(config, "responseJsonSchema") or either(config, "responseSchema")
    wants_json = either(config, "responseMimeType") == "application/json"
    return {} if schema is None and wants_json else schema
