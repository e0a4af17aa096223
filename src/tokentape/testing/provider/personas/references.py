"""What the right answers are: a table of questions, made by whoever knows them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.testing.provider.turn import Call, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.testing.provider.turn import Question
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class Reference:
    """The right answer, once `given` stands in the results of tools ("": before there are any)."""

    turn: Turn
    given: str = ""


class References:
    """Answers by the last thing that the user says; spacing does not count.

    >>> known = References()
    >>> known.add("Weather in Oslo?", Call("weather", {"city": "Oslo"}))
    >>> known.add("Weather in Oslo?", "It rains.", given="rain")
    """

    def __init__(self) -> None:
        self._known: defaultdict[str, list[Reference]] = defaultdict(list)
        self._values: defaultdict[str, list[Json]] = defaultdict(list)

    def add(self, text: str, *answer: str | dict[str, Json] | Call | Turn, given: str = "") -> None:
        """The answer to a question: a text, an object that is said as JSON, calls, or a whole turn."""
        turn = _turn(answer)
        self._known[settled(text)].append(Reference(turn, given))
        for name, value in _leaves_of(turn):
            if value not in self._values[name]:
                self._values[name].append(value)

    def answer(self, question: Question) -> Turn | None:
        """The answer to the question; None where nobody knows it."""
        given = "\n".join(question.results)
        for one in self._known.get(settled(question.text), ()):
            if one.given in given if one.given else not given:
                return one.turn
        return None

    def values(self, name: str) -> Sequence[Json]:
        """What the field `name` of objects and arguments holds in any of the answers; "": single words."""
        return self._values.get(name, ())


def settled(text: str) -> str:
    """The text, with single spaces."""
    return " ".join(text.split())


def leaves(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Whatever is neither an object nor a list, with its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path, value


def named(path: tuple[str | int, ...]) -> str:
    """The last name of a path."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def structured(text: str) -> Json:
    """The object or list that a text is; None for any other text."""
    try:
        value: Json = json.loads(text) if text[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None
    return value


def _turn(answer: tuple[str | dict[str, Json] | Call | Turn, ...]) -> Turn:
    calls = tuple(part for part in answer if isinstance(part, Call))
    turn = Turn(calls=calls)
    for part in answer:
        if isinstance(part, Turn):
            return part
        if isinstance(part, dict):
            turn = Turn(json.dumps(part, ensure_ascii=False), calls)
        elif isinstance(part, str):
            turn = Turn(part, calls)
    return turn


def _leaves_of(turn: Turn) -> Iterator[tuple[str, Json]]:
    if turn.text.isalnum():
        yield "", turn.text
    for value in (structured(turn.text), *(dict(call.arguments) for call in turn.calls)):
        for path, leaf in leaves(value):
            yield named(path), leaf
