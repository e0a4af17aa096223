"""An interaction as one JSON object, and back: `to_dict` and `from_dict` are inverses.

Fields that this version does not know are kept in `Interaction.unknown` and written again; those of
an inner object under its name (`unknown["response"]["x"]`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.fields import Fields, Place
from tokentape.cassettes.format.message import (
    REQUEST,
    RESPONSE,
    read_request,
    read_response,
    request_object,
    response_object,
)
from tokentape.wire.interaction import Ended, Finding, How, Interaction, Timing, WireError

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

PLAIN = ("id", "key", "exact", "check", "kind", "origin", "protocol", "metadata", "asks", "reads_as")
INNER = {
    "request": REQUEST,
    "response": RESPONSE,
    "ended": ("how", "terminal", "error"),
    "timing": ("at", "head_ms", "chunk_ms"),
}
KNOWN = frozenset({*PLAIN, *INNER, "redacted"})
_HOW = {how.value: how for how in How}
RESERVED_KINDS = frozenset({"websocket", "grpc", "function"})


def to_dict(interaction: Interaction) -> dict[str, Json]:
    """The interaction's object, fields in the order of the file (`check` is the layout's to add)."""
    response = interaction.response
    plain: dict[str, Json] = {name: getattr(interaction, name) for name in PLAIN if name != "check"}
    inner: dict[str, Json] = {
        "metadata": dict(interaction.metadata),
        "request": request_object(interaction.request),
        "response": None if response is None else response_object(response),
        "ended": _ended(interaction.ended),
        "redacted": [[found.where, found.kind, found.count] for found in interaction.redacted],
        "timing": _timing(interaction.timing),
    }
    return _with_unknown({**plain, **inner}, interaction)


def _ended(ended: Ended) -> Json:
    error = ended.error
    shown: Json = None if error is None else {"type": error.type, "message": error.message}
    return {"how": str(ended.how), "terminal": ended.terminal, "error": shown}


def _timing(timing: Timing) -> Json:
    return {"at": timing.at, "head_ms": timing.head_ms, "chunk_ms": list(timing.chunk_ms)}


def _with_unknown(data: dict[str, Json], interaction: Interaction) -> dict[str, Json]:
    for name, value in interaction.unknown.items():
        known = data.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            data[name] = {**known, **value}
        elif name not in KNOWN:
            data[name] = value
    return data


def from_dict(
    data: dict[str, Json],
    place: Place,
    *,
    folded: bool = True,
    sent: bytes | None = None,
    came: bytes | None = None,
) -> Interaction:
    """The interaction again. An edited reply wins and is mended, which is said once.

    `folded` is a shortcut of the layout (`body.restore`), and so are `sent` and `came`: what the bodies of
    request and response show, where that is known without their forms.
    CassetteCorrupt names the interaction and the field that is wrong.
    """
    fields = Fields(data, place)
    metadata = fields.mapping("metadata")
    response = None
    if data.get("response") is not None:
        response = read_response(fields.object("response"), place, folded=folded, view=came)
    if "request" not in data:
        fields.wrong("request", "an object")
    return Interaction(
        id=fields.text("id"),
        request=read_request(fields.object("request"), folded=folded, view=sent),
        response=response,
        ended=read_ended(fields.object("ended")),
        timing=read_timing(fields.object("timing")),
        key=fields.text("key", ""),
        exact=fields.text_or_null("exact"),
        kind=_read_kind(fields),
        origin=fields.text("origin", "live"),
        protocol=fields.text("protocol", ""),
        metadata=metadata,
        asks=fields.text("asks", ""),
        reads_as=fields.text("reads_as", ""),
        redacted=_read_findings(fields),
        unknown=_read_unknown(fields, data),
    )


def _read_kind(fields: Fields) -> str:
    kind = fields.text("kind", "http")
    if kind in RESERVED_KINDS:
        fields.bad("kind", f"{kind!r} is reserved: a later tokentape wrote it")
    return kind


def read_timing(fields: Fields) -> Timing:
    """When, and how fast."""
    return Timing(fields.text("at", ""), fields.whole_or_null("head_ms"), fields.wholes("chunk_ms"))


def read_ended(fields: Fields) -> Ended:
    """How the call ended; CassetteCorrupt for a `how` that is none."""
    how = fields.text("how", "eof")
    if how not in _HOW:
        fields.bad("how", f"{how!r} is not one of {', '.join(How)}")
    error = None
    if fields.get("error") is not None:
        inner = fields.object("error")
        error = WireError(inner.text("type"), inner.text("message"))
    return Ended(_HOW[how], fields.flag_or_null("terminal"), error)


def _read_findings(fields: Fields) -> tuple[Finding, ...]:
    found = fields.get("redacted") or []
    if not isinstance(found, list):
        fields.wrong("redacted", "a list")
    return tuple(_finding(item, fields) for item in found)


def _finding(item: Json, fields: Fields) -> Finding:
    match item:
        case [str(where), str(kind), int(count)]:
            found = Finding(where, kind, count)
        case _:
            fields.bad("redacted", 'a finding is ["where", "kind", count]')
    return found


def _read_unknown(fields: Fields, data: dict[str, Json]) -> dict[str, Json]:
    unknown = fields.rest(*KNOWN)
    for name, known in INNER.items():
        if isinstance(data.get(name), dict):
            inner = fields.object(name).rest(*known)
            if inner:
                unknown[name] = inner
    return unknown
