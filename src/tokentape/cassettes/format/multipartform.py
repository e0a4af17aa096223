"""A multipart body by its parts: `{"multipart": [[[line...], BODY]...], "boundary": S, "tail": "\\r\\n"}`.

Only the plain layout of RFC 2046 is taken apart (CRLF, no preamble); the boundary is read from the
first line, so the body can be shown also where the content type is wrong or gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

FIELDS = frozenset({"multipart", "boundary", "tail"})
_LONGEST_BOUNDARY = 200


def show_multipart(body: bytes, show: Callable[[bytes], Json]) -> dict[str, Json] | None:
    """The form of a multipart body, each part's content as `show` has it; None if it is none."""
    end = body.find(b"\r\n", 0, _LONGEST_BOUNDARY)
    if not body.startswith(b"--") or end < 3:
        return None
    line = body[:end]
    close = body.rfind(b"\r\n" + line + b"--")
    if close < 0:
        return None
    try:
        boundary, tail = line[2:].decode("ascii"), body[close + 4 + len(line) :].decode()
        parts = [_part(part, show) for part in body[end + 2 : close].split(b"\r\n" + line + b"\r\n")]
    except ValueError:
        return None
    form: dict[str, Json] = {"multipart": parts, "boundary": boundary}
    if tail:
        form["tail"] = tail
    return form


def _part(part: bytes, show: Callable[[bytes], Json]) -> Json:
    head, gap, content = part.partition(b"\r\n\r\n")
    if not gap:
        raise ValueError("a part without a head")
    return [list(head.decode().split("\r\n")), show(content)]


def restore_multipart(form: dict[str, Json], restore: Callable[[Json], bytes | None]) -> bytes:
    """The bytes again. ValueError: the form is not one that this version writes."""
    parts, boundary, tail = form["multipart"], form.get("boundary"), form.get("tail", "")
    if not isinstance(parts, list) or not isinstance(boundary, str) or not isinstance(tail, str):
        raise ValueError("multipart is a list, boundary and tail are texts")
    line = b"--" + boundary.encode()
    pieces = [line + b"\r\n" + _bytes(part, restore) + b"\r\n" for part in parts]
    return b"".join([*pieces, line, b"--", tail.encode()])


def _bytes(part: Json, restore: Callable[[Json], bytes | None]) -> bytes:
    match part:
        case [list(head), body]:
            lines = [line for line in head if isinstance(line, str)]
            content = restore(body)
            if len(lines) == len(head) and content is not None:
                return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
    raise ValueError("a part is [[header line, ...], BODY]")
