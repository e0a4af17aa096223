"""A JSON body in the form that keys are computed from: equal for bodies that ask the same.

The form has sections. `system` is a list of what each system field or leading system turn says;
`messages` the other turns; `tools` the tools, sorted; `body` the other fields. Nothing is translated:
turns, blocks and tools stay in the words of their dialect.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.matching.content import same, settled_turn, system_entry, turns_of
from tokentape.matching.paths import name_of
from tokentape.matching.tidy import Tidy
from tokentape.matching.volatile import settle

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Shape
    from tokentape.wire.interaction import Json

encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
"""Canonical text of a value: keys sorted, no whitespace, everything outside ASCII escaped."""


def body_sections(body: Json, shape: Shape) -> dict[str, Json]:
    """The sections of a JSON body."""
    if not isinstance(body, dict):
        return {"body": body}
    tidy = Tidy(shape)
    rest = dict(tidy.named(body))
    for path in shape.ignored:
        _remove(rest, path.split("."))
    sections = _conversation(rest, shape, tidy)
    tools = {path.partition(".")[0] for path in shape.tools}
    for name, value in rest.items():
        rest[name] = tidy.part(value) if name in tools else tidy.settings(value)
    if shape.null_is_absent:
        rest = {name: value for name, value in rest.items() if value is not None}
    _sort(rest, shape, sections)
    for name, value in shape.defaults:
        if name in rest and same(rest[name], value):
            del rest[name]
    sections["body"] = rest
    return sections


def _conversation(rest: dict[str, Json], shape: Shape, tidy: Tidy) -> dict[str, Json]:
    """The sections `system` and `messages`, taken out of `rest`."""
    system: list[Json] = []
    for field in shape.system:
        value = rest.pop(field, None)
        if value is not None:
            system.append(system_entry(tidy.part(value), shape))
    turns = turns_of(rest.get(shape.conversation), shape)
    if turns is None:
        return {"system": system} if system else {}
    del rest[shape.conversation]
    walked = tidy.turns(turns)
    messages = [settled_turn(turn, shape) for turn in walked] if isinstance(walked, list) else []
    leading = _leading(messages, shape)
    system += [system_entry(turn, shape) for turn in messages[:leading]]
    sections: dict[str, Json] = {"messages": messages[leading:]}
    return {"system": system, **sections} if system else sections


def leading_system_turns(body: Json, shape: Shape) -> int:
    """How many turns of a body went to `system`: `messages[0]` of the form is `messages[n]` of the body."""
    turns = turns_of(body.get(shape.conversation), shape) if isinstance(body, dict) else None
    return _leading(turns or [], shape)


def _leading(turns: list[Json], shape: Shape) -> int:
    roles = (turn.get("role") if isinstance(turn, dict) else None for turn in turns)
    return next((number for number, role in enumerate(roles) if role not in shape.system_roles), len(turns))


def _sort(rest: dict[str, Json], shape: Shape, sections: dict[str, Json]) -> None:
    """Sort the lists in which order means nothing, innermost first, and take the tools out."""
    for path in sorted(shape.tools, key=lambda path: -path.count(".")):
        steps = path.split(".")
        for holder in _holders(rest, steps[:-1]):
            value = holder.get(steps[-1])
            if isinstance(value, list):
                holder[steps[-1]] = _in_order(value)
    for path in shape.tools:
        *above, last = path.split(".")
        holders = _holders(rest, above) if last == "tools" else []
        if len(holders) == 1 and isinstance(holders[0].get("tools"), list):
            sections["tools"] = holders[0].pop("tools")


def _in_order(entries: list[Json]) -> list[Json]:
    if len(entries) < 2:
        return entries
    names = [name_of(entry) or "" for entry in entries]
    if "" in names or len(set(names)) < len(names):
        names = [name + encode(settle(entry)) for name, entry in zip(names, entries, strict=True)]
    return [entry for _, entry in sorted(zip(names, entries, strict=True), key=lambda pair: pair[0])]


def _holders(value: Json, steps: list[str]) -> list[dict[str, Json]]:
    """The objects at `steps`; a step into a list goes on in each of its entries."""
    if isinstance(value, list):
        return [holder for entry in value for holder in _holders(entry, steps)]
    if not isinstance(value, dict):
        return []
    return _holders(value.get(steps[0]), steps[1:]) if steps else [value]


def _remove(rest: dict[str, Json], steps: list[str]) -> None:
    """Drop the field at `steps`, copying what is above it, since the body belongs to the caller."""
    name, *below = steps
    if name not in rest:
        return
    if not below:
        del rest[name]
    elif isinstance(child := rest[name], dict):
        child = dict(child)
        _remove(child, below)
        rest[name] = child
