"""A trace as the JSON document that is kept, with every secret hidden as it is in cassettes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tokentape.cassettes.format.body import show
from tokentape.cassettes.format.textform import show_base64, show_text
from tokentape.gateway.trace.plain import plain
from tokentape.protocols.reading import fields, number
from tokentape.protocols.unfolding import dumped
from tokentape.wire.body import media_type
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from tokentape.gateway.trace.trace import Form, Note, Trace
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers
    from tokentape.wire.redact import Redactor

    Fields = dict[str, Json]

VERSION = 1
_TAKEN_APART = 256 << 10
_NOBODY = Request("", "")
_JSON: Headers = (("content-type", "application/json"),)
_HEAD = frozenset({"method", "url", "headers", "status", "reason", "http"})


def render(trace: Trace, redactor: Redactor, room: int) -> Fields:
    """The document. `room`: bytes that functions and objects may take when they are written out.

    The credentials of all forms are learnt before the first is written: a reply may quote the key that
    its request was sent with.
    """
    messages = [_message(form) for form in list(trace.forms)]
    for message in messages:
        _learn(message, redactor)
    forms: list[Json] = []
    for form, message in zip(list(trace.forms), messages, strict=False):
        shown = _shown(form, message, redactor, room)
        room -= len(str(shown.get("body", ""))) if message is None else 0
        forms.append(shown)
    left = [number(fields(shown).get("left_out")) or 0 for shown in forms]
    ended = trace.ended
    rest: Fields = {
        "about": {name: plain(_made(value)) for name, value in dict(trace.about).items()},
        "notes": [_note(note) for note in list(trace.notes)],
    }
    hidden = _hidden(rest, redactor)
    return {
        "tokentape_trace": VERSION,
        "id": trace.id,
        "at": _iso(trace.at),
        "status": trace.status,
        "is_running": ended is None,
        "ms": _ms(trace.elapsed()),
        **(hidden if isinstance(hidden, dict) else {}),
        "forms": forms,
        "left_out": {"bytes": sum(left), "notes": trace.lost_notes},
    }


def _made(value: object) -> object:
    """What a function makes; one that fails says so in the trace, and nowhere else."""
    if not callable(value) or isinstance(value, type):
        return value
    try:
        made: object = value()
    except Exception as error:  # noqa: BLE001  the boundary: a form that cannot be made must not cost the trace
        return {"cannot_be_shown": f"{type(error).__name__}: {error}"}
    return made


def _message(form: Form) -> Request | Response | None:
    """The form as a message of the wire; None for what is a value instead."""
    data = form.data if isinstance(form.data, Request | Response) else _made(form.data)
    if isinstance(data, Request):
        return data
    pieces = tuple(form.pieces)
    if isinstance(data, Response):
        return data if not pieces else _stream(form, pieces, data.status, data.headers)
    if data is not None and not isinstance(data, bytes):
        form.data = data
        return None
    about = form.about
    headers = _headers(about.get("headers"))
    if "url" in about or "method" in about or form.name.partition("#")[0].endswith("request"):
        body = data if not pieces else b"".join(pieces)
        return Request(str(about.get("method", "")), str(about.get("url", "")), headers, body)
    if pieces:
        return _stream(form, pieces, _status(about.get("status")), headers)
    return Response(_status(about.get("status")), str(about.get("reason", "")), headers, data)


def _stream(form: Form, pieces: tuple[bytes, ...], status: int, headers: Headers) -> Response:
    reason = str(form.about.get("reason", ""))
    return Response(status, reason, headers, b"".join(pieces), tuple(map(len, pieces)))


def _headers(value: object) -> Headers:
    if not isinstance(value, tuple | list):
        return ()
    return tuple((str(pair[0]), str(pair[1])) for pair in value if len(pair) == 2)


def _status(value: object) -> int:
    return value if isinstance(value, int) else 0


def _learn(message: Request | Response | None, redactor: Redactor) -> None:
    if isinstance(message, Request):
        redactor.learn(message, None)
    elif message is not None:
        redactor.learn(_NOBODY, message)


def _shown(form: Form, message: Request | Response | None, redactor: Redactor, room: int) -> Fields:
    about = {name: plain(_made(value)) for name, value in form.about.items() if name not in _HEAD}
    head: Fields = {"name": form.name, "at_ms": _ms(form.at)}
    if about and isinstance(hidden := _hidden(about, redactor), dict):
        head["about"] = hidden
    if form.left_out:
        head["left_out"] = form.left_out
    if message is None:
        return {**head, **_value(form.data, redactor, room)}
    safe = _redacted(message, redactor)
    if isinstance(safe, Request):
        head |= {"method": safe.method, "url": safe.url}
    else:
        head |= {"status": safe.status or None}
    head["headers"] = [[name, value] for name, value in safe.headers]
    head["bytes"] = form.size or len(safe.body or b"") or form.left_out
    head["body"] = _body(safe)
    if form.pieces and isinstance(safe, Response):
        sizes = safe.chunks
        head["chunks"] = [[_ms(at), size] for at, size in zip(form.times, sizes, strict=False)]
    return head


def _body(message: Request | Response) -> Json:
    """The body; a long one as text, since taking it apart would hold up the calls that run."""
    body = message.body
    if body is None or len(body) <= _TAKEN_APART:
        return show(body, media_type(message.headers))
    return show_text(body) or show_base64(body)


def _value(data: object, redactor: Redactor, room: int) -> Fields:
    """A value; too large a one is left out, and says so."""
    text = dumped(plain(data))
    if len(text) > room:
        return {"bytes": len(text), "left_out": len(text), "body": None}
    safe = _redacted(Response(200, "", _JSON, text), redactor)
    return {"bytes": len(text), "body": show(safe.body, "application/json")}


def _hidden(value: Json, redactor: Redactor) -> Json:
    """A value with its secrets hidden. What cannot be read back is not shown at all."""
    safe = _redacted(Response(200, "", _JSON, dumped(value)), redactor)
    try:
        return parse(safe.body or b"null")
    except JsonError:
        return None


def hidden_text(text: str, redactor: Redactor) -> str:
    """Text, JSON mostly, with its secrets hidden."""
    safe = _redacted(Response(200, "", _JSON, text.encode("utf-8", "surrogatepass")), redactor)
    return (safe.body or b"").decode("utf-8", "replace")


def _redacted(message: Request | Response, redactor: Redactor) -> Request | Response:
    is_request = isinstance(message, Request)
    taped = Interaction(
        "",
        message if isinstance(message, Request) else _NOBODY,
        message if isinstance(message, Response) else None,
        Ended(How.EOF),
        Timing(""),
    )
    safe = redactor.interaction(taped)
    return safe.request if is_request or safe.response is None else safe.response


def _note(note: Note) -> Json:
    told = {name: plain(_made(value)) for name, value in note.fields.items()}
    return {**told, "note": note.kind, "at_ms": _ms(note.at)}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _iso(at: float) -> str:
    whole, milli = divmod(int(at * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milli:03d}Z"
