"""A corpus as production has it, with a target's answers, as plain calls that any tool can be given.

Five kinds of prompt: extraction to JSON, labels, prose, calls of tools, and turns of conversations; texts of
20 to 4000 characters; Chat and Messages, a fifth of them streamed. One call in ten was made before, as it
is or of another model. Answers are streamed, as both tools ask for them: some equal, some reworded, some with
a field that differs or a fence around.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

CHAT_URL = "https://api.openai.com/v1/chat/completions"
MESSAGES_URL = "https://api.anthropic.com/v1/messages"
MODELS = {
    "chat": ("gpt-4o", "gpt-4o-mini"),
    "messages": ("claude-3-7-sonnet-latest", "claude-3-5-haiku-latest"),
}
TARGET = "claude-haiku-4-5"
CATEGORIES = ("billing", "shipping", "returns", "account", "technical", "other")
TOOLS = {
    "search_orders": {"customer": "string", "status": "string", "limit": "integer"},
    "refund": {"order": "string", "amount": "number", "reason": "string"},
    "get_weather": {"city": "string", "unit": "string"},
}


@dataclass(frozen=True)
class Reply:
    """What a model says: text, or a call."""

    text: str
    call: tuple[str, dict[str, Any]] | None = None


@dataclass(frozen=True)
class Call:
    """One recorded call; `answer` is what the target says to the same."""

    dialect: str
    model: str
    system: str
    turns: tuple[tuple[str, str], ...]
    tools: tuple[str, ...]
    streamed: bool
    reply: Reply
    answer: Reply
    category: str
    number: int

    @property
    def at(self) -> str:
        """When it was recorded: a second after the one before."""
        hours, rest = divmod(self.number, 3600)
        days, hour = divmod(hours, 24)
        return f"2026-10-{days % 30 + 1:02}T{hour:02}:{rest // 60:02}:{rest % 60:02}Z"


class _Words:
    """Sentences of made-up words, some frequent, most rare."""

    def __init__(self, dice: random.Random) -> None:
        syllables = [
            a + b for a in "bcdfgklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "or")
        ]
        words = ["".join(dice.choices(syllables, k=dice.choice((1, 2, 2, 3, 4)))) for _ in range(6000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        self.sentences = [
            " ".join(dice.choices(words, weights, k=dice.randint(4, 24))).capitalize() + dice.choice("..?!")
            for _ in range(5000)
        ]
        self.dice = dice

    def text(self, least: int, most: int) -> str:
        """Some sentences, about as many characters as asked for: short texts are more frequent."""
        wanted = int(least * (most / least) ** self.dice.random())
        said, size = [], 0
        while size < wanted:
            said.append(self.dice.choice(self.sentences))
            size += len(said[-1])
        return " ".join(said)

    def reworded(self, text: str, share: float) -> str:
        """The text with a share of its words replaced."""
        words = text.split(" ")
        for at in range(len(words)):
            if self.dice.random() < share:
                words[at] = self.dice.choice(self.sentences).split(" ")[1]
        return " ".join(words)


def calls(count: int, seed: int = 7) -> Iterator[Call]:
    """The corpus; the same for the same numbers."""
    dice = random.Random(seed)
    words = _Words(dice)
    systems = [words.text(60, 900) for _ in range(25)]
    met: list[Call] = []
    for number in range(count):
        if met and dice.random() < 0.1:
            call = replace(dice.choice(met), number=number)
            if dice.random() < 0.3:
                call = replace(call, model=dice.choice(MODELS[call.dialect]))
        else:
            call = _call(words, systems, number)
            if len(met) < 2000:
                met.append(call)
            else:
                met[dice.randrange(2000)] = call
        yield call


def _call(words: _Words, systems: list[str], number: int) -> Call:
    dice = words.dice
    kind = dice.choices(("extract", "label", "write", "tools", "chat"), (35, 20, 20, 15, 10))[0]
    dialect = dice.choices(("chat", "messages"), (70, 30))[0]
    turns = [("user", f"{words.text(20, 4000)} [{number}]")]
    if kind == "chat":
        for _ in range(dice.randint(1, 4)):
            turns = [("user", words.text(20, 300)), ("assistant", words.text(30, 900)), *turns]
    reply, answer = _REPLIES[kind](words)
    return Call(
        dialect,
        dice.choice(MODELS[dialect]),
        dice.choice(systems),
        tuple(turns),
        tuple(TOOLS) if kind == "tools" else (),
        dice.random() < 0.2,
        reply,
        answer,
        kind,
        number,
    )


def _extracted(words: _Words) -> tuple[Reply, Reply]:
    dice = words.dice
    items = [
        {"sku": f"A-{dice.randint(100, 999)}", "quantity": dice.randint(1, 9)}
        for _ in range(dice.randint(0, 8))
    ]
    found = {
        "category": dice.choice(CATEGORIES),
        "priority": dice.choice(("low", "normal", "high")),
        "customer": {"name": words.text(8, 12)[:20], "vip": dice.random() < 0.1},
        "items": items,
        "summary": words.text(40, 600),
    }
    other = {**found, "summary": words.reworded(str(found["summary"]), 0.3)}
    if dice.random() < 0.15:
        other["category"] = dice.choice(CATEGORIES)
    if dice.random() < 0.1:
        other = {name: value for name, value in other.items() if name != "priority"}
    text = json.dumps(other, indent=2 if dice.random() < 0.5 else None)
    return Reply(json.dumps(found)), Reply(f"```json\n{text}\n```" if dice.random() < 0.4 else text)


def _labelled(words: _Words) -> tuple[Reply, Reply]:
    label = words.dice.choice(CATEGORIES)
    said = words.dice.choices(
        (label, label.capitalize() + ".", words.dice.choice(CATEGORIES), f"The category is {label}."),
        (6, 2, 1, 1),
    )[0]
    return Reply(label), Reply(said)


def _written(words: _Words) -> tuple[Reply, Reply]:
    text = words.text(150, 4000)
    return Reply(text), Reply(words.reworded(text, words.dice.choice((0.0, 0.1, 0.3, 0.8))))


def _called(words: _Words) -> tuple[Reply, Reply]:
    dice = words.dice
    name = dice.choice([*TOOLS])
    values: dict[str, Any] = {
        field: dice.randint(1, 50) if kind in ("integer", "number") else words.text(5, 20)[:24]
        for field, kind in TOOLS[name].items()
    }
    other = {field: value if dice.random() < 0.9 else dice.randint(1, 50) for field, value in values.items()}
    return Reply("", (name, values)), Reply(
        "", (name if dice.random() < 0.95 else dice.choice([*TOOLS]), other)
    )


_REPLIES = {"extract": _extracted, "label": _labelled, "write": _written, "tools": _called, "chat": _written}


def asked(call: Call) -> dict[str, Any]:
    """The body of the request."""
    schema = {
        name: {"type": "object", "properties": {field: {"type": kind} for field, kind in fields.items()}}
        for name, fields in TOOLS.items()
        if name in call.tools
    }
    says = "One of the things that can be done here."
    turns = [{"role": role, "content": text} for role, text in call.turns]
    body: dict[str, Any] = {"model": call.model, "max_tokens": 2048, "temperature": 0.2}
    if call.streamed:
        body["stream"] = True
    if call.dialect == "messages":
        body |= {"system": call.system, "messages": turns}
        if schema:
            body["tools"] = [
                {"name": name, "description": says, "input_schema": one} for name, one in schema.items()
            ]
        return body
    body["messages"] = [{"role": "system", "content": call.system}, *turns]
    if schema:
        body["tools"] = [
            {"type": "function", "function": {"name": name, "description": says, "parameters": one}}
            for name, one in schema.items()
        ]
    return body


def _events(dialect: str, reply: Reply, model: str, number: int) -> list[tuple[str, dict[str, Any]]]:
    text = reply.text or json.dumps((reply.call or ("", {}))[1])
    pieces = [text[at : at + 24] for at in range(0, len(text), 24)] or [""]
    out = max(1, len(text) // 4)
    if dialect == "chat":
        head = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": 1760000000,
            "model": model,
        }
        deltas: list[dict[str, Any]] = [{"content": piece} for piece in pieces]
        if reply.call is not None:
            start = {"index": 0, "id": f"call_{number}", "type": "function"}
            first = {**start, "function": {"name": reply.call[0], "arguments": ""}}
            deltas = [{"tool_calls": [first]}] + [
                {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces
            ]
        chunks = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
        ]
        stop = "tool_calls" if reply.call else "stop"
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]})
        usage = {"prompt_tokens": 400, "completion_tokens": out, "total_tokens": 400 + out}
        chunks.append({**head, "choices": [], "usage": usage})
        return [("", chunk) for chunk in chunks]
    block: dict[str, Any] = {"type": "text", "text": ""}
    if reply.call is not None:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": reply.call[0], "input": {}}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": model, "content": []}
    message |= {
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 400, "output_tokens": 1},
    }
    kind, field = ("input_json_delta", "partial_json") if reply.call else ("text_delta", "text")
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: piece}}
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use" if reply.call else "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": out},
        },
        {"type": "message_stop"},
    ]
    return [(str(event["type"]), event) for event in events]


def streamed(dialect: str, reply: Reply, model: str, number: int) -> bytes:
    """The reply as a stream."""
    lines = []
    for name, event in _events(dialect, reply, model, number):
        lines.append(f"{f'event: {name}' + chr(10) if name else ''}data: {json.dumps(event)}\n\n")
    return "".join([*lines, "data: [DONE]\n\n" if dialect == "chat" else ""]).encode()


def whole(call: Call) -> bytes:
    """The recorded reply in one piece."""
    reply, out = call.reply, max(1, len(call.reply.text) // 4)
    if call.dialect == "messages":
        content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}]
        if reply.call is not None:
            name, values = reply.call
            content = [{"type": "tool_use", "id": f"toolu_{call.number}", "name": name, "input": values}]
        body = {"id": f"msg_{call.number}", "type": "message", "role": "assistant", "model": call.model}
        body |= {
            "content": content,
            "stop_reason": "tool_use" if reply.call else "end_turn",
            "stop_sequence": None,
        }
        return json.dumps({**body, "usage": {"input_tokens": 400, "output_tokens": out}}).encode()
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.call is not None:
        function = {"name": reply.call[0], "arguments": json.dumps(reply.call[1])}
        message["tool_calls"] = [{"id": f"call_{call.number}", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if reply.call else "stop"}
    usage = {"prompt_tokens": 400, "completion_tokens": out, "total_tokens": 400 + out}
    head = {"id": f"chatcmpl-{call.number}", "object": "chat.completion", "created": 1760000000}
    return json.dumps({**head, "model": call.model, "choices": [choice], "usage": usage}).encode()


def recorded(call: Call) -> tuple[str, bytes, bytes, str]:
    """URL, request and reply of the recorded call, and the type of the reply."""
    url = MESSAGES_URL if call.dialect == "messages" else CHAT_URL
    data = json.dumps(asked(call)).encode()
    if call.streamed:
        return url, data, streamed(call.dialect, call.reply, call.model, call.number), "text/event-stream"
    return url, data, whole(call), "application/json"
