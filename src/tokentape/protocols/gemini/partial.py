"""Calls whose arguments come in pieces: `partialArgs` (Vertex, where `streamFunctionCallArguments` asks)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.checking import Where
from tokentape.protocols.gemini.names import NAME
from tokentape.protocols.reading import text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WHERE = Where(NAME)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,6})\]|\['([^']*)'\]")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


class PartialCall:
    """One call while its pieces come in. Each piece is a value at a path; text at the same path goes on."""

    def __init__(self) -> None:
        self._call: Fields = {}
        self._part: Fields = {}
        self._bits: dict[str, list[str]] = {}
        self._values: dict[str, Json] = {}

    def add(self, call: Fields, part: Fields) -> None:
        """The next chunk of it."""
        kept = {name: value for name, value in call.items() if name not in ("partialArgs", "willContinue")}
        self._call.update(kept)
        self._part.update(part)
        for piece in _WHERE.entries(call.get("partialArgs") or [], "functionCall", "partialArgs"):
            fields = _WHERE.fields(piece, "functionCall", "partialArgs")
            path = text(fields.get("jsonPath"))
            name = next((name for name in _VALUES if name in fields), None)
            if name == "stringValue":
                self._bits.setdefault(path, []).append(text(fields[name]))
            elif name is not None:
                self._values[path] = None if name == "nullValue" else fields[name]

    def whole(self) -> Fields:
        """The part with all its arguments."""
        args: Fields = {}
        given = self._call.get("args")
        if isinstance(given, dict):
            args.update(given)
        for path, value in (
            *self._values.items(),
            *((path, "".join(bits)) for path, bits in self._bits.items()),
        ):
            _put(args, path, value)
        return {**self._part, "functionCall": {**self._call, "args": args}}


def _put(args: Fields, path: str, value: Json) -> None:
    """Put a value where a JSON path (`$.a.b[0]`) leads to."""
    steps: list[str | int] = [
        int(found[2]) if found[2] else found[1] or found[3] or ""
        for found in _STEP.finditer(path.lstrip("$"))
    ]
    node: Json = args
    for nth, step in enumerate(steps):
        last = nth == len(steps) - 1
        fresh: Json = value if last else ([] if isinstance(steps[nth + 1], int) else {})
        if isinstance(node, dict) and isinstance(step, str):
            if last or not isinstance(node.get(step), dict | list):
                node[step] = fresh
            node = node[step]
        elif isinstance(node, list) and isinstance(step, int) and step <= len(node):
            if step == len(node):
                node.append(fresh)
            elif last:
                node[step] = fresh
            node = node[step]
        else:
            return
