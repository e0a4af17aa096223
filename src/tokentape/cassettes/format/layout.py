"""One interaction as a block of text, and blocks as a file.

A block starts at column 0 with `{"id": "`, which nothing else in the file does: a JSON string cannot hold
a newline, and everything inside a block's values is indented or a closing bracket. So the file is its own
index (`index.scan`), and a merge moves blocks without parsing them.

`check` guards the hints: it is a digest of the request as it stands in the block. Where it does not fit,
somebody edited the request, and `key` and `exact` are not believed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from zlib import crc32

from tokentape.cassettes.format.bodytext import body_text, broken, flat
from tokentape.cassettes.format.escapes import quoted
from tokentape.cassettes.format.fields import Place
from tokentape.cassettes.format.folding import MARK
from tokentape.cassettes.format.interaction import from_dict, to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokentape.wire.interaction import Interaction, Json

VERSION = 1
START = '{"id": "'
REQUEST = '\n"request": '
RESPONSE = ',\n"response": '
NO_CHECK = "00000000"

_ID = re.compile(r'\{"id": "(?:[^"\\]|\\.)*"')
_CHECK = re.compile(r'"check": "([0-9a-f]{8})"')
_LINES = (
    ("kind", "origin", "protocol", "metadata"),
    ("asks", "reads_as"),
    ("request",),
    ("response",),
    ("ended",),
    ("redacted",),
)


def render(interaction: Interaction) -> str:
    """The block of one interaction: no newline or comma after it, and the same for the same interaction."""
    data = to_dict(interaction)
    shown = {
        **{name: flat(value) for name, value in data.items() if name not in ("request", "response")},
        "request": _message(data["request"], ("method", "url", "http")),
        "response": _message(data["response"], ("status", "reason", "http")),
    }
    shown["check"] = f'"{crc32(shown["request"].encode()):08x}"'
    first = _fields(shown, ("id", "key", "exact", "check"))
    middle = [_fields(shown, names) for names in _LINES]
    unknown = [
        f"{quoted(name)}: {flat(value)}" for name, value in interaction.unknown.items() if name in data
    ]
    known = {"request", "response", "ended", "timing"}
    extra = [line for line, name in zip(unknown, interaction.unknown, strict=False) if name not in known]
    return "{" + ",\n".join([first, *middle, *extra, _fields(shown, ("timing",))]) + "}"


def _fields(shown: Mapping[str, str], names: Sequence[str]) -> str:
    return ", ".join(f'"{name}": {shown[name]}' for name in names)


def _message(message: Json, first: tuple[str, ...]) -> str:
    """A request or response: its first line, then a line or more for each further field."""
    if not isinstance(message, dict):
        return flat(message)
    line = ", ".join(f'"{name}": {flat(message[name])}' for name in first)
    rest = [f"{quoted(name)}: {_value(name, value)}" for name, value in message.items() if name not in first]
    return "{" + ",\n  ".join([line, *rest]) + "}"


def _value(name: str, value: Json) -> str:
    return body_text(value) if name == "body" else broken(value, 2) if name == "headers" else flat(value)


def parse(block: str, path: str, line: Callable[[], int] | None = None) -> Interaction:
    """The interaction of a block; without `key` and `exact` where its request was edited.

    Raises `CassetteCorrupt` naming the line, the interaction and the field.
    """
    place = Place(path, line)
    try:
        data = json.loads(block)
    except ValueError as error:
        inner = error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0
        Place(path, (lambda: line() + inner) if line else None).corrupt(f"not JSON: {_problem(error)}")
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        place.corrupt("an interaction is an object that starts with its id")
    if not is_unedited(block):
        data["key"], data["exact"] = "", None
    data.pop("check", None)
    return from_dict(data, Place(path, line, data["id"]), folded=MARK in block)


def _problem(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def is_unedited(block: str) -> bool:
    """True if the request is as it was written. A block without `check` was written by hand."""
    found = _CHECK.search(block, 0, block.find("\n") + 1)
    start, end = block.find(REQUEST), block.find(RESPONSE)
    if found is None or start < 0 or end < 0:
        return False
    request = block[start + len(REQUEST) : end]
    return int(found[1], 16) == crc32(request.encode("utf-8", "surrogatepass"))


def with_id(block: str, id: str) -> str:
    """The block under another id."""
    return _ID.sub(lambda _: f'{{"id": {quoted(id)}', block, count=1)


def assemble(
    blocks: Sequence[str], *, rules: str, finished: bool, unknown: Mapping[str, Json] | None = None
) -> bytes:
    """The whole file. `unknown` are fields of a later version, written again."""
    head = {"tokentape": VERSION, "rules": rules, "finished": finished, **(unknown or {})}
    lines = ", ".join(f"{quoted(name)}: {flat(value)}" for name, value in head.items())
    inner = "".join([",\n".join(blocks), "\n"]) if blocks else ""
    return f'{{{lines},\n"interactions": [\n{inner}],\n"count": {len(blocks)}}}\n'.encode()
