"""Reading one recorded message of another tool: values of several forms, errors that say where."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from tokentape.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.message import Headers

REMADE = "the body was stored parsed: its bytes are made again, compact"


class Fields:
    """A mapping in a foreign file. Every error names the file, the interaction and the field."""

    def __init__(self, value: object, path: str, place: str) -> None:
        self._path, self._place = path, place
        if not isinstance(value, dict):
            raise self.wrong("a mapping was expected")
        self._fields: dict[object, object] = value

    def get(self, name: str) -> object:
        """The value, or None."""
        return self._fields.get(name)

    def has(self, name: str) -> bool:
        """True if the field is there, even if it is null."""
        return name in self._fields

    def inner(self, name: str) -> Fields:
        """The mapping in the field `name`."""
        return Fields(self.get(name), self._path, f"{self._place}, {name}")

    def text(self, name: str) -> str:
        """The text in the field `name`, which must be there."""
        value = self.get(name)
        if not isinstance(value, (str, bytes)) or not value:
            raise self.wrong(f"'{name}' is not a text")
        return text(value)

    def number(self, name: str) -> int:
        """The whole number in the field `name`."""
        value = self.get(name)
        try:
            return int(text(value))
        except ValueError:
            raise self.wrong(f"'{name}' is not a number: {value!r:.40}") from None

    def wrong(self, problem: str) -> CassetteError:
        """The error to raise for this mapping."""
        return CassetteError(self._path, problem, place=self._place, fix="mend it by hand, or record again")


def header_list(fields: Fields) -> Headers:
    """The header fields, in the order of the file, one for each value."""
    value = fields.get("headers")
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple(
            (_name(name, fields), _value(item, fields))
            for name, held in value.items()
            for item in _each(held)
        )
    if isinstance(value, list) and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value):
        return tuple(
            (_name(name, fields), _value(item, fields)) for name, held in value for item in _each(held)
        )
    raise fields.wrong("'headers' is neither a mapping nor a list of pairs")


def body_bytes(fields: Fields, *, older: str = "") -> tuple[bytes | None, tuple[str, ...]]:
    """The body (None where it is null) and notes on it. `older` is the field's name in an older form."""
    if fields.has("parsed_body"):
        return _serialised(fields), (REMADE,)
    if older and fields.has(older) and not fields.has("body"):
        return _bytes(fields.get(older), fields, older), ()
    held = fields.get("body")
    if isinstance(held, dict):
        return _wrapped(held, fields), ()
    return _bytes(held, fields, "body"), ()


def _serialised(fields: Fields) -> bytes:
    try:
        return json.dumps(fields.get("parsed_body"), separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise fields.wrong(f"'parsed_body' is not JSON: {error}") from error


def text(value: object) -> str:
    """A scalar as text; bytes as latin-1, so that none is lost."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _wrapped(held: dict[object, object], fields: Fields) -> bytes | None:
    """`{string: ...}`, or `{base64_string: ...}`."""
    encoded = held.get("base64_string")
    if encoded is None:
        return _bytes(held.get("string"), fields, "body.string")
    try:
        return base64.b64decode(text(encoded), validate=False)
    except binascii.Error as error:
        raise fields.wrong(f"'body.base64_string' is not base64: {error}") from error


def _bytes(value: object, fields: Fields, name: str) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    raise fields.wrong(f"'{name}' is neither text nor bytes: {value!r:.60}")


def _name(name: object, fields: Fields) -> str:
    if not isinstance(name, (str, bytes)) or not name:
        raise fields.wrong(f"a header's name is not a text: {name!r:.60}")
    return _wire(text(name))


def _each(held: object) -> Iterator[object]:
    if isinstance(held, (list, tuple)):
        yield from held
    else:
        yield held


def _value(item: object, fields: Fields) -> str:
    if item is None or isinstance(item, (str, bytes, int, float)):
        return _wire(text(item))
    raise fields.wrong(f"a header's value is not a text: {item!r:.60}")


def _wire(value: str) -> str:
    """Header text stands for bytes read as latin-1; what does not fit was UTF-8 on the wire."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass").decode("latin-1")
    return value
