"""One interaction as a block of text, and blocks as a file.

A block starts at column 0 with `{"id": "`, which nothing else in the file does: a JSON string cannot hold
a newline, and everything inside a block's values is indented or a closing bracket. So the file is its own
index (`index.scan`), and a merge moves blocks without parsing them.

`check` (see `checks`) guards what the file would otherwise have to be believed: where a request was
edited, `key` and `exact` are dropped, so it is never served under the key that it had before.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.format.bodytext import body_text, broken, flat
from tokentape.cassettes.format.checks import REQUEST, RESPONSE, believed, check_of, is_unedited
from tokentape.cassettes.format.damage import refuse_conflict
from tokentape.cassettes.format.escapes import quoted
from tokentape.cassettes.format.fields import Place
from tokentape.cassettes.format.folding import is_folded
from tokentape.cassettes.format.interaction import KNOWN, from_dict, to_dict
from tokentape.cassettes.format.sselines import cut_stream
from tokentape.cassettes.format.styles import decode
from tokentape.cassettes.format.upgrade import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tokentape.wire.interaction import Interaction, Json

__all__ = ["RESPONSE", "START", "VERSION", "assemble", "is_unedited", "parse", "render", "started", "with_id"]

START = '{"id": "'

_ID = re.compile(r'\{"id": "(?:[^"\\]|\\.)*"')
_AT = re.compile(r'\n"timing": \{"at": "([^"\\\n]*)"')
_FIRST = {
    "request": ("method", "url", "http"),
    "response": ("status", "reason", "http"),
}


def render(interaction: Interaction) -> str:
    """The block of one interaction: no newline or comma after it, and the same for the same interaction."""
    data = to_dict(interaction)
    request, response = _message("request", data["request"]), _message("response", data["response"])
    after = ["".join([",\n", *_line(data, name)]) for name in ("ended", "redacted")]
    after += [f",\n{quoted(name)}: {broken(value, 0)}" for name, value in data.items() if name not in KNOWN]
    pieces = ["{", *_line(data, "id", "key", "exact"), f', "check": "{check_of(request, response, after)}"']
    pieces += [",\n", *_line(data, "kind", "origin", "protocol", "metadata")]
    pieces += [",\n", *_line(data, "asks", "reads_as")]
    pieces += [REQUEST, *request, RESPONSE, *response, *after, ",\n", *_line(data, "timing"), "}"]
    return "".join(pieces)  # joined once: a body may have 50 MB


def _line(data: Mapping[str, Json], *names: str) -> list[str]:
    return [", ".join(f'"{name}": {flat(data[name])}' for name in names)]


def _message(name: str, message: Json) -> list[str]:
    """A request or response in pieces: its first line, then a line or more for each further field."""
    if not isinstance(message, dict):
        return [flat(message)]
    first = _FIRST[name]
    pieces = ["{", *_line(message, *first)]
    for field, value in message.items():
        if field not in first:
            pieces += [f",\n  {quoted(field)}: ", *_value(field, value)]
    return [*pieces, "}"]


def _value(name: str, value: Json) -> list[str]:
    if name == "body":
        return body_text(value)
    return [broken(value, 2) if name in ("headers", "trailers") else flat(value)]


def parse(block: str, path: str, line: Callable[[], int] | None = None) -> Interaction:
    """The interaction of a block; without `key` and `exact` where its request was edited.

    Raises `CassetteCorrupt` naming the line, the interaction and the field.
    """
    rest, stream = cut_stream(block)
    data = read_object(rest, path, line)
    if not isinstance(data.get("id"), str):
        Place(path, line).corrupt("an interaction is an object that starts with its id")
    found = from_dict(data, Place(path, line, str(data["id"])), folded=is_folded(rest), stream=stream)
    key, exact = believed(found.key, found.exact, fits=is_unedited(block))
    return found if key == found.key and exact == found.exact else replace(found, key=key, exact=exact)


def read_object(text: str, path: str, line: Callable[[], int] | None = None) -> dict[str, Json]:
    """The JSON object of (a part of) a block that begins at `line`. Raises `CassetteCorrupt`."""
    place = Place(path, line)
    try:
        data = decode(text)
    except json.JSONDecodeError as error:
        refuse_conflict(text.encode(), path, line() if line else 1)
        down = error.lineno - 1
        Place(path, (lambda: line() + down) if line else None).corrupt(f"not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        place.corrupt(f"not JSON that can be read: {error}")
    return data if isinstance(data, dict) else place.corrupt("an interaction is an object")


def with_id(block: str, id: str) -> str:
    """The block under another id."""
    return _ID.sub(lambda _: f'{{"id": {quoted(id)}', block, count=1)


def started(block: str) -> str:
    """When a block's interaction started (`timing.at`), off its last line; "" if it is not laid out so."""
    found = _AT.match(block, max(block.rfind("\n"), 0))
    return found[1] if found else ""


def assemble(
    blocks: Sequence[str], *, rules: str, finished: bool, unknown: Mapping[str, Json] | None = None
) -> bytes:
    """The whole file. `unknown` are fields of a later version, written again."""
    head = {"tokentape": VERSION, "rules": rules, "finished": finished, **(unknown or {})}
    lines = ", ".join(f"{quoted(name)}: {flat(value)}" for name, value in head.items())
    pieces = [f'{{{lines},\n"interactions": [\n', *_separated(blocks), f'],\n"count": {len(blocks)}}}\n']
    return b"".join([piece.encode() for piece in pieces])


def _separated(blocks: Sequence[str]) -> Iterable[str]:
    for number, block in enumerate(blocks, 1):
        yield block
        yield ",\n" if number < len(blocks) else "\n"
