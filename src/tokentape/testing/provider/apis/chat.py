"""OpenAI Chat Completions, which most compatible servers speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.openai_errors import openai_error
from tokentape.testing.provider.reading import at, compact, listed, mapped, string, text_of
from tokentape.testing.provider.turn import Question, Serial, Tool, Turn, fragments, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


def sse(value: Json) -> bytes:
    """One event without a name."""
    return b"data: " + compact(value) + b"\n\n"


class Chat:
    """`POST /v1/chat/completions`."""

    json_type = "application/json"
    stream_type = "text/event-stream; charset=utf-8"
    call_prefix = "call_"

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; `path` does not matter here."""
        messages = listed(at(body, "messages"))
        return Question(
            model=string(at(body, "model")),
            text=_last_user_text(messages),
            stream=at(body, "stream") is True,
            tools=_tools(body),
            results=_results(messages),
            schema=_schema(body),
            usage_wanted=at(body, "stream_options", "include_usage") is True,
            must_call=string(at(body, "tool_choice", "function", "name")) or None,
            body=mapped(body),
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """A `chat.completion`."""
        message: dict[str, Json] = {"role": "assistant", "content": turn.text or None}
        if turn.thinking:  # compatible servers; the platform shows no thoughts here
            message["reasoning_content"] = turn.thinking
        if turn.calls:
            message["tool_calls"] = [self._call(turn, i, serial) for i in range(len(turn.calls))]
        message |= {"refusal": None, "annotations": []}
        choice: Json = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish(turn)}
        head = self._head("chat.completion", question, serial)
        return compact(head | {"choices": [choice], "usage": usage(question, turn)} | self._tail(serial))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """`chat.completion.chunk` after chunk, then `[DONE]`."""
        head = self._head("chat.completion.chunk", question, serial) | self._tail(serial)
        unknown: dict[str, Json] = {"usage": None} if question.usage_wanted else {}
        for delta in self._deltas(turn, serial):
            yield sse(head | {"choices": [_choice(delta)]} | unknown)
        yield sse(head | {"choices": [_choice({}, finish(turn))]} | unknown)
        if question.usage_wanted:
            yield sse(head | {"choices": [], "usage": usage(question, turn)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"error": {...}}`."""
        return compact({"error": openai_error(status, message)})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """An event with `error` in place of `choices`."""
        return sse({"error": openai_error(status, message)})

    def headers(self, serial: Serial) -> Headers:
        """`x-request-id`, and the version that the API has carried since 2020."""
        return (("openai-version", "2020-10-01"), ("x-request-id", f"req_{serial.hex('request', 32)}"))

    def _head(self, kind: str, question: Question, serial: Serial) -> dict[str, Json]:
        return {
            "id": f"chatcmpl-{serial.hex(length=29)}",
            "object": kind,
            "created": serial.created,
            "model": question.model,
        }

    def _tail(self, serial: Serial) -> dict[str, Json]:
        return {"service_tier": "default", "system_fingerprint": f"fp_{serial.hex('system', 10)}"}

    def _call(self, turn: Turn, i: int, serial: Serial) -> dict[str, Json]:
        call = turn.calls[i]
        return {
            "id": f"{self.call_prefix}{serial.hex(f'call {i}')}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.json},
        }

    def _deltas(self, turn: Turn, serial: Serial) -> Iterator[dict[str, Json]]:
        yield {"role": "assistant", "content": None if turn.calls and not turn.text else "", "refusal": None}
        for piece in words(turn.thinking):
            yield {"reasoning_content": piece}
        for piece in turn.pieces:
            yield {"content": piece}
        for i, call in enumerate(turn.calls):
            opened = self._call(turn, i, serial) | {"function": {"name": call.name, "arguments": ""}}
            yield {"tool_calls": [{"index": i, **opened}]}
            for fragment in fragments(call.json):
                yield {"tool_calls": [{"index": i, "function": {"arguments": fragment}}]}


def finish(turn: Turn) -> str:
    """The finish reason."""
    if turn.cut_short:
        return "length"
    return "tool_calls" if turn.calls else "stop"


def usage(question: Question, turn: Turn) -> dict[str, Json]:
    """Tokens; both details are always there, as on the platform."""
    return {
        "prompt_tokens": question.tokens,
        "completion_tokens": turn.tokens,
        "total_tokens": question.tokens + turn.tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": turn.thinking_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _choice(delta: dict[str, Json], finish_reason: str | None = None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _last_user_text(messages: list[Json]) -> str:
    asked = [message for message in messages if at(message, "role") == "user"]
    return text_of(at(asked[-1], "content")) if asked else ""


def _results(messages: list[Json]) -> tuple[str, ...]:
    found: list[str] = []
    for message in reversed(messages):
        if at(message, "role") != "tool":
            break
        found.append(text_of(at(message, "content")))
    return tuple(reversed(found))


def _tools(body: Json) -> tuple[Tool, ...]:
    if at(body, "tool_choice") == "none":
        return ()
    offered = [at(tool, "function") for tool in listed(at(body, "tools"))]
    return tuple(Tool(string(at(tool, "name")), at(tool, "parameters")) for tool in offered if tool)


def _schema(body: Json) -> Json:
    wanted = at(body, "response_format")
    if at(wanted, "type") == "json_schema":
        return at(wanted, "json_schema", "schema")
    return {} if at(wanted, "type") == "json_object" else None
