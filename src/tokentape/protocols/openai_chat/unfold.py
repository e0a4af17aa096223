"""A chat completion as the chunks of its stream (API reference, "Streaming"; openai-python's accumulator).

Each choice: a chunk with the role, the deltas, a chunk with the finish reason. `usage` comes only if
`stream_options.include_usage` asks for it, in a chunk of its own before `[DONE]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_chat.logprobs import spread
from tokentape.protocols.reading import at, fields, number, text
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.unfolding import DONE, fragments, pieces, sse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.synthesis import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_EVERY = ("id", "created", "model", "provider", "service_tier", "system_fingerprint")
"""Fields that every chunk repeats. What else stands beside `choices` comes with the first chunk."""

_TEXTS = ("reasoning_content", "reasoning", "content", "refusal")
"""Texts of a message, in the order in which they stream."""

_SPOKEN = frozenset({"index", "message", "logprobs"})
"""Fields of a choice that its chunks put otherwise; the rest comes with the last one."""


def unfold(reply: Fields, asked: Asked) -> list[bytes]:
    """The events. Raises `NotConvertible` for what is no chat completion."""
    head: Fields = {"object": "chat.completion.chunk"}
    head |= {name: reply[name] for name in _EVERY if name in reply}
    told = at(asked.fields, "stream_options", "include_usage") is True and "usage" in reply
    waiting: Fields = {"usage": None} if told else {}
    opening: Fields = {k: v for k, v in reply.items() if k not in {*head, "choices", "usage"}}
    chunks: list[Fields] = [{"choices": [choice]} for choice in _choices(reply)] or [{"choices": []}]
    chunks[0] = opening | chunks[0]
    events = [sse(head | chunk | waiting) for chunk in chunks]
    if told:
        events.append(sse(head | {"choices": [], "usage": reply["usage"]}))
    return [*events, DONE]


def _choices(reply: Fields) -> Iterator[Json]:
    choices = reply.get("choices")
    if not isinstance(choices, list) or reply.get("error"):
        raise NotConvertible("the reply is no chat completion")
    seen: set[int] = set()
    for position, choice in enumerate(choices):
        if not (isinstance(choice, dict) and isinstance(choice.get("message"), dict)):
            raise NotConvertible("a choice of the reply has no message")
        index = number(choice.get("index"))
        index = position if index is None else index
        if index in seen:
            raise NotConvertible("two choices of the reply have the same index")
        seen.add(index)
        yield from _choice(index, choice)


def _choice(index: int, choice: Fields) -> Iterator[Fields]:
    """The chunks' choices: deltas with what they were likely, then the reason of the end."""
    deltas = list(_deltas(fields(choice["message"])))
    open_end: Fields = {"finish_reason": None} if "finish_reason" in choice else {}
    for delta, likely in spread(deltas, choice):
        yield {"index": index, "delta": delta, **likely, **open_end}
    blank: Fields = {"logprobs": None} if "logprobs" in choice else {}
    ending: Fields = {name: value for name, value in choice.items() if name not in _SPOKEN}
    yield {"index": index, "delta": {}, **blank, **ending}


def _deltas(message: Fields) -> Iterator[Fields]:
    yield _opened(message)
    for name in _TEXTS:
        for piece in pieces(text(message.get(name))):
            yield {name: piece}
    yield from _calls(message.get("tool_calls"))
    function = fields(message.get("function_call"))
    if function:
        for part in _spoken(function, "arguments"):
            yield {"function_call": part}
    if rest := {name: value for name, value in message.items() if not _is_said(name, value)}:
        yield rest


def _opened(message: Fields) -> Fields:
    """The role, what says nothing (nulls, empty lists), and the content as empty text: the first chunk."""
    opened: Fields = {name: value for name, value in message.items() if not value or name == "role"}
    return opened | ({"content": ""} if isinstance(message.get("content"), str) else {})


def _is_said(name: str, value: Json) -> bool:
    """True if another chunk says it; what is not known here comes whole, in a chunk near the end."""
    if not value or name == "role":
        return True
    if name in _TEXTS:
        return isinstance(value, str)
    return _is_calls(value) if name == "tool_calls" else name == "function_call" and bool(fields(value))


def _is_calls(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(call, dict) for call in value)


def _calls(calls: Json) -> Iterator[Fields]:
    """Each call: opened with id and name, then its arguments (a custom tool's input) bit by bit.

    Servers that name their calls in another way than OpenAI (`call_...`) may send each call whole:
    Mistral does, and its SDK takes nothing else.
    """
    if not (isinstance(calls, list) and _is_calls(calls)):
        return
    for index, call in enumerate(fields(call) for call in calls):
        inside = next((name for name in ("function", "custom") if fields(call.get(name))), "function")
        written = "input" if inside == "custom" else "arguments"
        whole: Fields = {"index": index, **{k: v for k, v in call.items() if k != "index"}}
        if not text(call.get("id")).startswith("call_"):
            yield {"tool_calls": [whole]}
            continue
        opening, *rest = _spoken(fields(call.get(inside)), written)
        yield {"tool_calls": [whole | ({inside: opening} if inside in call else {})]}
        for part in rest:
            yield {"tool_calls": [{"index": index, inside: part}]}


def _spoken(function: Fields, written: str) -> Iterator[Fields]:
    said = function.get(written)
    yield function | ({written: ""} if isinstance(said, str) else {})
    if isinstance(said, str):
        for part in fragments(said):
            yield {written: part}
