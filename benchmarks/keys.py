"""Match keys: an exact repeat, and the first sight of 20 KB, plain and tool-heavy."""

from __future__ import annotations

import json

from benchmarks.measure import Row, best
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request
from tokentape.wire.redact.redactor import Redactor

HEADERS = (
    ("content-type", "application/json"),
    ("authorization", "Bearer sk-proj-0123456789abcdef0123456789abcdef"),
)
URL = "https://api.openai.com/v1/chat/completions"


def plain() -> Request:
    """A Chat request of 20 KB: a conversation."""
    turn = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor. " * 6
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": f"{n} {turn}"} for n in range(40)]
    return Request("POST", URL, HEADERS, json.dumps({"model": "m", "messages": messages}).encode())


def tool_heavy() -> Request:
    """A Chat request of 20 KB: 30 tools with schemas."""
    field = {"type": "string", "description": "One of the many parameters of this tool, described at length."}
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": "Does one of many things.",
                "parameters": {"type": "object", "properties": {f"field_{k}": field for k in range(5)}},
            },
        }
        for n in range(30)
    ]
    body = {"model": "m", "messages": [{"role": "user", "content": "Go."}], "tools": tools}
    return Request("POST", URL, HEADERS, json.dumps(body).encode())


def first_sight(request: Request, matcher: Matcher, redactor: Redactor) -> str:
    """What the deck does for a request that it has not seen byte for byte."""
    found = recognise(request)
    redacted, _ = redactor.request(request)
    return matcher.key(redacted, found if redacted.body is request.body else None)


def run(*, quick: bool = False) -> list[Row]:
    """Microseconds per request, for the figures of the claims."""
    matcher, redactor = Matcher(MatchOn()), Redactor()
    one, many = plain(), tool_heavy()
    few = 50 if quick else 1
    kilobytes = f"{len(one.body or b'') / 1000:.0f} KB"
    return [
        Row(f"exact repeat, {kilobytes}", best(lambda: matcher.exact(one), 500 // few) * 1e6, "us", 30),
        Row(
            f"first sight, {kilobytes} plain",
            best(lambda: first_sight(one, matcher, redactor), 200 // few) * 1e6,
            "us",
            300,
        ),
        Row(
            f"first sight, {len(many.body or b'') / 1000:.0f} KB tool-heavy",
            best(lambda: first_sight(many, matcher, redactor), 200 // few) * 1e6,
            "us",
            800,
        ),
    ]


if __name__ == "__main__":
    print(*run(), sep="\n")
