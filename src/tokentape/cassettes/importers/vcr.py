"""Cassettes of vcrpy, YAML or JSON, as interactions.

    interactions: [{request: {method, uri, headers, body},
                    response: {status: {code, message}, headers, body: {string}}}, ...]
    version: 1

Two forms of response are in use: the one above, and that of older recordings of httpx with
`status_code`, `http_version` and `content`. Each value of a header may be a scalar or a list.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.importers.fields import Fields, body_bytes, header_list, text
from tokentape.cassettes.importers.format import Format
from tokentape.cassettes.importers.headers import NO_BODY, mended
from tokentape.cassettes.importers.plainyaml import load_yaml
from tokentape.errors import CassetteError
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response, header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from tokentape.cassettes.importers.format import Given
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

LOST = "chunk boundaries and times are not in the source: each body is one chunk, and has no time"


class Imported(NamedTuple):
    """The interactions in the order of the file, without ids and keys, and what could not be kept."""

    interactions: list[Interaction]
    notes: list[str]


def read_vcr(path: str | PathLike[str]) -> Imported:
    """Read one vcrpy cassette; `.json` is read as JSON, anything else as YAML, with a safe loader.

    Raises `CassetteError` naming file and place for what is not such a cassette, `UsageError` where
    YAML cannot be read.
    """
    import os

    shown = os.fspath(path)
    try:
        with open(shown, "rb") as file:
            data = file.read()
    except OSError as error:
        raise CassetteError(shown, f"cannot be read: {error.strerror}") from error
    return interactions_of(_document(data, shown), shown)


def interactions_of(document: object, path: str) -> Imported:
    """The interactions of a cassette that was read already; `path` is for messages."""
    listed = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise CassetteError(path, "not a vcrpy cassette: it has no list 'interactions'")
    notes: dict[str, list[int]] = defaultdict(list)
    interactions = []
    for number, item in enumerate(listed, 1):
        fields = Fields(item, path, f"interaction {number}")
        interactions.append(_interaction(fields, number, notes))
    said = [f"{note} ({_numbers(numbers, len(interactions))})" for note, numbers in notes.items()]
    return Imported(interactions, ([LOST] if interactions else []) + said)


def _document(data: bytes, path: str) -> object:
    if not path.lower().endswith(".json"):
        return load_yaml(data, path)
    try:
        document: object = json.loads(data)
    except (UnicodeDecodeError, RecursionError) as error:
        raise CassetteError(path, f"not JSON: {error}", fix="mend it by hand") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise CassetteError(path, f"not JSON: {error.msg}", place=place, fix="mend it by hand") from error
    return document


def _interaction(fields: Fields, number: int, notes: dict[str, list[int]]) -> Interaction:
    request, said = _request(fields.inner("request"))
    response, more = _response(fields.inner("response"), request.method)
    for note in (*said, *more):
        notes[note].append(number)
    return Interaction("", request, response, Ended(How.EOF), Timing(""), origin="vcrpy")


def _request(fields: Fields) -> tuple[Request, Sequence[str]]:
    method, url = fields.text("method").upper(), fields.text("uri")
    headers = header_list(fields)
    body, notes = body_bytes(fields)
    if not body:
        body = _empty(headers, stored=body)
    return Request(method, url, headers, body), notes


def _empty(headers: Headers, stored: bytes | None) -> bytes | None:
    """Absent, or of no bytes? Recorders write null and '' for either; the headers know (RFC 9112, 6.3)."""
    length = header(headers, "content-length")
    if stored is None:
        return b"" if length == "0" else None
    return b"" if length is not None or header(headers, "transfer-encoding") is not None else None


def _response(fields: Fields, method: str) -> tuple[Response, Sequence[str]]:
    status, reason = _status(fields)
    body, notes = body_bytes(fields, older="content")
    headers, mending = mended(
        header_list(fields), body or b"", bodyless=method == "HEAD" or status in NO_BODY
    )
    if not body:
        body = None if method == "HEAD" or status in NO_BODY else b""
    response = Response(
        status, reason, headers, body, (len(body),) if body else (), http=_http(fields.get("http_version"))
    )
    return response, (*notes, *mending)


def _status(fields: Fields) -> tuple[int, str]:
    if fields.get("status_code") is not None:
        return fields.number("status_code"), ""
    status = fields.inner("status")
    return status.number("code"), text(status.get("message"))


def _http(version: object) -> str:
    """`HTTP/1.1` as `1.1`, `HTTP/2` as `2`."""
    return text(version).upper().removeprefix("HTTP/") or "1.1"


def _numbers(numbers: Sequence[int], total: int) -> str:
    if len(numbers) == total:
        return "all interactions" if total > 1 else "interaction 1"
    return ("interactions " if len(numbers) > 1 else "interaction ") + ", ".join(map(str, numbers))


def _read(given: Given, notes: Notes) -> Iterator[Interaction]:
    imported = read_vcr(given.path)
    for note in imported.notes:
        notes.say(note)
    yield from imported.interactions


def _knows(record: Json) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("interactions"), list)
        and "tokentape" not in record
    )


VCR = Format("vcr", "a cassette of vcrpy", (".yaml", ".yml", ".json"), _knows, _read, whole=True)
