"""One interaction as a block of text, and blocks as a file: in UTF-8, and in pieces that nobody joins.

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

from tokentape.cassettes.format import large
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
from tokentape.cassettes.stretch import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tokentape.wire.interaction import Interaction, Json

Piece = bytes | memoryview | Stretch
"""Some bytes of a block or file."""

_ID = re.compile(rb'\{"id": "(?:[^"\\]|\\.)*"')
_FIRST = {
    "request": ("method", "url", "http"),
    "response": ("status", "reason", "http"),
}


def render(interaction: Interaction) -> str:
    """The block of one interaction as one text."""
    return b"".join(pieces(interaction)).decode()


def pieces(interaction: Interaction) -> list[bytes]:
    """The block of one interaction: no newline or comma after it, and the same for the same interaction."""
    sent, came = large.written(interaction.request), large.written(interaction.response)
    data = to_dict(_without_bodies(interaction, request=sent is not None, response=came is not None))
    request, response = (
        _message("request", data["request"], sent),
        _message("response", data["response"], came),
    )
    after = [f",\n{_line(data, name)}" for name in ("ended", "redacted")]
    after += [f",\n{quoted(name)}: {broken(value, 0)}" for name, value in data.items() if name not in KNOWN]
    rest = "".join(after).encode()
    lines = [
        f'{{{_line(data, "id", "key", "exact")}, "check": "{check_of(request, response, rest)}"',
        _line(data, "kind", "origin", "protocol", "metadata"),
        _line(data, "asks", "reads_as"),
    ]
    head = ",\n".join(lines) + REQUEST
    tail = f",\n{_line(data, 'timing')}}}"
    return [head.encode(), *request, RESPONSE.encode(), *response, rest, tail.encode()]


def _without_bodies(interaction: Interaction, *, request: bool, response: bool) -> Interaction:
    """The interaction without the bodies that are written already."""
    if request:
        interaction = replace(interaction, request=replace(interaction.request, body=None))
    if response and interaction.response is not None:
        interaction = replace(interaction, response=replace(interaction.response, body=None))
    return interaction


def _line(data: Mapping[str, Json], *names: str) -> str:
    return ", ".join(f'"{name}": {flat(data[name])}' for name in names)


def _message(name: str, message: Json, body: list[bytes] | None) -> list[bytes]:
    """A request or response in pieces: its first line, then a line or more for each further field.

    `body` is its body where that is written already.
    """
    if not isinstance(message, dict):
        return [flat(message).encode()]
    first, done = _FIRST[name], list[bytes]()
    text = ["{", _line(message, *first)]
    for field, value in message.items():
        if field in first:
            continue
        text.append(f",\n  {quoted(field)}: ")
        if field == "body" and body is not None:
            done, text = ["".join(text).encode(), *body], []
        else:
            text += _value(field, value)
    return [*done, "".join([*text, "}"]).encode()]


def _value(name: str, value: Json) -> list[str]:
    if name == "body":
        return body_text(value)
    return [broken(value, 2) if name in ("headers", "trailers") else flat(value)]


def parse(
    block: bytes, path: str, line: Callable[[], int] | None = None, *, start: int = 0, end: int | None = None
) -> Interaction:
    """The interaction of a block, or of that at `[start, end)`.

    It comes without `key` and `exact` where its request was edited. Raises `CassetteCorrupt` naming the
    line, the interaction and the field.
    """
    end = len(block) if end is None else end
    rest, sent, came = large.cut(block, start, end)
    if came is None:
        rest, came = cut_stream(rest)
    data = read_object(rest, path, line)
    if not isinstance(data.get("id"), str):
        Place(path, line).corrupt("an interaction is an object that starts with its id")
    found = from_dict(data, Place(path, line, str(data["id"])), folded=is_folded(rest), sent=sent, came=came)
    key, exact = believed(found.key, found.exact, fits=is_unedited(block, start, end))
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


def with_id(block: Sequence[Piece], id: str) -> list[Piece]:
    """The block under another id; its first piece, which holds the whole id, is in memory."""
    first, *rest = block
    found = None if isinstance(first, Stretch) else _ID.match(first)
    if found is None or isinstance(first, Stretch):
        return [*block]
    return [f'{{"id": {quoted(id)}'.encode(), memoryview(first)[found.end() :], *rest]


def assemble(
    blocks: Sequence[str | bytes], *, rules: str, finished: bool, unknown: Mapping[str, Json] | None = None
) -> bytes:
    """The whole file as one, from whole blocks."""
    each = [[block.encode() if isinstance(block, str) else block] for block in blocks]
    return b"".join(map(bytes, file_pieces(each, rules=rules, finished=finished, unknown=unknown)))


def file_pieces(
    blocks: Sequence[Sequence[Piece]],
    *,
    rules: str,
    finished: bool,
    unknown: Mapping[str, Json] | None = None,
) -> list[Piece]:
    """The whole file. `unknown` are fields of a later version, written again."""
    head = {"tokentape": VERSION, "rules": rules, "finished": finished, **(unknown or {})}
    lines = ", ".join(f"{quoted(name)}: {flat(value)}" for name, value in head.items())
    opening, closing = f'{{{lines},\n"interactions": [\n', f'],\n"count": {len(blocks)}}}\n'
    return [opening.encode(), *_separated(blocks), closing.encode()]


def _separated(blocks: Sequence[Sequence[Piece]]) -> Iterator[Piece]:
    for number, block in enumerate(blocks, 1):
        yield from block
        yield b",\n" if number < len(blocks) else b"\n"
