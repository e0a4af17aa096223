"""Amazon Bedrock: Converse in its own shape, InvokeModel with an Anthropic body; streams as AWS events."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis import awsframes
from tokentape.testing.provider.apis.messages import Messages
from tokentape.testing.provider.reading import at, compact, listed, mapped, string, text_of
from tokentape.testing.provider.turn import Question, Serial, Tool, Turn, fragments, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

ERRORS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
MODEL = re.compile(r"/model/([^/]+)/")


class _Bedrock:
    """What both operations share: media types, error shape, ids."""

    json_type = "application/json"
    stream_type = "application/vnd.amazon.eventstream"

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"__type": ..., "message": ...}`."""
        return compact({"__type": ERRORS.get(status, "ValidationException"), "message": message})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """An exception message in the stream."""
        name = ERRORS.get(status, "ValidationException")
        return awsframes.exception(name[:1].lower() + name[1:], message)

    def headers(self, serial: Serial) -> Headers:
        """`x-amzn-RequestId`, a UUID."""
        digits = serial.hex("request", 32)
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return (("x-amzn-RequestId", "-".join(parts)),)


class Converse(_Bedrock):
    """`POST /model/{id}/converse` and `/model/{id}/converse-stream`."""

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; model and stream stand in the path."""
        messages = listed(at(body, "messages"))
        offered = [at(tool, "toolSpec") for tool in listed(at(body, "toolConfig", "tools"))]
        return Question(
            model=_model(path),
            text=next((text for text in map(_user_text, reversed(messages)) if text), ""),
            stream=path.endswith("-stream"),
            tools=tuple(Tool(string(at(t, "name")), at(t, "inputSchema", "json")) for t in offered if t),
            results=_results(at(messages, -1, "content")),
            must_call=string(at(body, "toolConfig", "toolChoice", "tool", "name")) or None,
            body=mapped(body),
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """`output`, `stopReason`, `usage`, `metrics`."""
        content: list[Json] = []
        if turn.thinking:
            thought: Json = {"text": turn.thinking, "signature": _signature(serial)}
            content.append({"reasoningContent": {"reasoningText": thought}})
        if turn.text:
            content.append({"text": turn.text})
        for i, call in enumerate(turn.calls):
            content.append({"toolUse": {**_use(turn, i, serial), "input": dict(call.arguments)}})
        message: Json = {"role": "assistant", "content": content}
        reply: dict[str, Json] = {"output": {"message": message}, "stopReason": _stop(turn)}
        return compact(reply | _counts(question, turn))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """`messageStart`, each block with its deltas, `messageStop`, `metadata`."""
        yield _event("messageStart", {"role": "assistant"}, serial)
        index = 0
        for deltas in _streamed_words(turn, serial):
            for delta in deltas:
                yield _delta(index, delta, serial)
            yield _event("contentBlockStop", {"contentBlockIndex": index}, serial)
            index += 1
        for i in range(len(turn.calls)):
            yield from _streamed_use(turn, i, index + i, serial)
        yield _event("messageStop", {"stopReason": _stop(turn)}, serial)
        yield _event("metadata", _counts(question, turn), serial)


class Invoke(_Bedrock):
    """`POST /model/{id}/invoke` and `/model/{id}/invoke-with-response-stream`, for Anthropic's models."""

    _messages = Messages()

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; model and stream stand in the path."""
        model: dict[str, Json] = {"model": _model(path), "stream": path.endswith("-stream")}
        return self._messages.question(mapped(body) | model, path)

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """An Anthropic `message`."""
        return self._messages.whole(question, turn, serial)

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """Anthropic's events, each as a `chunk` whose JSON carries the bytes in base64."""
        for block in self._messages.events(question, turn, serial):
            data = block.partition(b"data: ")[2].strip()
            if b'"ping"' not in data:
                carried = compact({"bytes": base64.b64encode(data).decode(), "p": "abcdefgh"})
                yield awsframes.event("chunk", carried)


def _model(path: str) -> str:
    named = MODEL.search(path)
    return named[1] if named else ""


def _event(kind: str, value: dict[str, Json], serial: Serial) -> bytes:
    """Bedrock pads its events with a field `p` of varying length."""
    padding = "abcdefghijklmnopqrstuvwxyz"[: 1 + int(serial.hex(kind, 1), 16)]
    return awsframes.event(kind, json.dumps(value | {"p": padding}, separators=(",", ":")).encode())


def _delta(index: int, delta: Json, serial: Serial) -> bytes:
    return _event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}, serial)


def _streamed_words(turn: Turn, serial: Serial) -> Iterator[list[Json]]:
    """The deltas of the thought and of the text, as far as the turn has them."""
    if turn.thinking:
        thought: list[Json] = [{"reasoningContent": {"text": piece}} for piece in words(turn.thinking)]
        yield [*thought, {"reasoningContent": {"signature": _signature(serial)}}]
    if turn.text:
        yield [{"text": piece} for piece in turn.pieces]


def _signature(serial: Serial) -> str:
    return serial.hex("signature", 64)


def _streamed_use(turn: Turn, i: int, index: int, serial: Serial) -> Iterator[bytes]:
    start: Json = {"toolUse": _use(turn, i, serial)}
    yield _event("contentBlockStart", {"start": start, "contentBlockIndex": index}, serial)
    for part in fragments(turn.calls[i].json):
        yield _delta(index, {"toolUse": {"input": part}}, serial)
    yield _event("contentBlockStop", {"contentBlockIndex": index}, serial)


def _use(turn: Turn, i: int, serial: Serial) -> dict[str, Json]:
    return {"toolUseId": f"tooluse_{serial.hex(f'call {i}', 22)}", "name": turn.calls[i].name}


def _stop(turn: Turn) -> str:
    if turn.cut_short:
        return "max_tokens"
    return "tool_use" if turn.calls else "end_turn"


def _counts(question: Question, turn: Turn) -> dict[str, Json]:
    usage: Json = {
        "inputTokens": question.tokens,
        "outputTokens": turn.tokens,
        "totalTokens": question.tokens + turn.tokens,
    }
    return {"usage": usage, "metrics": {"latencyMs": 100 + turn.tokens}}


def _user_text(message: Json) -> str:
    return text_of(at(message, "content")) if at(message, "role") == "user" else ""


def _results(content: Json) -> tuple[str, ...]:
    results = [at(part, "toolResult") for part in listed(content)]
    return tuple(_result(at(result, "content", 0)) for result in results if result)


def _result(part: Json) -> str:
    return text_of(part) or json.dumps(at(part, "json"), ensure_ascii=False)
