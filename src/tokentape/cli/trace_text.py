"""Traces as lines of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.cassettes.format.body import restore
from tokentape.cli.text import count, safe
from tokentape.protocols.reading import fields, objects, text
from tokentape.wire.event import decode
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def listed(lines: Sequence[Fields]) -> list[str]:
    """Traces, one line each, below a line of names. Columns in which nothing stands are left out."""
    rows = [_cells(line) for line in lines]
    names = [name for name in COLUMNS if any(row[name] != "-" for row in rows)]
    shown = [names, *([_shortened(safe(row[name])) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in shown) for at in range(len(names))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in shown]


COLUMNS = ("time", "id", "status", "ms", "client", "model", "upstream", "attempts", "tokens", "cost", "error")
_WIDEST = 60


def _shortened(cell: str) -> str:
    """On one line, and not over the whole screen."""
    line = " ".join(cell.split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 3] + "..."


def _cells(line: Fields) -> dict[str, str]:
    tokens, ms = line.get("tokens"), line.get("ms")
    told = {
        **line,
        "time": text(line.get("at"))[:19].replace("T", " "),
        "ms": round(ms) if isinstance(ms, int | float) else None,
        "tokens": " + ".join(map(_known, tokens)) if isinstance(tokens, list) else None,
        "upstream": f"tape {line['replayed']}" if line.get("replayed") else line.get("upstream"),
    }
    return {name: _known(told.get(name), "-") for name in COLUMNS}


def _known(value: Json, unknown: str = "?") -> str:
    return unknown if value is None else str(value)


def heading(trace: Fields) -> str:
    """Id, status and time."""
    status = "running" if trace.get("is_running") else _known(trace.get("status"), "no reply")
    forms = count(len(list(objects(trace.get("forms")))), "form")
    return f"{trace.get('id')}  {trace.get('at')}  {status}  {trace.get('ms')} ms  {forms}"


def told_notes(trace: Fields) -> list[str]:
    """The notes in order: attempts, losses, field rules, what decided."""
    found = []
    for note in objects(trace.get("notes")):
        rest = {name: value for name, value in note.items() if name not in ("note", "at_ms")}
        said = ", ".join(f"{name}={_short(value)}" for name, value in rest.items())
        found.append(f"+{note.get('at_ms')} ms  {note.get('note')}: {said}")
    left = fields(trace.get("left_out"))
    if left.get("bytes") or left.get("notes"):
        found.append(f"not kept: {left.get('bytes')} bytes of bodies, {left.get('notes')} notes")
    return found


def _short(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def lines_of(form: Fields) -> list[str]:
    """A form as lines: what it is, its headers, its body, readable rather than exact."""
    head, body = head_lines(form), _body_lines(form)
    return [*head, *([""] if head and body else []), *body]


def head_lines(form: Fields) -> list[str]:
    """What it is, its headers, and what is said about it."""
    found = []
    if form.get("method") or form.get("url"):
        found.append(f"{form.get('method')} {form.get('url')}")
    elif form.get("status") is not None:
        found.append(f"status {form.get('status')}")
    headers = form.get("headers")
    pairs = [pair for pair in (headers if isinstance(headers, list) else []) if isinstance(pair, list)]
    found += [": ".join(map(str, pair)) for pair in pairs]
    about = fields(form.get("about"))
    return [*found, *(f"{name}: {_short(value)}" for name, value in about.items())]


def _body_lines(form: Fields) -> list[str]:
    """The body: JSON spread out, an event of a stream on a line with the time of its chunk."""
    body = form.get("body")
    if body is None or body == "":
        return []
    shown = fields(body)
    try:
        data = restore(body) or b""
        if "json" in shown:
            return _spread(parse(data))
    except ValueError as error:
        return [f"(cannot be read: {error})"]
    if "sse" in shown:
        return [_event(event.name, event.data) for event in decode(SseDecoder(), (data,)) if event.data]
    if "base64" in shown:
        return [f"({count(len(data), 'byte')} that are no text)"]
    return data.decode("utf-8", "replace").splitlines()


def _spread(value: Json) -> list[str]:
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def _event(name: str | None, data: bytes) -> str:
    label = f"{name}  " if name else ""
    try:
        return label + json.dumps(parse(data), ensure_ascii=False)
    except JsonError:
        return label + data.decode("utf-8", "replace")
