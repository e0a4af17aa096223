"""Anthropic Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import at, compact, listed, mapped, string, text_of
from tokentape.testing.provider.turn import Question, Serial, Tool, Turn, fragments, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def event(name: str, **fields: Json) -> bytes:
    """One named event. Its JSON is padded before the last brace, by an amount that depends on it.

    The API pads so as well; it is the one dialect whose JSON no serialiser gives back.
    """
    data = compact({"type": name, **fields})
    padding = b" " * (len(data) * 7 % 16)
    return b"event: " + name.encode() + b"\ndata: " + data[:-1] + padding + b"}\n\n"


class Messages:
    """`POST /v1/messages`."""

    json_type = "application/json"
    stream_type = "text/event-stream; charset=utf-8"

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; `path` does not matter here."""
        messages = listed(at(body, "messages"))
        return Question(
            model=string(at(body, "model")),
            text=_last_user_text(messages),
            stream=at(body, "stream") is True,
            tools=_tools(body),
            results=_results(at(messages, -1, "content")),
            schema=at(body, "output_config", "format", "schema") or at(body, "output_format", "schema"),
            thinking=at(body, "thinking", "type") in ("enabled", "adaptive"),
            must_call=string(at(body, "tool_choice", "name")) or None,
            body=mapped(body),
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """A `message`."""
        ended: dict[str, Json] = {"stop_reason": stop_reason(turn), "stop_sequence": None}
        message = self._message(question, serial) | {"content": _blocks(turn, serial)} | ended
        return compact(message | {"usage": _usage(question, turn.tokens)})

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """`message_start`, each block with its deltas, `message_delta`, `message_stop`."""
        opening: dict[str, Json] = {"content": [], "stop_reason": None, "stop_sequence": None}
        start = self._message(question, serial) | opening | {"usage": _usage(question, 1)}
        yield event("message_start", message=start)
        for index, block in enumerate(_blocks(turn, serial)):
            yield event("content_block_start", index=index, content_block=_emptied(block))
            if index == 0:
                yield event("ping")
            for delta in _deltas(block):
                yield event("content_block_delta", index=index, delta=delta)
            yield event("content_block_stop", index=index)
        ended: Json = {"stop_reason": stop_reason(turn), "stop_sequence": None}
        yield event("message_delta", delta=ended, usage=_usage(question, turn.tokens))
        yield event("message_stop")

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"type": "error", "error": {...}}`."""
        body: Json = {"type": "error", "error": _error(status, message), "request_id": _request_id(serial)}
        return compact(body)

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """An `error` event."""
        return event("error", error=_error(status, message), request_id=_request_id(serial))

    def headers(self, serial: Serial) -> Headers:
        """`request-id`."""
        return (("request-id", _request_id(serial)),)

    def _message(self, question: Question, serial: Serial) -> dict[str, Json]:
        return {
            "model": question.model,
            "id": f"msg_{serial.hex()}",
            "type": "message",
            "role": "assistant",
        }


def stop_reason(turn: Turn) -> str:
    """Why the message ended."""
    if turn.cut_short:
        return "max_tokens"
    return "tool_use" if turn.calls else "end_turn"


def _error(status: int, message: str) -> dict[str, Json]:
    return {"type": ERRORS.get(status, "api_error"), "message": message}


def _request_id(serial: Serial) -> str:
    return f"req_{serial.hex('request')}"


def _usage(question: Question, output: int) -> dict[str, Json]:
    return {
        "input_tokens": question.tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    }


def _blocks(turn: Turn, serial: Serial) -> list[Json]:
    blocks: list[Json] = []
    if turn.thinking:
        signature = serial.hex("signature", 64)
        blocks.append({"type": "thinking", "thinking": turn.thinking, "signature": signature})
    if turn.text or not turn.calls:
        blocks.append({"type": "text", "text": turn.text})
    for i, call in enumerate(turn.calls):
        made = f"toolu_{serial.hex(f'call {i}')}"
        blocks.append({"type": "tool_use", "id": made, "name": call.name, "input": dict(call.arguments)})
    return blocks


def _emptied(block: Json) -> Json:
    empty: dict[str, Json] = {"thinking": "", "signature": "", "text": "", "input": {}}
    return {key: empty.get(key, value) for key, value in mapped(block).items()}


def _deltas(block: Json) -> Iterator[Json]:
    match at(block, "type"):
        case "thinking":
            for piece in words(string(at(block, "thinking"))):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": at(block, "signature")}
        case "text":
            for piece in words(string(at(block, "text"))):
                yield {"type": "text_delta", "text": piece}
        case _:
            yield {"type": "input_json_delta", "partial_json": ""}
            for fragment in fragments(compact(at(block, "input")).decode()):
                yield {"type": "input_json_delta", "partial_json": fragment}


def _last_user_text(messages: list[Json]) -> str:
    for message in reversed(messages):
        text = text_of(at(message, "content")) if at(message, "role") == "user" else ""
        if text:
            return text
    return ""


def _results(content: Json) -> tuple[str, ...]:
    blocks = [block for block in listed(content) if at(block, "type") == "tool_result"]
    return tuple(text_of(at(block, "content")) for block in blocks)


def _tools(body: Json) -> tuple[Tool, ...]:
    if at(body, "tool_choice", "type") == "none":
        return ()
    offered = [tool for tool in listed(at(body, "tools")) if at(tool, "input_schema")]
    return tuple(Tool(string(at(tool, "name")), at(tool, "input_schema")) for tool in offered)
