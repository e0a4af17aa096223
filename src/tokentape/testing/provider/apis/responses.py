"""OpenAI Responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.openai_errors import openai_error
from tokentape.testing.provider.apis.responses_items import output, thought_part
from tokentape.testing.provider.apis.responses_kept import keep_response
from tokentape.testing.provider.reading import at, compact, listed, mapped, string, text_of
from tokentape.testing.provider.turn import Question, Serial, Tool, Turn, fragments, words
from tokentape.wire.interaction import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.testing.provider.shelf import Shelf
    from tokentape.wire.message import Headers

Event = dict[str, "Json"]

ECHOED: Event = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Settings that a response repeats from its request, with what they are when not set."""


def sse(event: Event) -> bytes:
    """One event; its name is its `type`."""
    return b"event: " + string(event["type"]).encode() + b"\ndata: " + compact(event) + b"\n\n"


class Responses:
    """`POST /v1/responses`."""

    json_type = "application/json"
    stream_type = "text/event-stream; charset=utf-8"

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; `path` does not matter here."""
        given = at(body, "input")
        items: list[Json] = [given] if isinstance(given, str) else listed(given)
        return Question(
            model=string(at(body, "model")),
            text=_last_user_text(items),
            stream=at(body, "stream") is True,
            tools=_tools(body),
            results=_results(items),
            schema=_schema(at(body, "text", "format")),
            thinking=at(body, "reasoning", "effort") not in (None, "none")
            or at(body, "reasoning", "summary") is not None,
            must_call=string(at(body, "tool_choice", "name")) or None,
            body=mapped(body),
        )

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """A `response` that has ended; one in the background has only been queued."""
        if question.body.get("background") is True:
            return compact(_response(question, serial, "queued"))
        return compact(_ended(question, turn, serial))

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """The whole life of a response, each event with the next `sequence_number`."""
        for number, event in enumerate(self._life(question, turn, serial)):
            yield sse(event | {"sequence_number": number})

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """`{"error": {...}}`."""
        return compact({"error": openai_error(status, message)})

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """An `error` event."""
        error = openai_error(status, message)
        fields: Event = {"code": error["code"] or error["type"], "message": message, "param": None}
        return sse({"type": "error", **fields, "sequence_number": nth})

    def headers(self, serial: Serial) -> Headers:
        """`x-request-id`, and the API's version."""
        return (("openai-version", "2020-10-01"), ("x-request-id", f"req_{serial.hex('request', 32)}"))

    def _life(self, question: Question, turn: Turn, serial: Serial) -> Iterator[Event]:
        begun = _response(question, serial, "in_progress")
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        for index, item in enumerate(output(question, turn, serial)):
            yield from _item_life(item, index)
        ended = "response.incomplete" if turn.cut_short else "response.completed"
        yield {"type": ended, "response": _ended(question, turn, serial)}


def keep(question: Question, turn: Turn, serial: Serial, shelf: Shelf) -> None:
    """Keep the response, unless its request says not to."""
    if question.body.get("store") is not False:
        keep_response(shelf, _ended(question, turn, serial), question.body, serial)


def _response(question: Question, serial: Serial, status: str) -> Event:
    settings = {key: question.body.get(key, value) for key, value in ECHOED.items()}
    return {
        "id": f"resp_{serial.hex(length=48)}",
        "object": "response",
        "created_at": serial.created,
        "status": status,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": question.model,
        "output": [],
        "usage": None,
        **settings,
    }


def _ended(question: Question, turn: Turn, serial: Serial) -> Event:
    cut_short: Json = {"reason": "max_output_tokens"} if turn.cut_short else None
    usage: Json = {
        "input_tokens": question.tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": turn.tokens,
        "output_tokens_details": {"reasoning_tokens": turn.thinking_tokens},
        "total_tokens": question.tokens + turn.tokens,
    }
    return _response(question, serial, "incomplete" if turn.cut_short else "completed") | {
        "completed_at": None if turn.cut_short else serial.created + 1,
        "incomplete_details": cut_short,
        "output": list[Json](output(question, turn, serial)),
        "usage": usage,
    }


def _item_life(item: Event, index: int) -> Iterator[Event]:
    place: Event = {"item_id": item["id"], "output_index": index}
    lives = {"message": _message_life, "reasoning": _thought_life, "function_call": _call_life}
    yield from lives[string(item["type"])](item, place)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _added(item: Event, place: Event, **opened: Json) -> Event:
    kind = "response.output_item.added"
    return {"type": kind, "output_index": place["output_index"], "item": item | opened}


def _message_life(item: Event, place: Event) -> Iterator[Event]:
    part = mapped(at(item, "content", 0))
    text = string(part["text"])
    place = {**place, "content_index": 0}
    yield _added(item, place, status="in_progress", content=[])
    yield {"type": "response.content_part.added", **place, "part": part | {"text": ""}}
    for piece in words(text):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}


def _thought_life(item: Event, place: Event) -> Iterator[Event]:
    yield _added(item, place, summary=[])
    place = {**place, "summary_index": 0}
    text = string(at(item, "summary", 0, "text"))
    yield {"type": "response.reasoning_summary_part.added", **place, "part": thought_part("")}
    for piece in words(text):
        yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": text}
    yield {"type": "response.reasoning_summary_part.done", **place, "part": thought_part(text)}


def _call_life(item: Event, place: Event) -> Iterator[Event]:
    kind, arguments = "response.function_call_arguments", string(item["arguments"])
    yield _added(item, place, status="in_progress", arguments="")
    for fragment in fragments(arguments):
        yield {"type": f"{kind}.delta", **place, "delta": fragment}
    yield {"type": f"{kind}.done", **place, "name": item["name"], "arguments": arguments}


def _last_user_text(items: list[Json]) -> str:
    for item in reversed(items):
        if isinstance(item, str):
            return item
        if at(item, "role") == "user":
            return text_of(at(item, "content"))
    return ""


def _results(items: list[Json]) -> tuple[str, ...]:
    found: list[str] = []
    for item in reversed(items):
        if at(item, "type") != "function_call_output":
            break
        found.append(text_of(at(item, "output")))
    return tuple(reversed(found))


def _tools(body: Json) -> tuple[Tool, ...]:
    if at(body, "tool_choice") == "none":
        return ()
    offered = [tool for tool in listed(at(body, "tools")) if at(tool, "type") == "function"]
    return tuple(Tool(string(at(tool, "name")), at(tool, "parameters")) for tool in offered)


def _schema(wanted: Json) -> Json:
    if at(wanted, "type") == "json_schema":
        return at(wanted, "schema")
    return {} if at(wanted, "type") == "json_object" else None
