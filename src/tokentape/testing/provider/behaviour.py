"""What the provider says when nobody scripted it: a function of the question, and of how often it came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.testing.provider.plausible import plausible
from tokentape.testing.provider.reading import mapped
from tokentape.testing.provider.turn import Call, Turn

if TYPE_CHECKING:
    from tokentape.testing.provider.turn import Question, Tool

THOUGHT = "The question is short, so the answer can be short as well."


def natural(question: Question, n: int, parallel: int = 1) -> Turn:
    """Call tools where they are offered and no result is in, else answer.

    `n` counts askings of this very request from 1; it is part of the text, so that equal requests
    get different answers. `parallel` is the number of calls of a reply that calls tools.
    """
    thinking = THOUGHT if question.thinking else ""
    if question.tools and not question.results:
        return Turn(calls=tool_calls(_offered(question), parallel), thinking=thinking)
    return Turn(answer(question, n), thinking=thinking)


def answer(question: Question, n: int) -> str:
    """The text of an unscripted reply."""
    if question.schema is not None:
        value = plausible(question.schema) if question.schema else {}
        return json.dumps(value or {}, ensure_ascii=False)
    given = f" (given: {'; '.join(question.results)})" if question.results else ""
    return f"Answer {n} to: {question.text}{given}"


def tool_calls(tools: tuple[Tool, ...], parallel: int) -> tuple[Call, ...]:
    """So many calls, each of the next tool; a tool called again gets other arguments."""
    return tuple(_call(tools[i % len(tools)], i // len(tools)) for i in range(parallel))


def _call(tool: Tool, nth: int) -> Call:
    return Call(tool.name, mapped(plausible(tool.schema, nth)))


def _offered(question: Question) -> tuple[Tool, ...]:
    wanted = tuple(tool for tool in question.tools if tool.name == question.must_call)
    return wanted or question.tools
