"""Which parts of a request count, under a selection and for a kind of call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.matching.fields import PARTS
from tokentape.matching.paths import Path, parse_path, pick, prune
from tokentape.matching.tidy import camel

if TYPE_CHECKING:
    from tokentape.matching.fields import Selection
    from tokentape.protocols.dialect import Shape
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json

Sections = dict[str, "Json"]


class Chosen:
    """A selection and the ignored paths, made ready."""

    __slots__ = (
        "_chosen",
        "_ignored",
        "_kept_there",
        "_parts",
        "_picked",
        "_removed",
        "_unknown",
        "needs_raw_body",
    )

    def __init__(self, selection: Selection, ignore: tuple[str, ...]) -> None:
        self._chosen = self._kept_there = self._unknown = selection.chosen
        self._removed = selection.removed
        if selection.adapts:
            self._kept_there = self._chosen | ({"path"} - self._removed)
            more = {"method", "host", "path", "query"} - self._removed
            self._unknown = (self._chosen | more) - {"operation"}
        self._parts = self._chosen & {*PARTS}
        self._picked = tuple((f"body.{name}", parse_path(name)) for name in selection.named("body."))
        self._ignored = [parse_path(name) for name in (*ignore, *selection.without("body."))]
        self._ignored += [(name,) for name in PARTS if name in self._removed]
        self.needs_raw_body = "raw_body" in self._chosen

    def fields(self, found: Recognised, method: str) -> frozenset[str]:
        """The fields that count for this call.

        A model that answers a POST needs no path: deployment, project and base URL belong to the
        environment. Every other call that a dialect knows names a thing kept at the provider.
        """
        if found.dialect is None:
            return self._unknown
        return self._chosen if method == "POST" and found.operation.model else self._kept_there

    def body(self, sections: Sections, shape: Shape) -> Sections:
        """What counts of the body's sections."""
        if self._ignored:
            sections = _without(sections, [_canonical(path, shape) for path in self._ignored])
        flat = flattened(sections) if self._parts or self._picked else {}
        picked: Sections = {name: pick(flat, path) for name, path in self._picked}
        if "body" in self._chosen or self._has_no_prompt(flat):
            return sections | picked
        return {name: flat[name] for name in self._parts if name in flat} | picked

    def _has_no_prompt(self, flat: Sections) -> bool:
        """True if the prompt alone should count, and there is none: then all of the body does, since a
        call without messages must not match every other one."""
        prompt = {"messages", "system"}
        return bool(self._parts & prompt) and not prompt & flat.keys()


def flattened(sections: Sections) -> Sections:
    """The sections with the fields of `body` beside them: the tree that paths are written for."""
    rest = sections.get("body")
    if isinstance(rest, dict):
        return {**rest, **{name: value for name, value in sections.items() if name != "body"}}
    return sections


def _without(sections: Sections, paths: list[Path]) -> Sections:
    rest = sections.get("body")
    own = {name for name in sections if name != "body" or not isinstance(rest, dict)}
    flat = prune(flattened(sections), paths)
    if not isinstance(flat, dict):
        return sections
    kept = {name: flat[name] for name in own if name in flat}
    if len(own) < len(sections):
        kept["body"] = {name: value for name, value in flat.items() if name not in own}
    return kept


def _canonical(path: Path, shape: Shape) -> Path:
    """A path that uses the dialect's own names, in the names of the sections."""
    first, *rest = (camel(step) if shape.snake_case and isinstance(step, str) else step for step in path)
    if first == shape.conversation:
        first = "messages"
    elif first in shape.system:
        first = "system"
    return (first, *rest)
