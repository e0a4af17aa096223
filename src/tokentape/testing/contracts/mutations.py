"""A body made wrong, in every place and in every way: what a reader has to survive."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Path = tuple[str | int, ...]

WRONG: tuple[Json, ...] = (
    None, True, 0, -1, 1.5, nan, inf, 10**400, "", "x", "\ud800", [], [None], ["x"], [[]], [{}], {},
    {"x": None}, {"type": 5}, {"type": "no such thing"}, {"type": "no such thing", "x": [1]},
)  # fmt: skip
"""What is put in the place of every value in turn."""

DEPTH = 50_000
"""Levels of nesting: far beyond what recursion bears."""


def places(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every place of a JSON value with what stands there, the outermost first."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from places(inner, (*path, nth))


def replaced(body: Json, path: Path, value: Json) -> Json:
    """A copy of `body` with `value` at `path`; what is beside the path is shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(body, list):
        return [replaced(inner, rest, value) if nth == step else inner for nth, inner in enumerate(body)]
    known = body if isinstance(body, dict) else {}
    return {**known, str(step): replaced(known.get(str(step)), rest, value)}


def without(body: Json, path: Path) -> Json:
    """A copy of `body` with nothing at `path`, which is not empty."""
    step, rest = path[0], path[1:]
    if isinstance(body, list):
        kept = [(nth, inner) for nth, inner in enumerate(body) if rest or nth != step]
        return [without(inner, rest) if nth == step else inner for nth, inner in kept]
    known = body if isinstance(body, dict) else {}
    if not rest:
        return {name: inner for name, inner in known.items() if name != step}
    return {**known, str(step): without(known.get(str(step)), rest)}


def mutations(body: dict[str, Json]) -> Iterator[tuple[Path, dict[str, Json]]]:
    """The body with each wrong value in each place, and with each field missing."""
    for path, _ in list(places(body)):
        if path:
            for value in WRONG:
                yield path, changed(body, path, value)
            yield path, without(body, path)  # type: ignore[misc]


def changed(body: dict[str, Json], path: Path, value: Json) -> dict[str, Json]:
    """`replaced` inside an object; `path` is not empty."""
    return replaced(body, path, value)  # type: ignore[return-value]


def nested(depth: int = DEPTH, *, objects: bool = False) -> Json:
    """A list in a list in a list, or an object in an object."""
    value: Json = "x"
    for _ in range(depth):
        value = {"x": value} if objects else [value]
    return value


def with_unknown(body: dict[str, Json], name: str = "x_unknown") -> Iterator[tuple[Path, dict[str, Json]]]:
    """The body with a field that nobody knows, in each object in turn."""
    for path, value in list(places(body)):
        if isinstance(value, dict):
            yield path, changed(body, (*path, name), {"of": ["nobody", None, 1]})
