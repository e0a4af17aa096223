"""Compressed bodies: the decoded view is shown, the bytes of the wire are kept beside it.

    {FORM of the view, "encoding": "gzip", "wire": base64, "view_sha256": hex}

`wire` is the truth while `view_sha256` fits the shown view, which takes no codec to find out; an
edited view wins and is encoded again. A body that cannot be decoded has no view: it is base64.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.cassettes.format.body import restore, show
from tokentape.cassettes.format.textform import restore_base64, show_base64
from tokentape.wire.body import decode_content, encode_content, media_type
from tokentape.wire.message import without

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

_EXTRA = ("encoding", "wire", "view_sha256")


@dataclass(frozen=True, slots=True)
class Shown:
    """A body read from the file: the bytes of the wire, its decoded view, and what was noticed.

    `edited`: the shown view is not the one that was recorded. `bare`: it could not be encoded
    again, so `body` is the view itself and the header has to go.
    """

    body: bytes | None
    view: bytes | None = None
    edited: bool = False
    bare: bool = False


def coding_of(headers: Headers) -> str:
    """The content coding the headers declare ("" for none and identity), stacked ones as "gzip, br"."""
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    coding = ", ".join(values).strip().lower()
    return "" if coding == "identity" else coding


def body_form(body: bytes | None, headers: Headers, known_view: bytes | None = None) -> Json:
    """The form of a message's body. `known_view` serves where the codec is missing here."""
    media, coding = media_type(headers), coding_of(headers)
    if not body or not coding:
        return show(body, media)
    view = decode_content(body, coding)
    if view is None:
        view = known_view
    if view is None:
        return show(body, media)
    form = show(view, media)
    shown: dict[str, Json] = form if isinstance(form, dict) else {"text": ""}
    wire = show_base64(body)["base64"]
    return {**shown, "encoding": coding, "wire": wire, "view_sha256": hashlib.sha256(view).hexdigest()}


def read_body(form: Json, *, folded: bool = True, view: bytes | None = None) -> Shown:
    """The body again; `view` is what the form shows, where that is known already.

    ValueError: the form is not one that this version writes.
    """
    if not isinstance(form, dict) or "encoding" not in form:
        return Shown(restore(form, folded=folded) if view is None else view)
    if view is None:
        view = restore({name: value for name, value in form.items() if name not in _EXTRA}, folded=folded)
    coding, wire = form["encoding"], form.get("wire")
    if not isinstance(coding, str) or view is None:
        raise ValueError("encoding is the name of a coding, beside the body it decodes to")
    if wire is not None and hashlib.sha256(view).hexdigest() == form.get("view_sha256"):
        return Shown(restore_base64(wire), view)
    encoded = encode_content(view, coding)
    if encoded is None:
        return Shown(view, None, edited=True, bare=True)
    return Shown(encoded, view, edited=True)


def fitting(headers: Headers, shown: Shown) -> Headers:
    """The headers of a body that was edited: no coding it has not, and its own length."""
    if not shown.edited:
        return headers
    return with_length(without(headers, "content-encoding") if shown.bare else headers, shown.body or b"")


def with_length(headers: Headers, body: bytes) -> Headers:
    """The headers with Content-Length, where there is one, set to the body's."""
    length = str(len(body))
    return tuple((n, length if n.lower() == "content-length" else v) for n, v in headers)
