"""Paths of field rules: `output[-1].id`, `messages[*].reasoning_content`, `metadata.*`.

A step is a field name, `[3]`, `[-1]`, `[*]` or `*`: every entry of a list, or every field of an object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tokentape.errors import UsageError
from tokentape.matching.paths import scanned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.wire.interaction import Json

    Step = str | int
    Steps = tuple[Step, ...]

EVERY = "*"
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+|\*)\]")


def parsed(path: str) -> Steps:
    """The steps of `path`. Raises `UsageError` naming it."""
    steps: list[Step] = []
    for found in scanned(path, _STEP, "'output[-1].id' or 'messages[*].name'"):
        name, index = found.groups()
        steps.append(name or (EVERY if index == "*" else int(index)))
    if not steps:
        raise UsageError("a path names no field; write it like 'output[-1].id'")
    return tuple(steps)


class Found(NamedTuple):
    """A value, and what it stands in, the outermost first."""

    value: Json
    around: tuple[Json, ...]


def read(value: Json, steps: Steps, around: tuple[Json, ...] = ()) -> Iterator[Found]:
    """Every value that stands at `steps` and is not null, in order."""
    if not steps:
        if value is not None:
            yield Found(value, around)
        return
    step, rest, outer = steps[0], steps[1:], (*around, value)
    for each in _at(value, step):
        yield from read(each, rest, outer)


def _at(value: Json, step: Step) -> list[Json]:
    if isinstance(value, dict):
        if step == EVERY:
            return list(value.values())
        return [value[step]] if isinstance(step, str) and step in value else []
    if isinstance(value, list):
        if step == EVERY:
            return value
        return [value[step]] if isinstance(step, int) and -len(value) <= step < len(value) else []
    return []


def changed(
    value: Json,
    steps: Steps,
    change: Callable[[Json, tuple[Json, ...]], Json],
    around: tuple[Json, ...] = (),
) -> Json:
    """`value` with what stands at `steps` changed; what changes is copied, and `value` itself is returned
    where nothing does.

    `change` gets the old value (None where there is none) and what is around it, and gives the new one, or
    the very same. Objects on the way that are not there are made, lists are not.
    """
    if not steps:
        return change(value, around)
    step, rest, outer = steps[0], steps[1:], (*around, value)
    if isinstance(value, dict) and step == EVERY:
        told = {name: changed(each, rest, change, outer) for name, each in value.items()}
        return told if any(told[name] is not each for name, each in value.items()) else value
    if isinstance(value, dict) and isinstance(step, str):
        old = value.get(step)
        missing: Json = {} if old is None and rest and isinstance(rest[0], str) and rest[0] != EVERY else old
        new = changed(missing, rest, change, outer)
        return value if new is old or (new is missing and old is None) else {**value, step: new}
    if isinstance(value, list):
        return _in_list(value, step, rest, change, outer)
    return value


def _in_list(
    value: list[Json],
    step: Step,
    rest: Steps,
    change: Callable[[Json, tuple[Json, ...]], Json],
    outer: tuple[Json, ...],
) -> Json:
    places = range(len(value)) if step == EVERY else (step,)
    copy: list[Json] | None = None
    for place in places:
        if isinstance(place, int) and -len(value) <= place < len(value):
            new = changed(value[place], rest, change, outer)
            if new is not value[place]:
                copy = copy or list(value)
                copy[place] = new
    return value if copy is None else copy
