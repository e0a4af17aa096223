"""Paths into a body: `metadata.run_id`, `messages[*].content`, `tools[get_weather].description`, `**.id`.

A step is a field name, `[3]`, `[*]` (every entry), `[name]` (the entry with that name), `*` (every field)
or `**` (any number of steps, none included). `["a.b"]` is a field whose name has dots. A leading
`body.` says nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.wire.interaction import Json

Step = str | int
Path = tuple[Step, ...]

ANY = "*"
DEEP = "**"
BLANK = "[ignored]"

_STEP = re.compile(r'\.?([^.\[\]"]+)|\[(\d+)\]|\[([^\[\]"]+)\]|\["([^"]+)"\]')


def parse_path(text: str) -> Path:
    """The steps of `text` into a body. Raises `UsageError` naming it."""
    steps = steps_of(text)
    return steps[1:] if steps[0] == "body" and len(steps) > 1 else steps


def steps_of(text: str) -> Path:
    """The steps of `text` into any value. Raises `UsageError` naming it."""
    steps: list[Step] = []
    for found in scanned(text, _STEP, "'metadata.run_id' or 'messages[*].content'"):
        name, index, entry, quoted = found.groups()
        steps.append(int(index) if index else name or entry or quoted)
    if not steps or steps[-1] == DEEP:
        raise UsageError(f"path {text!r} names no field; write 'metadata.run_id' or '**.id'")
    return tuple(steps)


def scanned(text: str, step: re.Pattern[str], example: str) -> Iterator[re.Match[str]]:
    """`text` in steps, one after the other, each as `step` matches it: so other kinds of paths are read,
    too. Raises `UsageError` where none is.
    """
    at = 0
    while at < len(text):
        found = step.match(text, at)
        if found is None or (at == 0 and text[0] == "."):
            raise UsageError(f"path {text!r} cannot be read at character {at + 1}; write it like {example}")
        yield found
        at = found.end()


def name_of(entry: Json) -> str | None:
    """The name by which an entry of a list of tools is called, wherever its dialect keeps it."""
    if not isinstance(entry, dict):
        return None
    if isinstance(name := entry.get("name"), str):
        return name
    for value in entry.values():
        if isinstance(value, dict) and isinstance(name := value.get("name"), str):
            return name
    return None


def prune(value: Json, paths: list[Path]) -> Json:
    """A copy of `value` without what `paths` name. The text of a content is blanked, not removed,
    so that a string and a block still compare equal."""
    if isinstance(value, dict):
        return _fields(value, paths)
    if isinstance(value, list):
        return _entries(value, paths)
    if isinstance(value, str) and any(path in (("text",), (0, "text"), (ANY, "text")) for path in paths):
        return BLANK
    return value


def pick(value: Json, path: Path) -> Json:
    """What stands at `path` (no wildcards), or None."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list):
            value = next((e for i, e in enumerate(value) if step == i or step == name_of(e)), None)
        else:
            return None
    return value


def _fields(value: dict[str, Json], paths: list[Path]) -> Json:
    kept: dict[str, Json] = {}
    for name, child in value.items():
        rest = _rest(paths, lambda step, name=name: step in (name, ANY))  # type: ignore[misc]
        if () not in rest:
            kept[name] = prune(child, rest) if rest else child
        elif name == "text":
            kept[name] = BLANK
    return kept


def _entries(value: list[Json], paths: list[Path]) -> Json:
    kept: list[Json] = []
    for index, child in enumerate(value):
        called = name_of(child)
        rest = _rest(paths, lambda step, i=index, n=called: step in (i, ANY) or (n is not None and step == n))  # type: ignore[misc]
        if () not in rest:
            kept.append(prune(child, rest) if rest else child)
    return kept


def _rest(paths: list[Path], fits: Callable[[Step], bool]) -> list[Path]:
    """What remains of each path after one step down; `()` where the path ends here."""
    rest: list[Path] = []
    for path in paths:
        if path and path[0] == DEEP:
            rest.append(path)
            rest += _rest([path[1:]], fits)
        elif path and fits(path[0]):
            rest.append(path[1:])
    return rest
