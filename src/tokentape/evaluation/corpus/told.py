"""What people say of recordings: `category=extract` on a command line, and files by id.

A file is JSON lines, `{"id": "7c1e90ab", "category": "extract"}`, or CSV whose first line holds the names; an
empty cell says nothing. `cassette` beside the id says which one is meant, where several have the id.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.options import Options, redactor_of
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokentape.evaluation.corpus.annotations import Named
    from tokentape.wire.interaction import Json
    from tokentape.wire.redact.redactor import Redactor

ID, CASSETTE = "id", "cassette"
TEXTS = frozenset({"category", "tag", "session"})
"""Names whose values are texts, whatever they look like."""

_LONGEST = 200
_JSON = re.compile(r'true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?|[\[{"].*', re.DOTALL)


def settings(given: tuple[str, ...]) -> dict[str, Json]:
    """From `NAME=VALUE`: JSON where it is JSON (`3`, `true`, `["a"]`), else text. Raises `UsageError`."""
    found: dict[str, Json] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r}: write NAME=VALUE, such as category=extract")
        name = _name(name.strip(), text)
        found[name] = value if name in TEXTS else _value(value, text)
    return found


def _name(name: str, where: str) -> str:
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise UsageError(f"{where!r}: a name is one to {_LONGEST} characters on one line")
    return name


def _value(text: str, where: str) -> Json:
    if not _JSON.fullmatch(text):
        return text
    try:
        value: Json = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where!r}: the value looks like JSON, but is none: {error}") from None
    return value


def by_id(path: str) -> dict[Named, dict[str, Json]]:
    """What the file at `path` says. Raises `UsageError` with the line that is wrong."""
    read = _csv if path.lower().endswith(".csv") else _lines
    found: dict[Named, dict[str, Json]] = {}
    lines: dict[Named, int] = {}
    try:
        for line, told in read(path):
            id, cassette = told.pop(ID, None), told.pop(CASSETTE, None) or ""
            if not isinstance(id, str) or not id or not isinstance(cassette, str):
                raise UsageError(f"{path}, line {line}: {ID!r} (and {CASSETTE!r}, if it is there) is a text")
            for name in told:
                _name(name, f"{path}, line {line}: {name}")
            named = id, cassette
            if named in found:
                raise UsageError(f"{path}, line {line}: {id} is in line {lines[named]} already")
            found[named], lines[named] = told, line
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the file is not UTF-8") from None
    if not found:
        raise UsageError(f"{path}: the file is empty; a line is {_EXAMPLE}")
    return found


_EXAMPLE = '{"id": "7c1e90ab", "category": "extract"}'


def _lines(path: str) -> Iterator[tuple[int, dict[str, Json]]]:
    with open(path, encoding="utf-8-sig") as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                told = json.loads(text)
                json.dumps(told, allow_nan=False)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{path}, line {line}: not JSON: {error}") from None
            if not isinstance(told, dict):
                raise UsageError(f"{path}, line {line}: a line is an object such as {_EXAMPLE}")
            yield line, told


def _csv(path: str) -> Iterator[tuple[int, dict[str, Json]]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        try:
            for cells in table:
                if None in cells:
                    raise UsageError(
                        f"{path}, line {table.line_num}: more cells than the first line has names"
                    )
                yield table.line_num, {name: cell for name, cell in cells.items() if cell}
        except csv.Error as error:
            raise UsageError(f"{path}, line {table.line_num}: {error}") from None


class Hiding:
    """Redacts what people say, by the rules of the project; counts what it hid."""

    def __init__(self) -> None:
        self._redactor: Redactor = redactor_of(Options.of({}))
        self.count = 0

    def __call__(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """The values as they may be stored. Raises `UsageError` if a name holds a secret: what is said could
        not be found by a name that was changed.
        """
        if self._redacted({"": list(_names(values))}).redacted:
            raise UsageError("a name in what you say holds a secret: write it as a value, or leave it out")
        clean = self._redacted(values)
        self.count += sum(finding.count for finding in clean.redacted)
        return dict(clean.metadata)

    def _redacted(self, metadata: Mapping[str, Json]) -> Interaction:
        bare = Interaction("", Request("GET", ""), None, Ended(How.UNKNOWN), Timing(""), metadata=metadata)
        return self._redactor.interaction(bare)


def _names(values: Mapping[str, Json]) -> Iterator[str]:
    """The names of the values, and those inside of them."""
    waiting: list[Json] = [dict(values)]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
