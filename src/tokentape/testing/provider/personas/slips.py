"""Mistakes as models make them: a field that is wrong, another tool, prose that says something else.

Each is a function of what is drawn, and never gives what it was given.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.testing.provider.personas.references import leaves, named, structured
from tokentape.testing.provider.personas.wording import apologised, reworded, sentences
from tokentape.testing.provider.plausible import plausible
from tokentape.testing.provider.reading import mapped
from tokentape.testing.provider.turn import Call, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.testing.provider.personas.draw import Draw
    from tokentape.testing.provider.turn import Tool
    from tokentape.wire.interaction import Json

    Values = Callable[[str], Sequence[Json]]
    Path = tuple[str | int, ...]

_NUMBER = re.compile(r"\d+")
_ELSEWHERE = "I can answer that without looking it up."


def slipped_calls(turn: Turn, tools: tuple[Tool, ...], values: Values, draw: Draw) -> Turn:
    """A call with a wrong argument, of the wrong tool, or none at all."""
    place = int(draw.share("which call") * len(turn.calls))
    call = turn.calls[place]
    others = [tool for tool in tools if tool.name != call.name]
    kind = draw.share("kind of slip")
    if kind < 0.15:
        return replace(turn, text=turn.text or _ELSEWHERE, calls=())
    if kind < 0.45 and others:
        other = draw.pick("tool", others)
        wrong = Call(other.name, mapped(plausible(other.schema)))
    else:
        wrong = Call(call.name, mapped(altered(dict(call.arguments), values, draw)))
    return replace(turn, calls=(*turn.calls[:place], wrong, *turn.calls[place + 1 :]))


def slipped_text(text: str, values: Values, draw: Draw) -> str:
    """JSON with a wrong field, the word that answers another question, or prose that is not the same."""
    value = structured(text)
    if value is not None:
        return _slipped_json(value, text, values, draw)
    others = [other for other in values("") if isinstance(other, str) and other != text]
    return draw.pick("word", others) if text.isalnum() and others else slipped_prose(text, draw)


def _slipped_json(value: Json, text: str, values: Values, draw: Draw) -> str:
    kind = draw.share("kind of slip")
    if kind < 0.1:
        return text[: len(text) * 2 // 3]
    if kind < 0.25 and isinstance(value, dict) and len(value) > 1:
        missing = draw.pick("missing", [*value])
        value = {name: inner for name, inner in value.items() if name != missing}
    else:
        value = altered(value, values, draw)
    return json.dumps(value, ensure_ascii=False)


def slipped_prose(text: str, draw: Draw) -> str:
    """Another number, one sentence less, other words, or an apology in front."""
    numbers, parts = [*_NUMBER.finditer(text)], sentences(text)
    kinds: list[Callable[[], str]] = [lambda: apologised(text), lambda: reworded(text, draw)]
    if numbers:
        kinds.append(lambda: _misread(text, draw.pick("number", numbers)))
    if len(parts) > 1:
        kinds.append(lambda: " ".join(parts[:-1]))
    return draw.pick("kind of slip", kinds)()


def altered(value: Json, values: Values, draw: Draw) -> Json:
    """The value with one leaf that is wrong: what the same field holds elsewhere, or nearly what it was."""
    found = [(path, leaf) for path, leaf in leaves(value) if path]
    if not found:
        return {"note": "nothing found"}
    path, leaf = draw.pick("leaf", found)
    others = [other for other in values(named(path)) if type(other) is type(leaf) and other != leaf]
    return _put(value, path, draw.pick("value", others) if others else _near(leaf))


def _near(leaf: Json) -> Json:
    match leaf:
        case bool():
            return not leaf
        case int() | float():
            return leaf + 1
        case str():
            return f"{leaf} (approx.)" if leaf else "unknown"
        case _:
            return "unknown"


def _put(value: Json, path: Path, leaf: Json) -> Json:
    if not path:
        return leaf
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, str):
        return {**value, step: _put(value[step], rest, leaf)}
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], _put(value[step], rest, leaf), *value[step + 1 :]]
    return value


def _misread(text: str, number: re.Match[str]) -> str:
    return f"{text[: number.start()]}{int(number[0]) + 1}{text[number.end() :]}"
